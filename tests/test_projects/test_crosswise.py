"""The crosswise benchmark: its arithmetic by hand, made work dirs, and a tiny recipe to its end."""

import importlib
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny_recipe import BrightProposer, make_video, write_recipe

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.indexed_png import write_indexed_png
from s2d_plugins.labels.proposals_file import write_proposals
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels
from s2d_plugins.labels.youtube_vis import make_video as make_entry
from s2d_plugins.pipeline.clips import Clip
from s2d_plugins.pipeline.workspace import Workspace
from s2d_plugins.video import open_video

FOLDER = Path(__file__).parents[2] / 'projects/s2d/benchmarks'
SIZE = (10, 20)
NAMES = [f'{frame:05d}.png' for frame in range(4)]


def part_of(width):
    """A mask whose J against the object, the left 10 columns, is ``width / 10``."""
    mask = np.zeros(SIZE, bool)
    mask[:, :width] = True
    return mask


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
        code = part('benchmark_crosswise').main([*map(str, args), '--jobs', '1'])
        out, err = capsys.readouterr()
        assert 'Traceback' not in out + err
        return code, out, err
    return start


def cells(text, row, after=''):
    line = next(line for line in text[text.index(after):].splitlines()
                if line.startswith(f'| {row} '))
    return [cell.strip() for cell in line.split('|')[1:-1]]


@pytest.fixture
def made(tmp_path):
    """Annotations of cat, dog (half A) and cow (half B), and the arguments to measure them."""
    for name in ('cat', 'dog', 'cow'):
        for file in NAMES:
            write_indexed_png(tmp_path / f'data/Annotations/480p/{name}/{file}', part_of(10) * 255)
    write_json(tmp_path / 'halves.json', dict(A=['cat', 'dog'], B=['cow']))
    return ('--data', tmp_path / 'data', '--work-dir', tmp_path / 'run', '--evaluate-only',
            '--halves', tmp_path / 'halves.json')


def make_run(folder, videos, proposals=5, keymasks=6, final=5, seconds=1.0):
    """A run whose proposals (first two frames; nothing after) and masks have J of tenths."""
    records = {}
    for name in videos:
        space = Workspace(folder)
        space.write_clip(Clip(name, name, name, '', 0, 1, 0, 4, 24.0, SIZE, SIZE, NAMES))
        found = [dict(segmentation=encode_mask(part_of(proposals)), score=0.5)]
        write_proposals(space.clip_file('proposals', name), name, SIZE, [found, found, [], []])
        write_json(space.clip_file('keymasks', name), make_labels(
            [make_entry(1, name, SIZE, [f'{name}/{file}' for file in NAMES])],
            [make_annotation(1, 1, [encode_mask(part_of(keymasks)), None, None, None])]))
        if final is not None:
            write_json(space.results_file(name), [dict(
                video_id=1, score=0.5, segmentations=[encode_mask(part_of(final))] * 4)])
        records[name] = dict(seconds=seconds, peak_memory_mb=100.0)
    write_json(folder / 'stages/state.json', dict(
        proposals=dict(items=records), infer=dict(items=records),
        distill=dict(items=dict(distill=dict(seconds=10 * seconds, peak_memory_mb=200.0)))))


def test_report_of_made_runs(run, made, tmp_path):
    make_run(tmp_path / 'run/A/seed0', ['cat', 'dog'], final=6, seconds=1.0)
    make_run(tmp_path / 'run/A/seed1', ['cat', 'dog'], final=8, seconds=3.0)
    make_run(tmp_path / 'run/B/seed0', ['cow'], final=3, seconds=1.0)
    make_run(tmp_path / 'run/B/seed1', ['cow'], final=5, seconds=1.0)
    before = sorted((tmp_path / 'run').rglob('*'))
    code, out, _ = run(*made, '--seeds', 0, 1, '--out', tmp_path / 'out')
    assert code == 0 and sorted((tmp_path / 'run').rglob('*')) == before
    text = (tmp_path / 'out/crosswise.md').read_text()
    assert text in out
    header = cells(text, 'stage')
    half = {row: dict(zip(header, cells(text, row, '## Half A: 2 sequences, 2 seeds'), strict=True))
            for row in ('proposals', 'proposals on these frames', 'keymasks', 'final model',
                        'sparse-to-dense training', 'all')}
    assert (half['proposals']['frames'], half['proposals']['J top']) == ('8/8', '25.0 ± 0.0')
    same = half['proposals on these frames']
    assert (same['frames'], same['J top'], same['seconds']) == ('2/8', '50.0 ± 0.0', '-')
    assert half['keymasks']['J top'] == '60.0 ± 0.0'
    # 0.6 and 0.8: their standard deviation is 0.2 / sqrt(2)
    assert half['final model']['J top'] == half['final model']['J track'] == '70.0 ± 14.1'
    assert half['sparse-to-dense training']['seconds'] == '20.0 ± 14.1'
    assert half['all']['seconds'] == '28.0 ± 19.8'  # 2 + 10 + 2 and 6 + 30 + 6
    assert cells(text, 'final model', '## All sequences: 3 sequences')[2] == '60.0 ± 14.1'
    assert cells(text, 'all', '## All sequences')[-1] == '40.0 ± 19.8'
    targets = '## Targets'
    assert cells(text, 'keymasks: at least', targets)[1:] == ['yes: 60.0, needed 55.0'] * 3
    assert cells(text, 'dense labels: above', targets)[1] == 'not measured'
    assert cells(text, 'final model: above', targets)[2] == 'yes: 40.0, needed 25.0'
    assert cells(text, 'final model: at least 60', targets)[1:] == [
        'yes: 70.0, needed 60.0', '**no**: 40.0, needed 60.0', 'yes: 60.0, needed 60.0']
    assert cells(text, 'cow') == ['cow', 'B', '1/4', '25.0 ± 0.0', '50.0 ± 0.0', '60.0 ± 0.0',
                                  '-', '40.0 ± 14.1', '40.0 ± 14.1']
    assert '* half A, seed 0: dense labels: none in cat, dog' in text
    report = json.loads((tmp_path / 'out/crosswise.json').read_text())
    assert report['groups']['all']['stages']['infer']['J_top']['mean'] == pytest.approx(0.6)
    assert report['groups']['all']['targets'][-1]['met'] is True
    assert len(report['runs']) == 4 and report['reported'] == dict(A='davis16', B='davis16')


