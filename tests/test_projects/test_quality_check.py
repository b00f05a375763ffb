"""The check of quality estimates: its measures by hand, and a made work dir of each half."""

import sys
from pathlib import Path

import numpy as np
import pytest

from s2d_plugins.evaluation.davis_measures import cut_mask
from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.indexed_png import write_indexed_png
from s2d_plugins.labels.proposals_file import write_proposals
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video
from s2d_plugins.pipeline.clips import Clip
from s2d_plugins.pipeline.workspace import Workspace

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'projects/s2d/benchmarks'))
import quality_check  # noqa: E402

SIZE = (10, 20)


def columns(start, stop):
    mask = np.zeros(SIZE, bool)
    mask[:, start:stop] = True
    return mask


OBJECT, HALF, AWAY = (encode_mask(columns(*span)) for span in ((0, 10), (0, 5), (15, 20)))


def test_j_of_the_object_that_fits():
    objects = [[cut_mask(columns(0, 10)), cut_mask(columns(15, 20))]] * 2
    assert quality_check.true_j([HALF, None], objects) == 0.25
    assert quality_check.true_j([AWAY, AWAY], objects) == 1.0
    assert quality_check.true_j([None], [[cut_mask(columns(0, 0))]]) == 1.0


def test_measures_by_hand():
    assert quality_check.steadiness([OBJECT, HALF, HALF, None]) == pytest.approx(0.5)
    assert quality_check.steadiness([OBJECT]) == 0
    assert quality_check.best_in_frames([OBJECT, None, OBJECT, OBJECT],
                                        [[HALF, AWAY], [HALF], [], [OBJECT]]) == (
        0.375, pytest.approx(0.5))
    assert quality_check.best_in_frames([OBJECT], [[]]) == (0, 0)


def test_threshold_and_what_it_finds_elsewhere():
    values, bad = np.array([0.1, 0.2, 0.6, 0.8]), np.array([True, True, False, False])
    assert quality_check.best_threshold(values, bad) == pytest.approx(0.4)
    tuned = [dict(j=0.2 if low else 0.5, x=value) for value, low in zip(values, bad, strict=True)]
    measured = [dict(j=0.1, x=0.3), dict(j=0.1, x=0.5), dict(j=0.9, x=0.35), dict(j=0.9, x=0.9)]
    assert quality_check.crosswise('x', tuned, measured) == '0.40: 1 of 2, 1 of 2'


def make_run(folder, name):
    """A clip with two instances: the object, supported by all, and one away from it."""
    workspace = Workspace(folder)
    files = [f'{index}.jpg' for index in range(2)]
    clip = Clip(name, name, name, '', 0, 1, 0, 2, 24.0, SIZE, SIZE, files)
    workspace.write_clip(clip)
    write_proposals(workspace.clip_file('proposals', name), name, SIZE,
                    [[dict(segmentation=OBJECT, score=0.5)]] * 2)
    for stage in ('keymasks', 'dense'):
        write_json(workspace.clip_file(stage, name), make_labels(
            [make_video(1, name, SIZE, clip.frame_paths)], [make_annotation(1, 1, [OBJECT] * 2)]))
    write_json(workspace.results_file(name), [
        dict(video_id=1, category_id=1, score=score, segmentations=[rle] * 2)
        for rle, score in ((OBJECT, 0.9), (AWAY, 0.8))])
    for index in range(2):
        write_indexed_png(folder.parent / f'gt/{name}/{index:05d}.png', columns(0, 10) * 255)


def test_the_table_of_made_runs(tmp_path, capsys):
    make_run(tmp_path / 'a', 'cat')
    make_run(tmp_path / 'b', 'dog')
    args = ['--gt', str(tmp_path / 'gt'), '--half', str(tmp_path / 'a')]
    assert quality_check.main([*args, '--half', str(tmp_path / 'b')]) == 0
    out = capsys.readouterr().out
    assert out.startswith('A: 2 instances, 1 with J below 0.3; B: 2 instances, 1 with')
    row, = [line for line in out.splitlines() if line.startswith('| product')]
    cells = [cell.strip() for cell in row.split('|')[2:-1]]
    assert cells == ['1.00', '1.00', '1.00', '0.50: 1 of 1, 1 of 1', '0.50: 1 of 1, 1 of 1']
    assert quality_check.main(args) == 2 and 'expected --half twice' in capsys.readouterr().err
    (tmp_path / 'empty').mkdir()
    assert quality_check.main([*args, '--half', str(tmp_path / 'empty')]) == 2
    assert 'expected results of videos that' in capsys.readouterr().err
