"""Qualities worked out by hand; all masks are rows of a 4 x 10 frame, so overlaps are counts."""

import numpy as np
import pytest
from mmengine.registry import init_default_scope

from s2d_plugins.errors import S2DInputError
from s2d_plugins.keymasks import AgreementQuality
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation
from s2d_plugins.registry import TASK_UTILS


def row(start, stop):
    mask = np.zeros((4, 10), bool)
    mask[0, start:stop] = True
    return encode_mask(mask)


def known(*frames, **extra):
    return make_annotation(1, 1, frames, **extra)


WHOLE, PART = [row(0, 8)] * 4, [row(0, 2)] * 4


def test_product_of_agreements_and_root_of_share():
    """Keymasks in 1 of 4 frames, 8/10 there; dense 8/8 in all. 0.8 x sqrt(1/4) x 1 = 0.4.

    The part: 2/10 x sqrt(1/4) x 2/8 = 0.025.
    """
    keymasks, dense = [known(None, row(0, 10), None, None)], [known(*WHOLE, score=0.3)]
    whole, part = AgreementQuality(low_below=0.1)([WHOLE, PART], keymasks, dense)
    assert whole == dict(quality=0.4, low=False, keymask_agreement=0.8, keymask_share=0.25,
                         dense_agreement=1.0)
    assert part == dict(quality=0.025, low=True, keymask_agreement=0.2, keymask_share=0.25,
                        dense_agreement=0.25)


def test_an_object_counts_where_it_is_seen():
    """Seen in two frames, both with a keymask; frames with an empty mask do not count."""
    tube = [None, row(0, 4), row(0, 4), row(0, 0)]
    quality, = AgreementQuality()([tube], [known(None, row(0, 4), row(0, 4), None)])
    assert quality == dict(quality=1.0, low=False, keymask_agreement=1.0, keymask_share=1.0)


def test_the_instance_that_supports_it_most_counts():
    """One keymask that fits, 1 x sqrt(1/4), against four that overlap by 8/10."""
    keymasks = [known(row(0, 8), None, None, None), known(*[row(0, 10)] * 4)]
    quality, = AgreementQuality()([WHOLE], keymasks)
    assert (quality['quality'], quality['keymask_agreement']) == (0.8, 0.8)
    quality, = AgreementQuality()([WHOLE], [keymasks[0], known(*[row(0, 2)] * 4)])
    assert (quality['quality'], quality['keymask_share']) == (0.5, 0.25)


def test_nothing_known_nothing_trusted():
    judge = AgreementQuality()
    none = dict(keymask_agreement=0.0, keymask_share=0.0)
    assert judge([WHOLE], []) == [dict(quality=0.0, low=True, **none)]
    assert judge([WHOLE], [], [known(*WHOLE)]) == [
        dict(quality=0.0, low=True, dense_agreement=1.0, **none)]
    found, = judge([WHOLE], [known(*WHOLE)], [])
    assert (found['quality'], found['dense_agreement'], found['low']) == (0.0, 0.0, True)
    assert judge([], [known(*WHOLE)], []) == []
    assert judge([[None] * 4], [known(*WHOLE)])[0]['quality'] == 0.0


def test_by_config():
    init_default_scope('s2d_plugins')
    assert TASK_UTILS.build(dict(type='AgreementQuality', low_below=0.4)).low_below == 0.4
    with pytest.raises(S2DInputError, match='low_below'):
        AgreementQuality(low_below=2)
