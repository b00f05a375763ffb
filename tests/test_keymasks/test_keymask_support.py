"""Tubes judged by keymasks; all masks are rows of a 4 x 10 frame, so overlaps are plain counts."""

import numpy as np
import pytest
from mmengine.registry import init_default_scope

from s2d_plugins.errors import S2DInputError
from s2d_plugins.keymasks import KeymaskSupport
from s2d_plugins.keymasks.keymask_support import keymask_support
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation
from s2d_plugins.registry import TASK_UTILS


def row(start, stop):
    mask = np.zeros((4, 10), bool)
    mask[0, start:stop] = True
    return encode_mask(mask)


def keymasks(*frames, **extra):
    return make_annotation(1, 1, frames, **extra)


WHOLE, PART = [row(0, 8)] * 3, [row(0, 2)] * 3


def test_support_is_the_mean_overlap_where_keymasks_are():
    """IoU 8/8 and 8/10 in two of three frames; the part has 2/8 and 2/10."""
    known = [keymasks(row(0, 8), None, row(0, 10))]
    assert keymask_support([WHOLE, PART, [None] * 3], known).tolist() == pytest.approx(
        [0.9, 0.225, 0.0])
    assert keymask_support([[row(0, 8), None, None]], known).tolist() == [0.5]
    assert keymask_support([], known).shape == (0,)


def test_the_best_of_several_instances_counts_with_its_score():
    """8/10 x 0.5 against the mean of 8/8 and 8/8 x 0.3; the other tube is there once of twice."""
    known = [keymasks(row(0, 10), None, None, proposal_score=0.5),
             keymasks(row(0, 8), row(0, 8), None, score=0.3)]
    support = keymask_support([WHOLE, [None, row(0, 8), None]], known)
    assert support.tolist() == pytest.approx([0.4, 0.15])


def test_an_object_that_is_seldom_seen_is_supported_as_well():
    known = [keymasks(row(0, 8), row(0, 8), row(0, 8)), keymasks(None, row(9, 10), None)]
    assert keymask_support([[None, row(9, 10), None]], known).tolist() == [1.0]


def test_no_keymask_no_judgement():
    assert keymask_support([WHOLE], []) is None
    tubes = [dict(segmentations=WHOLE, score=0.4)]
    assert KeymaskSupport()(tubes, []) == tubes
    assert KeymaskSupport()([], [keymasks(row(0, 8))]) == []


def test_parts_and_the_unsupported_are_left_out():
    tubes = [dict(id=1, segmentations=PART, score=1.0), dict(id=2, segmentations=WHOLE, score=0.8),
             dict(id=3, segmentations=[row(0, 6)] * 3, score=0.8)]
    known = [keymasks(*WHOLE)]
    found = KeymaskSupport(min_share=0.5)(tubes, known)
    # 1.0 x 2/8, 0.8 x 8/8 and 0.8 x 6/8
    assert [(tube['id'], tube['score']) for tube in found] == [(2, pytest.approx(0.8)),
                                                               (3, pytest.approx(0.6))]
    assert [tube['id'] for tube in KeymaskSupport(min_share=0.32)(tubes, known)] == [2, 3]
    assert [tube['id'] for tube in KeymaskSupport(min_share=0.0)(tubes, known)] == [2, 3, 1]
    assert tubes[1]['score'] == 0.8  # the input stays


def test_by_config():
    init_default_scope('s2d_plugins')
    assert TASK_UTILS.build(dict(type='KeymaskSupport', min_share=0.2)).min_share == 0.2
    for share in (1.5, 'half'):
        with pytest.raises(S2DInputError, match='min_share'):
            KeymaskSupport(min_share=share)