def test_what_is_better_on_one_half_is_reported_on_the_other(run, made, tmp_path):
    for half, videos, scores in (('A', ['cat', 'dog'], (7, 5)), ('B', ['cow'], (4, 6))):
        for name, score in zip(('one', 'two'), scores, strict=True):
            make_run(tmp_path / f'run/{half}/seed0/{name}', videos, final=score)
    code, out, _ = run(*made, '--candidates', 'x/one.py', 'y/two.py', '--seeds', 0)
    assert code == 0
    assert cells(out, 'half A') == ['half A', '70.0', '50.0', 'two']
    assert cells(out, 'half B') == ['half B', '40.0', '60.0', 'one']
    # the weaker of each: 0.5 for two sequences, 0.4 for one, and no spread of one seed
    assert cells(out, 'final model', '## All sequences: 3 sequences, 1 seed')[2] == '46.7'


def test_runs_that_are_not_there_are_remarks(run, made, tmp_path):
    make_run(tmp_path / 'run/A/seed0', ['cat'])
    code, out, _ = run(*made, '--seeds', 0, 1)
    assert code == 0
    assert '* half A, seed 1: not measured: ' in out and '* half B, seed 0: not measured: ' in out
    assert '* half A, seed 0: final model: none in dog' in out
    assert '## All sequences' not in out and '## Half A: 1 sequences, 1 seed' in out


def test_no_choice_without_final_masks(run, made, tmp_path):
    make_run(tmp_path / 'run/A/seed0/one', ['cat', 'dog'])
    code, _, err = run(*made, '--candidates', 'one.py', 'two.py', '--seeds', 0)
    assert code == 2 and 'error: half B has no final masks of any of one, two' in err


@pytest.mark.parametrize(('halves', 'args', 'message'), [
    (None, [], 'run has no run that can be measured; half A, seed 0: not measured: '),
    (None, ['--seeds', 0, -1], 'expected numbers from 0 to 4294967295, found -1'),
    (None, ['--candidates', 'a/x.py', 'b/x.py'], '2 files are named x.py'),
    (dict(A=['cat']), [], "expected two halves with sequences, found 'A' with 1"),
    (dict(A=['cat'], B=[]), [], "'B' with 0"),
    ({'A': ['cat'], '../B': ['dog']}, [], "'../B' cannot name a folder"),
    (dict(A=['cat'], B=['dog', 'cat']), [], "'cat' is there 2 times"),
    (dict(A=['cat'], B=[1]), [], 'at [...][0]: expected str, got int'),
    (dict(A=['cat'], B=['bird']), [], "has no sequence 'bird'; it has cat, cow, dog, ...; correct "
                                      '--halves'),
])
def test_bad_input_is_one_line_and_code_2(run, made, tmp_path, halves, args, message):
    if halves is not None:
        write_json(tmp_path / 'halves.json', halves)
    code, _, err = run(*made, *args)
    errors = [line for line in err.splitlines() if not line.startswith('measuring ')]
    assert code == 2
    assert len(errors) == 1 and errors[0].startswith('error: ') and message in errors[0]
    assert not (tmp_path / 'run').exists()


def test_only_runs_and_measures_nothing(run, made, capsys):
    with pytest.raises(SystemExit):
        run(*made, '--only', 'A')
    assert 'leave it out with --evaluate-only' in capsys.readouterr().err


