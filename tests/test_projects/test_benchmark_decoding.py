"""The benchmark of reading videos."""

import benchmark_decoding
import numpy as np


def test_both_readers_give_the_frames(tmp_path):
    path = benchmark_decoding.make_video(tmp_path / 'a.mp4', 'libx264', 'yuv420p', (64, 96), 6)
    old = list(benchmark_decoding.read_by_opencv(path))
    new = list(benchmark_decoding.read_by_pyav(path))
    assert len(old) == len(new) == 6
    np.testing.assert_allclose(np.mean(old), np.mean(new), atol=4)
    best = benchmark_decoding.measure(path, 1, 0.001)
    assert min(best) > 0


def test_row():
    assert benchmark_decoding.row('a', [10, 20, 8, 4]) == '| a | 10 | 20 | 2.00 | 8 | 4 | 0.50 |'
    assert benchmark_decoding.row('a', [0, 20, 0, 4]) == '| a | 0 | 20 | - | 0 | 4 | - |'
