"""Choice of frames, against choices worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2d_plugins.datasets.transforms.keymask_clip_sample import find_runs, frames_near
from s2d_plugins.errors import S2DInputError
from s2d_plugins.registry import TRANSFORMS


def video(length, instances, **extra):
    """A video in KeymaskDataset's form; ``instances`` maps an id to its frames."""
    images = [dict(frame_id=frame, instances=[
        dict(instance_id=i) for i, frames in instances.items() if frame in frames])
        for frame in range(length)]
    return dict(video_id=1, video_length=length, images=images, **extra)


def draws(infos, times=200, **options):
    sample = TRANSFORMS.build(dict(type='KeymaskClipSample', **options))
    return {tuple(sample(infos())['frame_id']) for _ in range(times)}


def test_find_runs():
    assert find_runs([0, 1, 2, 3, 7, 8], 3) == [0, 1]
    assert find_runs([8, 0, 2, 4, 6], 3, stride=2) == [0, 2, 4]
    assert find_runs([0, 1], 3) == []
    assert find_runs([5], 1) == [5]
    assert find_runs([], 3) == []


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 30), st.integers(1, 4), st.integers(3, 20), st.data())
def test_frames_near(length, num_frames, frame_range, data):
    key = data.draw(st.integers(0, length - 1))
    frames = frames_near(key, length, num_frames, frame_range)
    assert len(frames) == num_frames and frames == sorted(frames) and key in frames
    assert set(frames) <= set(range(length))
    assert all(abs(frame - key) <= frame_range for frame in frames)
    assert len(set(frames)) == min(num_frames, length)


def test_windows_of_one_instance_only():
    """Frames 1 to 3 have masks in a row, but of two instances."""
    infos = {1: {1, 2}, 2: {3}, 3: {5, 6, 7, 8}}
    assert draws(lambda: video(10, infos)) == {(5, 6, 7), (6, 7, 8)}


def share_of(infos, wanted, times, **options):
    """Return the share of clips whose first frame is one of ``wanted``."""
    sample = TRANSFORMS.build(dict(type='KeymaskClipSample', **options))
    return np.mean([sample(video(*infos))['frame_id'][0] in wanted for _ in range(times)])


def test_windows_are_drawn_evenly():
    """A track of 3 frames has 1 window, one of 100 frames 98: 1 of 99 clips is the short one's."""
    tracks = {1: {0, 1, 2}, 2: set(range(10, 110))}
    assert 0.006 < share_of((110, tracks), {0}, 5000) < 0.015
    # each window of the long track as often as any other: half of the clips in half of them
    assert 0.45 < share_of((110, tracks), range(10, 59), 2000) < 0.54


def test_instances_are_drawn_evenly_if_asked():
    tracks = {1: {0, 1, 2}, 2: set(range(10, 110))}
    assert 0.45 < share_of((110, tracks), {0}, 1000, choice='instances') < 0.55


def test_a_window_of_two_instances_counts_twice():
    tracks = {1: {0, 1, 2}, 2: {0, 1, 2}, 3: {10, 11, 12}}
    assert 0.61 < share_of((20, tracks), {0}, 2000) < 0.72


def test_without_a_window_any_frame_will_do():
    """As published: the clip need not hold a keymask at all."""
    clips = draws(lambda: video(60, {1: {55}}), times=2000, frame_range=3)
    assert all(clip[2] - clip[0] <= 6 and len(set(clip)) == 3 for clip in clips)
    assert {frame for clip in clips for frame in clip} == set(range(60))
    assert not all(55 in clip for clip in clips)


@pytest.mark.parametrize('choice', ['instances', 'keymask'])
def test_without_a_window_the_clip_surrounds_a_keymask_if_asked(choice):
    clips = draws(lambda: video(40, {1: {20}}), frame_range=3, choice=choice)
    assert all(20 in clip and set(clip) <= set(range(17, 24)) for clip in clips)
    assert all(len(set(clip)) == 3 for clip in clips)
    assert len(clips) == 15  # every choice of 2 of the 6 neighbours


@pytest.mark.parametrize('choice', ['keymask', 'any'])
def test_windows_may_be_ignored(choice):
    clips = draws(lambda: video(10, {1: {4, 5, 6}}), choice=choice, frame_range=2)
    assert any(clip[2] - clip[0] > 2 for clip in clips)
    near = [bool({4, 5, 6} & set(clip)) for clip in clips]
    assert all(near) == (choice == 'keymask')


def test_strides_are_tried_until_one_has_a_run():
    assert draws(lambda: video(20, {1: {2, 5, 8}}), strides=(1, 3)) == {(2, 5, 8)}
    both = draws(lambda: video(20, {1: {0, 1, 2, 3, 4}}), strides=(1, 2))
    assert both == {(0, 1, 2), (1, 2, 3), (2, 3, 4), (0, 2, 4)}


def test_given_key_frame_is_in_the_clip():
    infos = {1: {1, 2, 3, 4}}
    assert draws(lambda: video(10, infos, key_frame_id=4)) == {(2, 3, 4)}
    assert all(9 in clip for clip in draws(lambda: video(10, infos, key_frame_id=9)))
    assert all(7 in clip for clip in draws(lambda: video(10, infos, key_frame_id=7),
                                           choice='any'))


def test_short_video_repeats_frames():
    assert draws(lambda: video(2, {1: {0, 1}})) == {(0, 0, 1), (0, 1, 1)}
    assert draws(lambda: video(1, {1: {0}})) == {(0, 0, 0)}


def test_ignored_instances_do_not_count():
    def infos():
        made = video(6, {1: {0, 1, 2}, 2: {3, 4, 5}})
        for image in made['images'][:3]:
            image['instances'][0]['ignore_flag'] = 1
        return made
    assert draws(infos) == {(3, 4, 5)}


def test_output_is_that_of_mmdets_samplers():
    results = TRANSFORMS.build(dict(type='KeymaskClipSample'))(video(9, {1: {3, 4, 5}}))
    assert results['video_id'] == [1, 1, 1]
    assert results['video_length'] == [3, 3, 3] and results['ori_video_length'] == [9, 9, 9]
    assert results['key_frame_flags'] == [False, True, False]
    assert len(results['instances']) == 3


def test_errors():
    with pytest.raises(S2DInputError, match='video 1 has no keymask in any of its 4 frames'):
        draws(lambda: video(4, {}))
    with pytest.raises(S2DInputError, match='frame_range to be an integer of at least 2, found 1'):
        TRANSFORMS.build(dict(type='KeymaskClipSample', frame_range=1))
    with pytest.raises(S2DInputError, match=r'strides\[0\] to be an integer of at least 1'):
        TRANSFORMS.build(dict(type='KeymaskClipSample', strides=(0,)))
    with pytest.raises(S2DInputError, match="choice to be 'windows', .* or 'any', found 'runs'"):
        TRANSFORMS.build(dict(type='KeymaskClipSample', choice='runs'))
