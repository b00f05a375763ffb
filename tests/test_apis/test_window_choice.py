import numpy as np
import pytest
import torch
from bright_model import red_squares, write_model

from s2d_plugins.apis import segmenter as module
from s2d_plugins.apis.segmenter import VideoSegmenter
from s2d_plugins.apis.window_choice import (
    ClipCost,
    _container_bytes,
    check_fits,
    choose_window,
    free_bytes,
    is_out_of_memory,
    measure_cost,
    out_of_memory,
)
from s2d_plugins.errors import S2DInputError

MB = 2**20
COST = ClipCost(fixed=100 * MB, per_frame=50 * MB)
CPU = torch.device('cpu')


@pytest.mark.parametrize(('num_frames', 'free', 'window'), [
    (30, 2700 * MB, None),  # 60 % of it are 1620 MB: (1620 - 100) / 50 = 30.4
    (31, 2700 * MB, 30),
    (3000, 2700 * MB, 30),
    (3000, 100_000 * MB, 120),
    (1000, 100_000 * MB, None)])
def test_window_by_hand(num_frames, free, window):
    assert choose_window(num_frames, COST, free) == window


def test_not_even_two_frames_fit():
    with pytest.raises(S2DInputError, match='needs about 200 MB for a window of 2 frames, and '
                                            '300 MB are free; lower the scale'):
        choose_window(20, COST, 300 * MB)


def test_a_window_that_does_not_fit_is_told_before_the_process_is_killed():
    check_fits(20, COST, 1100 * MB)
    with pytest.raises(S2DInputError, match='window of 40 frames needs about 2,100 MB, and 1,000 '
                                            'MB are free; try --window 10, or auto'):
        check_fits(40, COST, 1000 * MB)


@pytest.mark.parametrize(('error', 'expected'), [
    (MemoryError(), True), (torch.OutOfMemoryError('CUDA out of memory'), True),
    (RuntimeError("[enforce fail at alloc_cpu.cpp:75] err == 0. DefaultCPUAllocator: can't "
                  'allocate memory: you tried to allocate 8 bytes.'), True),
    (RuntimeError('sizes do not match'), False), (ValueError('out of memory'), False)])
def test_which_errors_mean_a_lack_of_memory(error, expected):
    assert is_out_of_memory(error) is expected


def test_a_frame_costs_what_a_model_keeps_of_it():
    """64 MB of float32 a frame, and 32 MB whatever the length."""
    def forward(count):
        return torch.ones(8 * MB), torch.ones(count, 16 * MB)

    cost = measure_cost(forward, CPU, frame_bytes=1)
    assert cost.per_frame == pytest.approx(64 * MB, rel=0.1)
    assert cost.fixed == pytest.approx(32 * MB, abs=40 * MB)
    assert measure_cost(lambda count: None, CPU, frame_bytes=7 * MB).per_frame == 7 * MB


def test_free_memory_is_that_of_the_container(tmp_path):
    assert 0 < free_bytes(CPU) < 2**60
    assert _container_bytes(tmp_path) == float('inf')
    (tmp_path / 'memory.max').write_text('max\n')
    assert _container_bytes(tmp_path) == float('inf')
    for name, text in (('max', '1000\n'), ('current', '700\n'),
                       ('stat', 'anon 5\ninactive_file 200\n')):
        (tmp_path / f'memory.{name}').write_text(text)
    assert _container_bytes(tmp_path) == 500


@pytest.fixture
def segmenter(tmp_path, monkeypatch):
    monkeypatch.setattr(module, 'measure_cost', lambda *_, **__: COST)
    return VideoSegmenter.from_files(*write_model(tmp_path), score_thr=0.5)


def present(tubes):
    return [[rle is not None for rle in tube.segmentations] for tube in tubes]


def lengths(segmenter):
    return [shape[0] for shape in segmenter.model.seen]


def test_short_videos_are_seen_whole_and_long_ones_as_memory_allows(segmenter, monkeypatch,
                                                                    capsys):
    free = [1200 * MB]
    monkeypatch.setattr(module, 'free_bytes', lambda _: free[0])
    frames = np.concatenate([red_squares(10), red_squares(10)[::-1]])
    assert segmenter.settings['window'] == 'auto'
    segmenter.segment(frames[:16])
    assert lengths(segmenter) == [16] and not capsys.readouterr().err
    segmenter.model.seen.clear()
    whole = segmenter.segment(frames[:16])
    free[0] = 900 * MB  # (540 - 100) / 50 = 8.8
    segmenter.model.seen.clear()
    tube, = segmenter.segment(frames)
    assert lengths(segmenter) == [8, 8, 8] and present([tube]) == [[True] * 20]
    assert tube.segmentations[:7] == whole[0].segmentations[:7]
    said = capsys.readouterr().err
    assert said == ('videos are seen in windows of 8 frames that share 1, as many as fit into '
                    'memory; --window N takes others\n')
    free[0] = 10_000 * MB
    segmenter.model.seen.clear()
    segmenter.segment(frames)
    assert lengths(segmenter) == [20]
    assert 'up to 20 frames are seen at once' in capsys.readouterr().err


def test_windows_that_a_user_asks_for(segmenter, monkeypatch):
    monkeypatch.setattr(module, 'free_bytes', lambda _: 500 * MB)
    segmenter.settings.update(window=None)
    with pytest.raises(S2DInputError, match='window of 20 frames needs about 1,100 MB'):
        segmenter.segment(red_squares(20))
    segmenter.settings.update(window=4, overlap=1)
    segmenter.segment(red_squares(20))
    assert set(lengths(segmenter)) == {4}


def test_memory_that_runs_out_halves_a_window_that_was_chosen(segmenter, monkeypatch, capsys):
    monkeypatch.setattr(module, 'free_bytes', lambda _: 10_000 * MB)
    whole = segmenter.model.segment_window

    def at_most_six(inputs):
        if len(inputs) > 6:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return whole(inputs)

    monkeypatch.setattr(segmenter.model, 'segment_window', at_most_six)
    tube, = segmenter.segment(red_squares(20))
    assert present([tube]) == [[True] * 14 + [False] * 6]  # then it has left the frame
    assert set(lengths(segmenter)) == {5}
    assert 'memory ran out; going on in windows of 5 frames' in capsys.readouterr().err
    segmenter.settings.update(window=10, overlap=2)
    with pytest.raises(S2DInputError, match='memory ran out on a window of 10 frames; try '
                                            '--window 5, or a smaller scale'):
        segmenter.segment(red_squares(20))


def test_advice_at_the_shortest_window():
    assert 'lower the scale' in str(out_of_memory(2))
    assert '--window 2,' in str(out_of_memory(3))
