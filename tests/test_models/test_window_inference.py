import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from s2d_plugins.labels.rle import decode_mask
from s2d_plugins.models.window_inference import (
    MaskResize,
    segment_video,
    tube_nms,
    window_starts,
)
from s2d_plugins.models.window_tracks import link_tubes, tube_iou

SIZE = (6, 8)


def moving_squares(num_frames: int) -> torch.Tensor:
    """Two objects as logits (2, T, 6, 8): one moves right in row 0, one stays in row 4."""
    logits = torch.full((2, num_frames, *SIZE), -1.0)
    for frame in range(num_frames):
        column = frame * 6 // max(num_frames, 1)
        logits[0, frame, :2, column:column + 2] = 1.0
        logits[1, frame, 4:6, 2:5] = 1.0
    return logits


def fake_model(logits: torch.Tensor, scores=(0.9, 0.6), shuffle=True, features=False):
    """A clip model that sees the truth but orders its queries anew in every window."""
    def forward_clip(start, stop):
        order = torch.tensor([1, 0]) if shuffle and start % 2 else torch.tensor([0, 1])
        names = torch.eye(2)[order] if features else None
        return torch.tensor(scores)[order], logits[order, start:stop], names
    return forward_clip


def dense(tube) -> np.ndarray:
    return np.stack([np.zeros(SIZE, bool) if rle is None else decode_mask(rle)
                     for rle in tube.segmentations])


def test_window_starts_cover_the_video_and_end_with_it():
    assert window_starts(10, None, 0) == [0]
    assert window_starts(10, 10, 3) == [0]
    assert window_starts(10, 4, 1) == [0, 3, 6]
    assert window_starts(11, 4, 2) == [0, 2, 4, 6, 7]


@pytest.mark.parametrize('overlap', [0, 4, 5, -1])
def test_window_starts_refuses_an_overlap_that_cannot_link(overlap):
    with pytest.raises(ValueError, match='overlap: expected|overlap to be'):
        window_starts(10, 4, overlap)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60), st.integers(2, 12), st.data())
def test_window_starts_property(num_frames, window, data):
    overlap = data.draw(st.integers(1, window - 1))
    starts = window_starts(num_frames, window, overlap)
    stops = [min(start + window, num_frames) for start in starts]
    assert starts[0] == 0 and stops[-1] == num_frames
    assert all(stop - start >= overlap for start, stop in zip(starts[1:], stops, strict=False))


@pytest.mark.parametrize('window', [None, 12, 50])
def test_one_window_equals_whole_video_inference(window):
    torch.manual_seed(0)
    logits = torch.randn(2, 12, *SIZE)
    tubes = segment_video(fake_model(logits), 12, window=window, overlap=3,
                          resize=MaskResize((12, 16)))
    expected = F.interpolate(logits, size=(12, 16), mode='bilinear', align_corners=False) > 0
    assert [tube.score for tube in tubes] == pytest.approx([0.9, 0.6])
    for tube, masks in zip(tubes, expected.numpy(), strict=True):
        for rle, mask in zip(tube.segmentations, masks, strict=True):
            np.testing.assert_array_equal(decode_mask(rle), mask)


@pytest.mark.parametrize('features', [False, True])
@pytest.mark.parametrize(('window', 'overlap'), [(4, 1), (5, 2), (6, 4), (4, 3)])
def test_windows_give_the_same_tracks_as_the_whole_video(window, overlap, features):
    logits = moving_squares(13)
    tubes = segment_video(fake_model(logits, features=features), 13, window=window,
                          overlap=overlap, resize=MaskResize(SIZE))
    assert [tube.score for tube in tubes] == pytest.approx([0.9, 0.6])
    for tube, masks in zip(tubes, (logits > 0).numpy(), strict=True):
        np.testing.assert_array_equal(dense(tube), masks)


def test_empty_frames_are_none_and_unlinked_tubes_start_new_tracks():
    logits = torch.full((1, 6, *SIZE), -1.0)
    logits[0, :3, 0, 0] = 1.0
    logits[0, 5, 5, 5] = 1.0

    def forward_clip(start, stop):
        return torch.tensor([0.8 if start == 0 else 0.4]), logits[:, start:stop], None

    tubes = segment_video(forward_clip, 6, window=4, overlap=1, resize=MaskResize(SIZE))
    present = [[rle is not None for rle in tube.segmentations] for tube in tubes]
    # windows [0, 4), [2, 6): frame 2 is shared by the first object and seen by both windows
    assert [tube.score for tube in tubes] == pytest.approx([0.6])
    assert present == [[True, True, True, False, False, True]]

    logits[0, 2] = -1.0
    tubes = segment_video(forward_clip, 6, window=4, overlap=1, resize=MaskResize(SIZE))
    present = [[rle is not None for rle in tube.segmentations] for tube in tubes]
    assert [tube.score for tube in tubes] == pytest.approx([0.8, 0.4])
    assert present == [[True, True] + [False] * 4, [False] * 5 + [True]]


