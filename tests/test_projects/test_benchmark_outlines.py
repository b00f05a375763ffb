"""What LearntOutline makes of masks: choice of masks and J by hand, and a run on made data."""

import benchmark_outlines as tool
import cv2
import numpy as np
import pytest

from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.indexed_png import write_indexed_png
from s2d_plugins.labels.rle import encode_mask


def rle(*columns):
    mask = np.zeros((4, 8), bool)
    mask[:, slice(*columns)] = True
    return encode_mask(mask)


def test_the_best_tube_of_each_frame_counts():
    one, two = rle(0, 2), rle(4, 8)
    scored = [dict(score=0.2, segmentations=[one, one, None]),
              dict(score=0.9, segmentations=[None, two, None])]
    assert tool.top_masks(scored) == [one, two, None]
    keymasks = [dict(segmentations=[one, one, None]), dict(segmentations=[None, two, None])]
    assert tool.top_masks(keymasks) == [one, one, None]


def test_stretches_begin_at_a_quarter_and_five_eighths():
    masks = [rle(0, 2)] * 8 + [None]
    first, second = tool.stretches(masks, 2)
    assert [index for index, mask in enumerate(first) if mask] == [2, 3]
    assert [index for index, mask in enumerate(second) if mask] == [5, 6]
    assert tool.stretches(masks, None) == [masks]


def test_j_by_hand():
    """Half of it, all of it; a frame without a mask does not count."""
    truth = np.zeros((4, 8), bool)
    truth[:, :4] = True
    assert tool.total_j([rle(0, 2), rle(0, 4), None], [truth] * 3) == (1.5, 2)


@pytest.fixture
def data(tmp_path):
    """Four frames of a bright square; the keymasks are its left half."""
    rng, tubes = np.random.default_rng(0), []
    for folder in ('JPEGImages', 'Annotations'):
        (tmp_path / f'data/{folder}/480p/cat').mkdir(parents=True)
    for index in range(4):
        frame = rng.integers(60, 90, (96, 128, 3)).astype(np.uint8)
        truth = np.zeros((96, 128), np.uint8)
        truth[32:64, 30 + 4 * index:70 + 4 * index] = 255
        frame[truth > 0] += 120
        cv2.imwrite(str(tmp_path / f'data/JPEGImages/480p/cat/{index}.png'), frame)
        write_indexed_png(tmp_path / f'data/Annotations/480p/cat/{index}.png', truth)
        half = truth > 0
        half[:, 50 + 4 * index:] = False
        tubes.append(encode_mask(half))
    (tmp_path / 'work/cat').mkdir(parents=True)
    (tmp_path / 'work/stages').mkdir()
    write_json(tmp_path / 'work/stages/keymasks.json', dict(
        videos=[dict(id=3, name='cat')], annotations=[dict(video_id=3, segmentations=tubes)]))
    return tmp_path


def test_a_run(data, capsys):
    given = ['--data', str(data / 'data'), '--work-dirs', str(data / 'work')]
    assert tool.main(given) == 0
    line, mean = capsys.readouterr().out.splitlines()
    assert '4 masks  J  50.0' in line and 'work: J 50.0, redrawn' in mean
    assert float(mean.split()[-1]) > 60


def test_wrong_work_dirs(data, capsys):
    given = ['--data', str(data / 'data'), '--work-dirs']
    assert tool.main([*given, str(data / 'data')]) == 2
    assert 'has none of the sequences' in capsys.readouterr().err
    (data / 'other/cat').mkdir(parents=True)
    assert tool.main([*given, str(data / 'other')]) == 2
    assert 'keymasks.json' in capsys.readouterr().err
    assert tool.main([*given, str(data / 'work'), '--set', 'threshold=2']) == 2
    assert 'LearntOutline: expected' in capsys.readouterr().err
