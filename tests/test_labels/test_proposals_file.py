"""Proposals files: round trip and every fault."""

import os

import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.proposals_file import read_proposals, write_proposals
from s2d_plugins.labels.rle import encode_mask

SQUARE = np.zeros((4, 6), bool)
SQUARE[1:3, 2:5] = True
GOOD = dict(segmentation=encode_mask(SQUARE), score=1.)


def test_proposals_round_trip(tmp_path):
    frames = [[dict(segmentation=encode_mask(SQUARE), score=.75)], []]
    write_proposals(tmp_path / 'new' / 'clip.json', 'clip', (4, 6), frames)
    assert read_proposals(tmp_path / 'new' / 'clip.json') == dict(
        video='clip', height=4, width=6, frames=frames)
    assert os.listdir(tmp_path / 'new') == ['clip.json']


def test_masks_without_a_pixel_are_left_out(tmp_path):
    empty = dict(segmentation=encode_mask(np.zeros((4, 6), bool)), score=.5)
    write_proposals(tmp_path / 'clip.json', 'clip', (4, 6), [[empty, GOOD]])
    assert read_proposals(tmp_path / 'clip.json')['frames'] == [[GOOD]]


@pytest.mark.parametrize(('content', 'message'), [
    ([], 'not a proposals file: at its outermost value: expected object'),
    (dict(height=4, width=6), 'missing required field frames'),
    (dict(height=4, width=6, frames=[None]), r'at frames\[0\]: expected array, got null'),
    (dict(height=4, width=6, frames=[[], [dict(score=1.)]]),
     r'at frames\[1\]\[0\]: object missing required field segmentation'),
    (dict(height=4, width=6, frames=[[dict(GOOD, segmentation=[[0, 0, 1, 1]])]]),
     'frame 0, mask 0: the mask does not decode .expected polygons of at least three points'),
    (dict(height=4, width=6, frames=[[dict(GOOD, score=float('nan'))]]), 'score nan is not'),
    (dict(height=4, width=5, frames=[[GOOD]]), 'frame 0, mask 0: the mask is 4 x 6 .*expected 4')])
def test_broken_proposals_are_refused(tmp_path, content, message):
    write_json(tmp_path / 'clip.json', content)
    with pytest.raises(S2DInputError, match=message) as caught:
        read_proposals(tmp_path / 'clip.json')
    assert str(tmp_path / 'clip.json') in str(caught.value) and '\n' not in str(caught.value)
