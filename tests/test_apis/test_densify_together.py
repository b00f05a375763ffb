"""Dense labels made by several processes: as one makes them, also killed and gone on with."""

import importlib.util
import json
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from bright_model import TwoQuerySegmenter, red_squares, write_model

from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools' / 'densify_labels.py'
LENGTHS = dict(cat=6, bad=2, dog=3, cow=5, hen=1)


@pytest.fixture
def inputs(tmp_path):
    """Five videos, one of which lacks its last frame, and a model."""
    for index, frame in enumerate(red_squares()):
        (tmp_path / 'frames').mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / f'frames/{index}.png'), frame[..., ::-1])
    videos = [make_video(10 * number, name, (40, 56),
                         [f'frames/{index}.png' for index in range(length)])
              for number, (name, length) in enumerate(LENGTHS.items(), 1)]
    videos[1]['file_names'][-1] = 'frames/none.png'
    write_json(tmp_path / 'keymasks.json', make_labels(videos, []))
    write_model(tmp_path, extra="custom_imports = dict(imports=['bright_model'])\n")
    return tmp_path


def arguments(folder, out, *more):
    return [*(str(folder / name) for name in ('model.py', 'model.pth', 'keymasks.json')),
            '--data-root', str(folder), '--out', str(folder / out), '--device', 'cpu', *more]


def run_tool(argv):
    spec = importlib.util.spec_from_file_location('densify_labels', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.argv = ['densify_labels', *argv]
    return module.run_tool(module.main)


@pytest.fixture
def alone(monkeypatch):
    monkeypatch.setattr(sys, 'argv', [])
    return run_tool


def parts(folder, out):
    return {path.stem: path.stat().st_mtime_ns
            for path in (folder / f'{out}.videos').glob('*.json')}


def test_goes_on_and_makes_again_what_changed(inputs, alone, capsys):
    assert alone(arguments(inputs, 'a.json')) == 2
    text, before = (inputs / 'a.json').read_bytes(), parts(inputs, 'a.json')
    assert sorted(before) == ['cat', 'cow', 'dog', 'hen']
    cv2.imwrite(str(inputs / 'frames/none.png'), red_squares()[0])
    assert alone(arguments(inputs, 'a.json')) == 0
    assert '5 instances in 5 videos (4 from earlier runs)' in capsys.readouterr().out
    made = parts(inputs, 'a.json')
    assert {name for name in made if made[name] != before.get(name)} == {'bad'}
    dense = json.loads((inputs / 'a.json').read_text())
    assert [(one['id'], one['video_id']) for one in dense['annotations']] == [
        (number, 10 * number) for number in range(1, 6)]
    os.utime(inputs / 'frames/5.png', (1, 1))
    (inputs / 'frames/none.png').unlink()
    assert alone(arguments(inputs, 'a.json')) == 2  # without the old labels of what now fails
    assert 'made again, since frames changed: cat, bad\n' in capsys.readouterr().out
    assert (inputs / 'a.json').read_bytes() == text
    assert alone(arguments(inputs, 'a.json', '--score-thr', '0.05')) == 2
    assert 'made again, since settings changed: ' in capsys.readouterr().out
    assert len(json.loads((inputs / 'a.json').read_text())['annotations']) == 8
    before = parts(inputs, 'a.json')
    assert alone(arguments(inputs, 'a.json', '--score-thr', '0.05', '--overwrite')) == 2
    made = parts(inputs, 'a.json')
    assert all(made[name] > before[name] for name in before if name != 'bad')


def with_keymasks(folder, stop, videos=None):
    """A file whose keymask instance of each video covers columns 0 to ``stop`` of frame 0."""
    mask = np.zeros((40, 56), bool)
    mask[8:24, :stop] = True
    entries = json.loads((folder / 'keymasks.json').read_text())['videos']
    entries = entries if videos is None else videos
    masks = [make_annotation(number, entry['id'],
                             [encode_mask(mask)] + [None] * (len(entry['file_names']) - 1))
             for number, entry in enumerate(entries, 1) if entry['name'] != 'cow']
    write_json(folder / 'judges.json', make_labels(entries, masks))
    return '--keymasks', str(folder / 'judges.json'), '--score-thr', '0.05'


def test_keymasks_judge_the_tubes(inputs, alone, capsys):
    """Of two tubes (0.9, the square; 0.1, all pixels) one agrees by 16/16, later by 16/56."""
    cv2.imwrite(str(inputs / 'frames/none.png'), red_squares()[0])
    judged = with_keymasks(inputs, 16)
    assert alone(arguments(inputs, 'a.json', *judged)) == 0
    found = json.loads((inputs / 'a.json').read_text())['annotations']
    scores = {10 * number: [] for number in range(1, 6)}
    for one in found:
        scores[one['video_id']].append(one['score'])
    assert scores.pop(40) == pytest.approx([0.9, 0.1])  # the cow has no keymask
    assert list(scores.values()) == [[pytest.approx(0.9, abs=0.12)]] * 4  # outlines may differ
    assert alone(arguments(inputs, 'a.json', *judged, '--support-min-share', '0')) == 0
    assert 'made again, since support changed' in capsys.readouterr().out
    assert len(json.loads((inputs / 'a.json').read_text())['annotations']) == 10
    with_keymasks(inputs, 40)
    assert alone(arguments(inputs, 'a.json', *judged, '--support-min-share', '0')) == 0
    out = capsys.readouterr().out
    assert 'made again, since keymasks changed: cat, bad, dog, hen\n' in out
    assert alone(arguments(inputs, 'a.json', '--score-thr', '0.05')) == 0
    assert len(json.loads((inputs / 'a.json').read_text())['annotations']) == 10


def test_keymasks_of_other_videos_are_refused(inputs, alone, capsys):
    entries = json.loads((inputs / 'keymasks.json').read_text())['videos']
    judged = with_keymasks(inputs, 16, entries[1:])
    assert alone(arguments(inputs, 'a.json', *judged)) == 2
    assert "expected keymasks of video 'cat' (id 10) in its 6 frames, found no such video" in (
        capsys.readouterr().err)
    entries[0]['file_names'][0] = 'frames/other.png'
    assert alone(arguments(inputs, 'a.json', *with_keymasks(inputs, 16, entries))) == 2
    assert 'found other file_names; give the keymasks' in capsys.readouterr().err
    assert alone(arguments(inputs, 'a.json', '--support-min-share', '0.5')) == 2
    assert '--support-min-share is about --keymasks' in capsys.readouterr().err
    judged = with_keymasks(inputs, 16)
    assert alone(arguments(inputs, 'a.json', *judged, '--support-min-share', '2')) == 2
    assert 'min_share to be a number from 0 to 1, found 2.0' in capsys.readouterr().err
    assert not (inputs / 'a.json').exists()


def test_torchrun_makes_the_same_file(inputs, alone):
    alone(arguments(inputs, 'alone.json'))
    environment = {**os.environ, 'PYTHONPATH': f'{Path(__file__).parent}{os.pathsep}{ROOT}',
                   'OMP_NUM_THREADS': '1'}
    found = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2',
         str(TOOL), *arguments(inputs, 'together.json')], env=environment, timeout=300,
        capture_output=True, text=True)
    assert (inputs / 'together.json').read_bytes() == (inputs / 'alone.json').read_bytes()
    assert '4 instances in 4 videos (0 from earlier runs)' in found.stdout
    end = found.stderr.partition('wrote')[2] or found.stderr
    assert 'failed: bad: ' in end and 'none.png' in end
    assert '1 of 5 videos failed; the same command tries them again' in found.stderr
    assert found.returncode != 0 and 'exitcode  : 2' in found.stderr  # torchrun's own is always 1
    assert 'densify: 100%' in found.stderr


