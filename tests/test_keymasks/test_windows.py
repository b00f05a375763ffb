"""Cutting long videos, and joining what was found in the parts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2d_plugins.keymasks.windows import join, plan_windows
from s2d_plugins.structures import KeymaskInstance
from s2d_plugins.video.lazy_frames import LazyFrames


def instance(frames, index=0, one2x=0.0):
    return KeymaskInstance({t: index for t in frames}, one2x, [(frames[0], frames[-1])])


@given(length=st.integers(1, 5000), window=st.integers(2, 400), share=st.floats(0.01, 0.99))
def test_windows_cover_the_video_and_overlap(length, window, share):
    overlap = min(max(int(window * share), 1), window - 1)
    windows = plan_windows(length, window, overlap)
    assert windows[0][0] == 0 and windows[-1][1] == length
    assert all(stop - start == min(window, length) for start, stop in windows)
    shared = [before[1] - after[0] for before, after in zip(windows, windows[1:], strict=False)]
    assert all(frames >= overlap for frames in shared)
    # no more windows than a step of window - overlap frames asks for
    assert len(windows) <= 1 + -(-max(length - window, 0) // (window - overlap))


def test_short_videos_stay_whole():
    assert plan_windows(300, 300, 60) == [(0, 300)]
    assert plan_windows(5000, None, 60) == [(0, 5000)]


def test_same_keymasks_are_the_same_object():
    left, other = instance(range(0, 20), 0), instance(range(0, 20), 1)
    right = instance(range(10, 30), 0, one2x=0.5)
    joined = join([left, other], [right], shared_from=10)
    assert [sorted(i.masks) for i in joined] == [list(range(30)), list(range(20))]
    assert joined[0].one2x == 0.25 and joined[0].visibility_ranges == [(0, 29)]


def test_few_shared_keymasks_are_not_enough():
    left = instance(range(0, 20))
    right = KeymaskInstance({t: int(t > 13) for t in range(10, 30)}, 0.0, [(10, 29)])
    # 4 of the 10 keymasks that each has in frames 10 to 19 are the same
    assert len(join([left], [right], shared_from=10)) == 2


def test_windows_read_only_what_is_asked_for():
    window = LazyFrames.of(np.arange(10), 4, 7)
    assert len(window) == 3 and window[2] == 6
    with pytest.raises(IndexError, match='frame 3 of a stretch of 3'):
        window[3]
