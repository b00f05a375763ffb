import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.proposals_file import write_proposals
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.proposals import PrecomputedProposals


class Clip:
    name = 'cat'

    def __init__(self, length=2, size=(6, 8)):
        self.frames = np.zeros((length, *size, 3), np.uint8)

    def __len__(self):
        return len(self.frames)

    def __getitem__(self, index):
        return self.frames[index]


@pytest.fixture
def folder(tmp_path):
    rle = encode_mask(np.ones((6, 8), bool))
    masks = [dict(segmentation=rle, score=0.2), dict(segmentation=rle, score=0.7)]
    write_proposals(tmp_path / 'cat.json', 'cat', (6, 8), [masks, []])
    return tmp_path


@pytest.mark.parametrize('by_name', [True, False])
def test_masks_come_best_first(folder, by_name):
    told = []
    proposer = PrecomputedProposals(folder if by_name else folder / 'cat.json')
    masks = proposer.propose(Clip(), lambda *state: told.append(state))
    assert [[mask['score'] for mask in frame] for frame in masks] == [[0.7, 0.2], []]
    assert told == [(2, 2)]


@pytest.mark.parametrize(('clip', 'message'), [
    (Clip(length=3), 'expected masks for 3 frames, found 2'),
    (Clip(size=(6, 9)), 'masks are 8x6, frames 9x6')])
def test_masks_of_another_clip(folder, clip, message):
    with pytest.raises(S2DInputError, match=message):
        PrecomputedProposals(folder).propose(clip)


def test_a_folder_needs_named_frames(folder):
    with pytest.raises(S2DInputError, match='have no name'):
        PrecomputedProposals(folder).propose(np.zeros((2, 6, 8, 3), np.uint8))


def test_missing_file(tmp_path):
    with pytest.raises(S2DInputError, match='cannot read'):
        PrecomputedProposals(tmp_path).propose(Clip())