def test_shared_frames_take_the_mean_logit():
    def forward_clip(start, stop):
        value = torch.full((1, stop - start, *SIZE), 1.0 if start == 0 else 2.0)
        if start:
            value[:, 0, 0] = -3.0  # one row of the shared frame: mean (1 - 3) / 2 < 0
            value[:, 0, 1] = -0.5  # mean 0.25 > 0
        return torch.tensor([0.5]), value, None

    tube, = segment_video(forward_clip, 3, window=2, overlap=1, resize=MaskResize(SIZE))
    shared = decode_mask(tube.segmentations[1])
    assert not shared[0].any() and shared[1:].all()


def test_score_threshold_top_k_and_nms():
    logits = moving_squares(4)
    run = dict(num_frames=4, resize=MaskResize(SIZE))
    assert len(segment_video(fake_model(logits), score_thr=0.7, **run)) == 1
    assert len(segment_video(fake_model(logits), top_k=1, **run)) == 1
    twins = logits[[1, 1]]
    assert len(segment_video(fake_model(twins), tube_nms_iou=0.75, **run)) == 1
    assert len(segment_video(fake_model(twins), **run)) == 2


def test_no_pixel_no_tube():
    assert segment_video(fake_model(torch.full((2, 3, *SIZE), -1.0)), 3,
                         resize=MaskResize(SIZE)) == []


def test_progress_counts_finished_frames():
    calls = []
    segment_video(fake_model(moving_squares(9)), 9, window=4, overlap=2,
                  resize=MaskResize(SIZE), progress=lambda *call: calls.append(call))
    assert calls == [(2, 9), (4, 9), (5, 9), (9, 9)]


def test_tube_iou_by_hand():
    first = torch.zeros(1, 2, 1, 4, dtype=torch.bool)
    first[0, 0, 0, :2] = True
    second = torch.zeros(2, 2, 1, 4, dtype=torch.bool)
    second[0, 0, 0, 1:3] = True
    torch.testing.assert_close(tube_iou(first, second), torch.tensor([[1 / 3, 0.0]]))
    assert tube_iou(second[1:], second[1:]).item() == 0


def test_tube_nms_keeps_the_best():
    masks = torch.zeros(3, 1, 2, 2, dtype=torch.bool)
    masks[:2, 0, 0] = True
    masks[2, 0, 1] = True
    assert tube_nms(torch.tensor([0.2, 0.9, 0.5]), masks, 0.5).tolist() == [1, 2]


def test_link_tubes_uses_features_only_between_agreeing_masks():
    old = torch.ones(2, 1, 2, 2)
    new = torch.ones(2, 1, 2, 2)
    swap = link_tubes(old, new, torch.eye(2), torch.eye(2)[[1, 0]], 0.5)
    assert swap == [(0, 1), (1, 0)]
    assert link_tubes(old, -new, torch.eye(2), torch.eye(2), 0.5) == []


def test_padding_is_cropped_before_resizing():
    resize = MaskResize((4, 4), image_size=(4, 4), padded_size=(4, 8))
    logits = torch.zeros(1, 4, 8)
    logits[..., :4] = 1.0
    logits[..., 4:] = -1.0
    assert (resize(logits) > 0).all()
    assert resize(logits[..., ::2]).shape == (1, 4, 4)


def repeated(kept: int) -> torch.Tensor:
    """A square, and a second tube with ``kept`` of its 16 pixels, in one frame of 8 x 8."""
    logits = torch.full((2, 1, 8, 8), -1.0)
    logits[0, 0, :4, :4] = 1
    rows = logits[1, 0, :4, :4].clone().flatten()
    rows[:kept] = 1
    logits[1, 0, :4, :4] = rows.view(4, 4)
    return logits


@pytest.mark.parametrize(('kept', 'count'), [(13, 1), (12, 2), (11, 2)])
def test_the_whole_video_is_filtered_at_the_size_of_the_output(kept, count):
    """IoU 13/16 is above 0.75, 12/16 is not: exactly the threshold stays."""
    tubes = segment_video(fake_model(repeated(kept), shuffle=False), 1, tube_nms_iou=0.75,
                          resize=MaskResize((8, 8)))
    assert [tube.score for tube in tubes] == [pytest.approx(0.9), pytest.approx(0.6)][:count]


def test_logits_that_agree_only_when_small_both_stay():
    """At 2 x 2 both tubes are the same cell; enlarged to 8 x 8 their outlines differ."""
    logits = torch.full((2, 1, 2, 2), -1.0)
    logits[0, 0, 0, 0], logits[1, 0, 0, 0] = 8.0, 0.3
    forward = fake_model(logits, shuffle=False)
    assert len(segment_video(forward, 1, tube_nms_iou=0.75, resize=MaskResize((2, 2)))) == 1
    assert len(segment_video(forward, 1, tube_nms_iou=0.75, resize=MaskResize((8, 8)))) == 2


def test_empty_tubes_stay_if_asked():
    logits = torch.full((2, 3, 4, 4), -1.0)
    logits[1] = 1.0
    forward = fake_model(logits, shuffle=False)
    assert [tube.score for tube in segment_video(forward, 3, resize=MaskResize((4, 4)))] == [
        pytest.approx(0.6)]
    tubes = segment_video(forward, 3, resize=MaskResize((4, 4)), keep_empty=True,
                          tube_nms_iou=0.75)
    assert [tube.score for tube in tubes] == pytest.approx([0.9, 0.6])
    assert tubes[0].segmentations == [None] * 3
