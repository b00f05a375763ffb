"""The benchmark of all stages: on a made work dir by hand, and with a tiny recipe to its end.

Made frames are 10 x 20 pixels; the object is the left 10 x 10 half, in four frames.
"""

import importlib
import json
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.logging import MMLogger
from tiny_recipe import BrightProposer, make_video, write_recipe

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.indexed_png import write_indexed_png
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels
from s2d_plugins.labels.youtube_vis import make_video as make_entry
from s2d_plugins.video import open_video

FOLDER = Path(__file__).parents[2] / 'projects/s2d/benchmarks'
SIZE = (10, 20)
MADE = ('benchmark.json', 'benchmark.md', 'j_per_frame.png')


def columns(start, stop):
    mask = np.zeros(SIZE, bool)
    mask[:, start:stop] = True
    return mask


OBJECT, HALF = encode_mask(columns(0, 10)), encode_mask(columns(0, 5))  # J 1 and 1/2


@pytest.fixture
def part(monkeypatch):
    """A function that imports a file of the benchmark."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module
    for path in FOLDER.glob('*.py'):
        sys.modules.pop(path.stem, None)


@pytest.fixture
def run(part, capsys):
    """A function that runs the tool; returns exit code, stdout and stderr."""
    def start(*args):
        code = part('benchmark_stages').main([*map(str, args), '--jobs', '1'])
        out, err = capsys.readouterr()
        assert 'Traceback' not in out + err
        return code, out, err
    return start


@pytest.fixture
def data(tmp_path):
    for name in ('cat', 'dog'):
        for frame in range(4):
            write_indexed_png(tmp_path / f'data/Annotations/480p/{name}/{frame:05d}.png',
                              columns(0, 10) * 255)
            path = tmp_path / f'data/JPEGImages/480p/{name}/{frame:05d}.jpg'
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), np.zeros((*SIZE, 3), np.uint8))
    return tmp_path / 'data'


@pytest.fixture
def work_dir(tmp_path):
    """A run of cat alone: keymasks in two frames, a final model that finds half of the object."""
    stages = tmp_path / 'run/stages'
    names = [f'cat/{frame:05d}.jpg' for frame in range(4)]
    write_json(stages / 'frames/cat.json', dict(
        name='cat', video='cat', source='cat', stamp='', shot=0, num_shots=1, start=0, stop=4,
        fps=24.0, original_size=SIZE, size=SIZE, file_names=names))
    write_json(stages / 'keymasks/cat.json', make_labels(
        [make_entry(1, 'cat', SIZE, names)], [make_annotation(1, 1, [OBJECT, None, HALF, None])]))
    write_json(tmp_path / 'run/cat/results.json',
               [dict(video_id=1, score=0.5, category_id=1, segmentations=[HALF] * 4)])
    write_json(tmp_path / 'run/cat/summary.json', dict(device='cpu'))
    write_json(stages / 'state.json', dict(
        keymasks=dict(items=dict(cat=dict(seconds=2.0, peak_memory_mb=300.0),
                                 other=dict(seconds=50.0, peak_memory_mb=999.0))),
        distill=dict(items=dict(distill=dict(seconds=60.5, peak_memory_mb=700.0, steps=8,
                                             resumed=True))),
        infer=dict(items=dict(cat=dict(seconds=1.0, peak_memory_mb=400.0)))))
    return tmp_path / 'run'


def cells(text, row):
    line = next(line for line in text.splitlines() if line.startswith(f'| {row} '))
    return [cell.strip() for cell in line.split('|')[1:-1]]


def test_report_of_a_made_run(run, data, work_dir, tmp_path):
    before = sorted(work_dir.rglob('*'))
    code, out, _ = run('--data', data, '--work-dir', work_dir, '--out', tmp_path / 'report',
                       '--evaluate-only')
    assert code == 0
    assert sorted(work_dir.rglob('*')) == before
    assert sorted(path.name for path in (tmp_path / 'report').iterdir()) == sorted(MADE)
    text = (tmp_path / 'report/benchmark.md').read_text()
    assert text in out
    header = cells(text, 'stage')
    keymasks = dict(zip(header, cells(text, 'keymasks'), strict=True))
    # the clip that is not of these sequences does not count
    assert (keymasks['frames'], keymasks['seconds'], keymasks['peak MB']) == ('2/4', '2.0', '300')
    assert keymasks['J top'] == keymasks['J best'] == '75.0'
    final = dict(zip(header, cells(text, 'final model'), strict=True))
    assert (final['frames'], final['J track'], final['seconds']) == ('4/4', '50.0', '1.0')
    assert cells(text, 'all')[-2:] == ['63.5', '700']
    assert set(cells(text, 'dense labels')[1:]) == {'-'}
    assert '* sparse-to-dense training: went on from a checkpoint' in text
    assert cells(text, 'cat') == ['cat', '2/4', '-', '75.0', '-', '50.0']
    report = json.loads((tmp_path / 'report/benchmark.json').read_text())
    assert [row['stage'] for row in report['stages']][2:4] == ['keymasks',
                                                               'sparse-to-dense training']
    assert report['stages'][6]['J_top'] == 0.5
    assert report['stages'][6]['J&F_top'] == (0.5 + report['stages'][6]['F_top']) / 2
    assert report['stages'][3]['steps'] == 8
    assert report['setting']['device'] == 'cpu'
    assert report['videos']['cat']['keymasks']['per_frame']['J_top'] == [1, 0.5]


def test_panels_show_j_and_mark_keymask_frames(part, run, data, work_dir):
    run('--data', data, '--work-dir', work_dir, '--evaluate-only')
    assert all((work_dir / name).is_file() for name in MADE)  # the default place
    videos = json.loads((work_dir / 'benchmark.json').read_text())['videos']
    plot = part('frame_plot')
    np.testing.assert_array_equal(plot.frame_series(videos['cat']['keymasks']),
                                  [1, np.nan, 0.5, np.nan])
    assert np.isnan(plot.frame_series(dict(frames=0, of_frames=3))).all()
    figure = plot.draw_frames(dict(videos, dog={}, bird={}))
    assert [panel.get_title() for panel in figure.axes[:3]] == ['cat', 'dog', 'bird']
    assert not figure.axes[3].axison  # three sequences in two columns
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert list(lines) == ['keymasks (top)', 'frames with keymasks', 'final model (top)']
    assert lines['frames with keymasks'].get_xdata().tolist() == [0, 2]
    np.testing.assert_array_equal(lines['final model (top)'].get_ydata(), [0.5] * 4)
    image = cv2.imdecode(np.frombuffer(plot.plot_bytes(videos), np.uint8), cv2.IMREAD_COLOR)
    assert image.shape[1] > 300 and image.std() > 1


def test_several_objects_are_read_by_track(part):
    report = part('stage_report')
    assert report.reading_of(dict(J_best=1, J_track=1)) == 'track'
    assert report.reading_of(dict(J_best=1)) == report.reading_of({}) == 'best'


def test_stages_timed_in_part_are_noted(part, work_dir):
    costs = part('stage_costs').read_costs(work_dir, ['cat', 'dog'])
    assert (costs['infer']['noted'], costs['infer']['expected']) == (1, 2)
    assert costs['final']['seconds'] is None
    rows = part('stage_report').stage_rows(dict(stages={}), costs)
    assert part('stage_report').cost_notes(rows) == [
        'sparse-to-dense training: went on from a checkpoint; the seconds before are not counted',
        'final model: only 1 of 2 have been timed']
    (work_dir / 'stages/state.json').unlink()
    rows = part('stage_report').stage_rows(dict(stages=dict(infer=dict(frames=4))),
                                           part('stage_costs').read_costs(work_dir, ['cat']))
    assert part('stage_report').cost_notes(rows) == [
        'final model: there are masks, but no note of their making; they may be of an earlier run']
    nothing = part('stage_costs').read_costs(work_dir / 'none', ['cat'])
    assert part('stage_costs').total_cost(nothing) == dict(seconds=None, peak_memory_mb=None)


def remove_annotation(data, _):
    (data / 'Annotations/480p/dog/00002.png').unlink()


def remove_frames(data, _):
    shutil.rmtree(data / 'JPEGImages')


def remove_stages(_, work_dir):
    shutil.rmtree(work_dir / 'stages')


@pytest.mark.parametrize(('change', 'args', 'message'), [
    (None, ['--resolution', '1080p'], 'Images/1080p does not exist; expected '),
    (None, ['--sequences', 'cat', 'cow'], "has no sequence 'cow'; it has cat, dog"),
    (None, ['--sequences', 'dog', '--evaluate-only'], 'no stage has results'),
    (None, ['--sequences', 'cat', 'dog', '--evaluate-only'], "has no results of 'dog'; it has cat"),
    (None, ['--config', 'none.py'], 'config none.py does not exist'),
    (remove_annotation, [], '00002 is not in both'),
    (remove_frames, [], 'JPEGImages/480p does not exist'),
    (remove_stages, ['--evaluate-only'], 'expected the work dir of a tools/run_s2d.py run'),
])
def test_bad_input_is_one_line_and_code_2(run, data, work_dir, change, args, message):
    if change is not None:
        change(data, work_dir)
    code, _, err = run('--data', data, '--work-dir', work_dir, *args)
    errors = [line for line in err.splitlines() if not line.endswith(' measured')]
    assert code == 2
    assert len(errors) == 1 and errors[0].startswith('error: ') and message in errors[0]
    assert not any((work_dir / name).exists() for name in MADE)


def test_no_annotations(part, tmp_path):
    (tmp_path / 'Annotations/480p').mkdir(parents=True)
    with pytest.raises(S2DInputError, match='one folder of PNGs per sequence; found none'):
        part('davis_data').find_data(tmp_path, '480p', frames_needed=False)


def test_davis_2017_objects_are_preferred(part, data):
    shutil.copytree(data / 'Annotations/480p/cat', data / 'Annotations_unsupervised/480p/cat')
    found = part('davis_data').find_data(data, '480p')
    assert found.annotations == data / 'Annotations_unsupervised/480p'
    assert (found.sequences, found.chosen) == (['cat'], True)


def test_links_are_of_the_chosen_sequences(part, data, tmp_path):
    for names in (['cat'], ['dog']):
        chosen = part('davis_data').find_data(data, '480p', names)
        links = part('davis_data').link_sequences(chosen, tmp_path / 'links')
        assert [path.name for path in links.iterdir()] == names
        assert (links / names[0] / '00000.jpg').is_file()
    (tmp_path / 'file').touch()
    with pytest.raises(S2DInputError, match='cannot link sequences in '):
        part('davis_data').link_sequences(chosen, tmp_path / 'file')


def moving_square(root, name):
    """The tiny recipe's video as frames, with masks of its bright square."""
    for index, frame in enumerate(open_video(make_video(root / f'{name}.mp4'))):
        path = root / f'JPEGImages/480p/{name}/{index:05d}.jpg'
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), frame[..., ::-1])
        square = np.zeros(frame.shape[:2], bool)
        square[14:32, 3 + 2 * index:21 + 2 * index] = True
        write_indexed_png(root / f'Annotations/480p/{name}/{index:05d}.png', square * 255)
    (root / f'{name}.mp4').unlink()


