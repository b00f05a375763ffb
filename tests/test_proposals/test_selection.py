import numpy as np

from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.proposals.selection import select_proposals


def proposal(score, x1, x2):
    mask = np.zeros((4, 20), bool)
    mask[:, x1:x2] = True
    return dict(segmentation=encode_mask(mask), score=score)


def test_low_scores_go_and_the_best_comes_first():
    frame = [proposal(0.3, 0, 4), proposal(0.1, 5, 9), proposal(0.8, 10, 14)]
    assert [p['score'] for p in select_proposals(frame, min_score=0.2)] == [0.8, 0.3]


def test_nested_versions_of_a_better_mask_go_whichever_is_larger():
    # 0.9: columns 4-8; 0.5 contains it; 0.4 lies inside it; 0.3 shares half of its 4 columns
    frame = [proposal(0.9, 4, 8), proposal(0.5, 0, 12), proposal(0.4, 5, 7), proposal(0.3, 6, 10)]
    assert [p['score'] for p in select_proposals(frame, max_containment=0.6)] == [0.9, 0.3]
    assert [p['score'] for p in select_proposals(frame, max_containment=0.4)] == [0.9]
    assert len(select_proposals(frame)) == 4


def test_a_frame_without_proposals():
    assert select_proposals([], 0.5, 0.5) == []
