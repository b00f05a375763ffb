"""Labels of one clip from discovered instances."""

import numpy as np
import pytest

from s2d_plugins.datasets.faults import check_scores
from s2d_plugins.errors import S2DInputError
from s2d_plugins.keymasks import to_labels
from s2d_plugins.labels.rle import decode_mask, encode_mask
from s2d_plugins.structures import KeymaskInstance


def test_null_where_nothing_is_known():
    left, right = np.zeros((2, 6, 8), bool)
    left[:, :3], right[2:, 5:] = True, True
    masks = [[left, right], [], [encode_mask(right)]]
    instances = [KeymaskInstance({0: 1, 2: 0}, 0.25, [(0, 2)])]
    labels = to_labels(instances, masks, 'clip', (6, 8), ['0.jpg', '1.jpg', '2.jpg'], video_id=4)
    assert labels['videos'] == [{'id': 4, 'name': 'clip', 'height': 6, 'width': 8, 'length': 3,
                                 'file_names': ['0.jpg', '1.jpg', '2.jpg']}]
    annotation, = labels['annotations']
    assert annotation['segmentations'][1] is None
    np.testing.assert_array_equal(decode_mask(annotation['segmentations'][0]), right)
    assert annotation['areas'] == [12, None, 12]
    assert annotation['bboxes'][0] == [5, 2, 3, 4]
    assert (annotation['video_id'], annotation['one2x']) == (4, 0.25)
    assert annotation['visibility_ranges'] == [[0, 2]]


def test_instances_are_numbered_from_1_in_their_order():
    masks = [[np.ones((4, 5), bool), np.eye(4, 5, dtype=bool)]]
    labels = to_labels([KeymaskInstance({0: 1}), KeymaskInstance({0: 0})], masks, 'clip', (4, 5),
                       ['0.jpg'])
    assert [(annotation['id'], annotation['areas']) for annotation in labels['annotations']] == [
        (1, [4]), (2, [20])]


def test_an_instance_has_the_mean_score_of_its_keymasks():
    masks = [[np.ones((4, 5), bool)] * 2, [np.ones((4, 5), bool)]]
    labels = to_labels([KeymaskInstance({0: 1, 1: 0})], masks, 'clip', (4, 5), ['0.jpg', '1.jpg'],
                       scores=[[0.1, 0.9], [0.6]])
    assert labels['annotations'][0]['proposal_score'] == 0.75
    with pytest.raises(S2DInputError, match='expected dense labels.*found no score at any'):
        check_scores(labels['annotations'], 0.5, 'keymasks.json')  # they are still keymasks
    labels = to_labels([KeymaskInstance({0: 1})], masks, 'clip', (4, 5), ['0.jpg', '1.jpg'])
    assert 'proposal_score' not in labels['annotations'][0]