def test_seeds_reach_both_trainings(part, tmp_path):
    from s2d_plugins.pipeline.training_config import read_training_config
    runs = part('crosswise_runs')
    plain = runs.seeded_config(write_recipe(tmp_path), 5)
    given = write_recipe(tmp_path / 'given', "final['options'] = {'randomness': "
                         "{'seed': 1, 'deterministic': True}, 'train_cfg.max_iters': 2}\n")
    cfg = runs.seeded_config(given, 6)
    assert read_training_config(plain, 'distill').randomness == dict(seed=5)
    final = read_training_config(cfg, 'final')
    assert final.randomness == dict(seed=6, deterministic=True)
    assert final.train_cfg.max_iters == 2
    (tmp_path / 'none.py').write_text('a = 1')
    with pytest.raises(S2DInputError, match='is not a pipeline config'):
        runs.seeded_config(tmp_path / 'none.py', 0)


@pytest.fixture
def spaces(tmp_path):
    make_run(tmp_path / 'from', ['cat'])
    source = Workspace(tmp_path / 'from')
    for stage in ('frames', 'proposals', 'keymasks'):
        source.state.set_key(stage, 'key')
    source.sheet_file('cat').write_bytes(b'sheet')
    return source, Workspace(tmp_path / 'to')


def test_stages_are_shared_as_links_and_replaced_when_they_change(part, spaces):
    source, target = spaces
    share = part('crosswise_runs').share_stages
    share(source, target)
    assert [target.state.key(stage) for stage in ('frames', 'proposals', 'keymasks', 'distill')] \
        == ['key', 'key', 'key', None]
    assert target.state.record('proposals', 'cat')['seconds'] == 1
    file, sheet = target.clip_file('keymasks', 'cat'), target.sheet_file('cat')
    assert file.stat().st_ino == source.clip_file('keymasks', 'cat').stat().st_ino
    assert sheet.read_bytes() == b'sheet' and not target.results_file('cat').exists()
    proposals = target.clip_file('proposals', 'cat')
    proposals.unlink()
    source.clear_stage('keymasks')  # what is removed here stays there
    write_json(source.clip_file('keymasks', 'cat'), 'new')
    source.state.set_key('keymasks', 'other')
    assert file.read_text() != '"new"'
    share(source, Workspace(target.root))
    assert file.read_text() == '"new"' and Workspace(target.root).state.key('keymasks') == 'other'
    assert not proposals.exists()  # its key is the same, so it is left as it is


def test_sharing_that_cannot_link_copies(part, spaces, monkeypatch):
    source, target = spaces

    def refuse(*_):
        raise OSError('no links')

    monkeypatch.setattr('os.link', refuse)
    part('crosswise_runs').share_stages(source, target)
    one, other = (space.clip_file('keymasks', 'cat') for space in spaces)
    assert one.read_text() == other.read_text() and one.stat().st_ino != other.stat().st_ino
    with target.lock(), pytest.raises(S2DInputError, match='another run is using'):
        part('crosswise_runs').share_stages(source, Workspace(target.root))


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


def test_from_frames_to_report_in_parts_and_again_for_nothing(run, tmp_path, monkeypatch):
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '')
    for name in ('a', 'b'):
        moving_square(tmp_path / 'data', name)
    write_json(tmp_path / 'halves.json', dict(A=['a'], B=['b']))
    good = write_recipe(tmp_path / 'recipe')
    bad = good.with_name('bad.py')
    bad.write_text("_base_ = './pipeline.py'\ndense = dict(score_thr=0.95)\n")
    command = ('--data', tmp_path / 'data', '--work-dir', tmp_path / 'run', '--halves',
               tmp_path / 'halves.json', '--device', 'cpu', '--candidates', good, bad)
    calls = BrightProposer.calls
    code, out, err = run(*command, '--only', 'A', '--seeds', 4)
    assert code == 2  # nothing is sure enough for the second candidate
    assert 'half A, seed 4, bad: stage dense: the teacher is sure of no object' in out
    assert 'run 2 of 2: half A, seed 4, bad' in err
    assert not (tmp_path / 'run/B').exists() and not (tmp_path / 'run/crosswise.md').exists()
    assert run(*command, '--only', 'C')[0] == 2
    code, out, _ = run(*command, '--seeds', 3)
    assert code == 2
    assert BrightProposer.calls == calls + 2  # once a half, whatever the seed or the candidate
    assert cells(out, 'half A')[2:] == cells(out, 'half B')[2:] == ['-', 'pipeline']
    assert float(cells(out, 'final model', '## All sequences: 2 sequences, 1 seed')[2]) > 70
    for place in ('A/seed4', 'B/seed3'):
        config = (tmp_path / f'run/{place}/pipeline/stages/final/config.py').read_text()
        assert f'seed={place[-1]}' in config
    before = json.loads((tmp_path / 'run/crosswise.json').read_text())
    assert run(*command, '--seeds', 3, '--evaluate-only')[0] == 0
    after = json.loads((tmp_path / 'run/crosswise.json').read_text())
    assert (after['groups'], after['runs']) == (before['groups'], before['runs'])