def test_from_frames_to_report_and_again_for_nothing(run, tmp_path, monkeypatch):
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '')
    for name in ('a', 'b'):
        moving_square(tmp_path / 'data', name)
    command = ('--data', tmp_path / 'data', '--work-dir', tmp_path / 'run', '--sequences', 'b',
               '--config', write_recipe(tmp_path / 'recipe'), '--device', 'cpu')
    MMLogger._instance_dict.clear()  # an earlier test's logger writes to a stream that is closed
    code, out, _ = run(*command)
    assert code == 0
    text = (tmp_path / 'run/benchmark.md').read_text()
    assert text in out
    assert cells(text, 'b')[0] == 'b' and '| a ' not in text
    report = json.loads((tmp_path / 'run/benchmark.json').read_text())
    assert all(row['seconds'] is not None for row in report['stages'])
    scores = {row['stage']: row.get('J_top') for row in report['stages']}
    for stage in ('proposals', 'keymasks', 'dense labels', 'final model'):
        assert scores[stage] > 0.7
    assert report['setting']['config'] == 'pipeline.py'
    calls = BrightProposer.calls
    assert run(*command)[0] == 0
    assert BrightProposer.calls == calls
    again = json.loads((tmp_path / 'run/benchmark.json').read_text())
    assert again == report
