"""Objects that are out of sight, and runs that are stopped."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_window_inference import SIZE, dense, fake_model, moving_squares

from s2d_plugins.errors import S2DInputError
from s2d_plugins.models.window_inference import MaskResize, segment_video
from s2d_plugins.models.window_tracks import Track, WindowTracks, shifted

RUN = dict(resize=MaskResize(SIZE))


def hidden(logits: torch.Tensor, frames: range) -> torch.Tensor:
    logits[:, list(frames)] = -1.0
    return logits


def still(length: int, gone: range) -> torch.Tensor:
    logits = torch.full((1, length, *SIZE), -1.0)
    logits[:, :, 1:3, 1:4] = 1.0
    return hidden(logits, gone)


def one_query(logits: torch.Tensor, seen=None):
    """A model that has a query only for objects that are seen in a window."""
    def forward_clip(start, stop):
        if seen is not None:
            seen.append(start)
        part = logits[:, start:stop]
        shown = (part > 0).flatten(1).any(dim=1)
        return torch.full((len(part),), 0.8)[shown], part[shown], None
    return forward_clip


def present(tube):
    return [index for index, rle in enumerate(tube.segmentations) if rle is not None]


@pytest.mark.parametrize(('gone', 'max_lost', 'count'), [
    (range(5, 11), 24, 1),  # whole windows without it
    (range(5, 11), 7, 1),  # last seen in frame 4, again in 11
    (range(5, 11), 6, 2),
    (range(5, 11), 0, 2),
    (range(3, 5), 24, 1),  # out of sight in just the frames that two windows share
    (range(3, 5), 0, 2),
])
def test_an_object_that_comes_back_where_it_was_keeps_its_track(gone, max_lost, count):
    logits = still(20, gone)
    tubes = segment_video(one_query(logits), 20, window=4, overlap=1, max_lost=max_lost, **RUN)
    assert len(tubes) == count
    shown = [index for index in range(20) if index not in gone]
    assert sorted(frame for tube in tubes for frame in present(tube)) == shown
    for tube in tubes:
        for frame in present(tube):
            np.testing.assert_array_equal(dense(tube)[frame], (logits[0, frame] > 0).numpy())
    assert tubes[0].score == pytest.approx(0.8)


def test_it_is_looked_for_where_its_speed_would_have_taken_it():
    """It moves right by half a cell a frame; after 8 frames its masks do not touch."""
    logits = torch.full((1, 16, 4, 16), -1.0)
    for frame in range(16):
        logits[0, frame, 1:3, frame // 2:frame // 2 + 2] = 1.0
    hidden(logits, range(6, 12))
    run = dict(window=3, overlap=1, resize=MaskResize((4, 16)))
    tube, = segment_video(one_query(logits), 16, **run)
    assert present(tube) == [*range(6), *range(12, 16)]
    logits[:, 12:] = logits[:, 12:].flip(-1)  # somewhere else
    assert len(segment_video(one_query(logits), 16, **run)) == 2


def test_two_that_come_back_are_not_mixed_up():
    logits = hidden(moving_squares(24), range(5, 13))
    tubes = segment_video(fake_model(logits), 24, window=4, overlap=1, link_iou=0.2, **RUN)
    assert [tube.score for tube in tubes] == pytest.approx([0.9, 0.6])
    for tube, masks in zip(tubes, (logits > 0).numpy(), strict=True):
        np.testing.assert_array_equal(dense(tube), masks)


def test_shifted_by_hand():
    mask = np.zeros((3, 4), bool)
    mask[1, 1] = True
    assert np.argwhere(shifted(mask, 2, 1)).tolist() == [[2, 3]]
    assert np.argwhere(shifted(mask, -1, -1)).tolist() == [[0, 0]]
    assert not shifted(mask, 3, 0).any() and not shifted(mask, 0, -9).any()


@given(st.integers(-6, 6), st.integers(-6, 6), st.integers(0, 2**20 - 1))
@settings(max_examples=50, deadline=None)
def test_shifted_is_rolled_without_what_comes_in_again(dx, dy, bits):
    mask = np.array([bits >> bit & 1 for bit in range(20)], bool).reshape(4, 5)
    padded = np.zeros((4 + 12, 5 + 12), bool)
    padded[6:10, 6:11] = mask
    expected = np.roll(padded, (dy, dx), (0, 1))[6:10, 6:11]
    np.testing.assert_array_equal(shifted(mask, dx, dy), expected)


def test_speed_by_hand():
    track = Track(0, 0)
    masks = np.zeros((3, 2, 12), bool)
    masks[0, 0, 0] = masks[2, 0, 2] = True
    track.look_at(0, masks)
    assert [frame for frame, _ in track.seen] == [0, 2]
    stayed, moved = track.expected_masks(7)
    assert np.argwhere(stayed).tolist() == [[0, 2]] and np.argwhere(moved).tolist() == [[0, 7]]
    later = np.zeros((1, 2, 12), bool)
    later[0, 0, 4] = True
    track.look_at(11, later)  # too long ago to tell a speed
    assert [frame for frame, _ in track.seen] == [11]


class Stopped(Exception):
    pass


class ListJournal:
    """Saves every window, through what a file could hold, and stops the run after some."""

    def __init__(self):
        self.state, self.masks, self.left = None, {}, 10**9

    def load(self):
        return None if self.state is None else (
            self.state, {track: list(rles) for track, rles in self.masks.items()})

    def save(self, read, last=False):
        self.state, news = read()
        for track, rles in news:
            self.masks.setdefault(track, []).extend(rles)
        self.left -= 1
        if self.left == 0:
            raise Stopped


@pytest.mark.parametrize('windows', range(1, 9))
def test_a_stopped_run_goes_on_to_the_same_tracks(windows):
    logits = hidden(moving_squares(24), range(5, 13))
    run = dict(window=4, overlap=1, link_iou=0.2, **RUN)
    expected = segment_video(fake_model(logits, features=True), 24, **run)
    journal, seen = ListJournal(), []
    journal.left = windows
    with pytest.raises(Stopped):
        segment_video(fake_model(logits, features=True), 24, journal=journal, **run)
    journal.left = 10**9
    model = fake_model(logits, features=True)

    def noted(start, stop):
        seen.append(start)
        return model(start, stop)

    assert segment_video(noted, 24, journal=journal, **run) == expected
    starts = [0, 3, 6, 9, 12, 15, 18, 20]
    assert seen == starts[windows:]
    seen.clear()  # other windows begin again
    segment_video(noted, 24, journal=journal, window=6, overlap=2, **RUN)
    assert seen[0] == 0


def test_more_masks_than_a_state_knows_are_refused():
    tracks = WindowTracks(0.3, 24)
    state = dict(made=1, open=[dict(number=0, start=0, frames=1)], lost=[], ended=[])
    with pytest.raises(S2DInputError, match='track 0 has 1 masks too many'):
        tracks.load_state(state, {0: [None, None]})