def work_as(rank, folder, port, out, seconds):
    """Run the tool as one of two processes, with a model that takes its time."""
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE='2',
                      MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    torch.set_num_threads(1)
    segment = TwoQuerySegmenter.segment_window

    def slow(self, inputs):
        time.sleep(seconds[rank])
        return segment(self, inputs)

    TwoQuerySegmenter.segment_window = slow
    with (folder / f'stderr{rank}').open('w') as file:
        os.dup2(file.fileno(), 2)
        sys.stderr = file
        code = run_tool(arguments(folder, out))
    os._exit(code)


@pytest.mark.parametrize('killed', [0, 1])
def test_one_is_killed_the_other_ends_and_one_alone_goes_on(inputs, alone, killed):
    """The one that is killed works on its first video when the other has done all of its own."""
    alone(arguments(inputs, 'alone.json'))
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    seconds = [0.0, 0.0]
    seconds[killed] = 60.0
    context = multiprocessing.get_context('fork')
    processes = [context.Process(target=work_as, args=(rank, inputs, port, 'two.json', seconds))
                 for rank in range(2)]
    for process in processes:
        process.start()
    share = [['cat', 'hen'], ['cow', 'dog']][1 - killed]
    deadline = time.time() + 60
    while not set(share) <= parts(inputs, 'two.json').keys() and time.time() < deadline:
        time.sleep(0.05)
    os.kill(processes[killed].pid, signal.SIGKILL)
    start = time.time()
    for process in processes:
        process.join(60)
    assert time.time() - start < 20
    assert [processes[rank].exitcode for rank in (killed, 1 - killed)] == [-signal.SIGKILL, 1]
    told = (inputs / f'stderr{1 - killed}').read_text()
    assert 'error: another process of this run has died; ' in told and 'Traceback' not in told
    before = parts(inputs, 'two.json')
    assert sorted(before) == share and not (inputs / 'two.json').exists()
    assert alone(arguments(inputs, 'two.json')) == 2
    assert (inputs / 'two.json').read_bytes() == (inputs / 'alone.json').read_bytes()
    made = parts(inputs, 'two.json')
    assert all(made[name] == before[name] for name in before)


@pytest.mark.parametrize(('more', 'line'), [
    (('--work-dir', 'frames'), 'holds the input|is the input'),
    (('--work-dir', 'a.json'), 'a.json would be a folder and a file to write'),
    (('--launcher', 'slurm'), '--launcher slurm: the environment has no SLURM_PROCID; start the '
     'command with srun')])
def test_mistakes(inputs, alone, capsys, monkeypatch, more, line):
    monkeypatch.chdir(inputs)
    monkeypatch.delenv('SLURM_PROCID', raising=False)
    argv = arguments(inputs, 'a.json', *more)
    argv[argv.index('--data-root') + 1] = 'frames'
    assert alone(argv) == 2
    assert re.search(line, capsys.readouterr().err)
    assert not (inputs / 'a.json').exists()
