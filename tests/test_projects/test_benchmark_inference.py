"""The benchmarks of inference: made objects, and the clocks around the parts."""

import benchmark_inference
import benchmark_long_videos
import pytest
import torch


def test_made_masks_are_objects_that_move():
    masks = benchmark_inference.made_masks(5, 30, (24, 40)) > 0
    assert masks.shape == (5, 30, 24, 40)
    shares = masks.float().mean(dim=(1, 2, 3))
    assert shares.max() < 0.3 and (masks[:, 0] != masks[:, -1]).any()
    assert torch.equal(masks, benchmark_inference.made_masks(5, 30, (24, 40)) > 0)


def test_parts_add_up():
    clock = benchmark_inference.Clock('cpu')
    frames = benchmark_inference.Timed([1, 2, 3], clock)
    with clock('all'):
        assert [frames[index] for index in range(len(frames))] == [1, 2, 3]
    assert 0 < clock.seconds['decoding'] < clock.seconds['all']


@pytest.mark.parametrize('tool', [benchmark_inference, benchmark_long_videos])
def test_wrong_lengths(tool, monkeypatch, capsys):
    argument = ['--window', '99'] if tool is benchmark_inference else ['--lengths', '0']
    monkeypatch.setattr('sys.argv', [tool.__name__, *argument])
    assert tool.run_tool(tool.main) == 2
    assert f'{argument[0]}: expected' in capsys.readouterr().err


def test_a_short_video_takes_memory_and_time(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['benchmark_long_videos', '--lengths', '4', '--window', '3'])
    assert benchmark_long_videos.run_tool(benchmark_long_videos.main) == 0
    _, _, row = capsys.readouterr().out.strip().splitlines()
    frames, memory, ratio, *_ = [cell.strip() for cell in row.strip('|').split('|')]
    assert (frames, ratio) == ('4', '1.00') and int(memory.replace(',', '')) > 100
