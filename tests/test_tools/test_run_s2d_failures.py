"""The pipeline when things go wrong that nobody foresaw, and files of its own are broken."""

import errno
import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
import torch
from tiny_recipe import ROOT, BrightProposer, make_video, write_recipe

from s2d_plugins.pipeline.quiet_runner import QuietRunner
from s2d_plugins.pipeline.stages import keymasks


@pytest.fixture
def two(tmp_path):
    for name in ('a', 'b'):
        make_video(tmp_path / f'videos/{name}.mp4')
    return tmp_path


def fail_for(monkeypatch, name, error):
    """Let the proposer fail for one clip."""
    propose = BrightProposer.propose

    def failing(self, frames, progress=None):
        if frames.name == name:
            raise error
        return propose(self, frames, progress)
    monkeypatch.setattr(BrightProposer, 'propose', failing)


@pytest.mark.parametrize(('error', 'line'), [
    (ZeroDivisionError('division by zero'), 'unexpected ZeroDivisionError: division by zero'),
    (AssertionError(), 'unexpected AssertionError'),
    (MemoryError('Unable to allocate 9 GiB'), 'out of memory (Unable to allocate 9 GiB)'),
    (RuntimeError('two\nlines \x1b[31m'), 'unexpected RuntimeError: two lines ?[31m'),
    (PermissionError(errno.EACCES, 'Permission denied'), 'unexpected PermissionError: ')])
def test_one_video_fails_in_any_way_and_the_others_go_on(recipe, capsys, two, monkeypatch, error,
                                                         line):
    fail_for(monkeypatch, 'a', error)
    code, out, _ = recipe(capsys, '--stages', 'frames', 'proposals', 'keymasks')
    assert code == 2 and f'failed: a: {line}' in out
    assert 'the whole story is in out/run.log' in out
    log = (two / 'out/run.log').read_text()
    assert 'Traceback' in log and type(error).__name__ in log
    assert [path.stem for path in (two / 'out/stages/keymasks').iterdir()] == ['b']


def test_an_only_video_that_fails_so_is_one_line_and_code_1(recipe, capsys, tmp_path, monkeypatch):
    make_video(tmp_path / 'a.mp4')
    fail_for(monkeypatch, 'a', IndexError('list index out of range'))
    code, _, err = recipe(capsys, videos='a.mp4')
    errors = [text for text in err.splitlines() if 'error' in text]
    assert code == 1 and errors == ['error: unexpected IndexError: list index out of range; the '
                                    'whole story is in out/run.log']
    log = (tmp_path / 'out/run.log').read_text()
    assert 'Traceback' in log and 'error: unexpected IndexError' in log


@pytest.mark.parametrize('error', [TypeError('no'), MemoryError(), BrokenPipeError(32, 'broken')])
def test_an_error_outside_of_any_video(recipe, capsys, two, monkeypatch, error):
    def failing(context):
        raise error
    monkeypatch.setattr(keymasks, '_merge', failing)
    code, _, err = recipe(capsys)
    errors = [text for text in err.splitlines() if text.startswith('error')]
    assert code == 1 and len(errors) == 1 and 'the whole story is in out/run.log' in errors[0]
    assert type(error).__name__ in errors[0] or 'out of memory' in errors[0]
    assert 'Traceback' in (two / 'out/run.log').read_text()


def test_a_full_disk_is_no_video_s_fault(recipe, capsys, two, monkeypatch):
    fail_for(monkeypatch, 'a', OSError(errno.ENOSPC, 'No space left on device'))
    code, _, err = recipe(capsys)
    assert code == 2 and 'No space left on device; free space' in err


def test_a_video_removed_while_it_runs(recipe, capsys, two, monkeypatch):
    merge = keymasks._merge

    def remove(context):
        (two / 'videos/a.mp4').unlink()
        merge(context)
    monkeypatch.setattr(keymasks, '_merge', remove)
    code, out, _ = recipe(capsys)
    assert code == 2 and '1 of 2 videos have a problem' in out
    assert 'failed: a: ' in out and 'unexpected' not in out
    assert (two / 'out/b/results.json').is_file()


def test_nobody_reads_the_console_any_more(recipe, capsys, tmp_path, monkeypatch):
    make_video(tmp_path / 'a.mp4')

    class Closed:
        encoding = 'utf-8'

        def write(self, text):
            raise BrokenPipeError(errno.EPIPE, 'Broken pipe')

        def flush(self):
            raise BrokenPipeError(errno.EPIPE, 'Broken pipe')

        def isatty(self):
            return False
    with monkeypatch.context() as patch:
        patch.setattr(sys, 'stdout', Closed())
        patch.setattr(sys, 'stderr', Closed())
        code, _, _ = recipe(capsys, '--stages', 'frames', 'proposals', videos='a.mp4')
    assert code == 0 and (tmp_path / 'out/stages/proposals/a.json').is_file()
    assert '[2/2] proposals' in (tmp_path / 'out/run.log').read_text()


LABEL_STAGES = ('--stages', 'frames', 'proposals', 'keymasks', 'distill', 'dense')


def break_file(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))


@pytest.mark.parametrize(('file', 'content', 'expected'), [
    ('stages/state.json', '{', 'state.json is not valid JSON'),
    ('stages/state.json', [], 'state.json is not the state of a work dir'),
    ('stages/state.json', {'frames': {'key': 1}}, 'at [...].key: expected str'),
    ('stages/state.json', {'infer': {'items': {'a': {'seconds': 'x'}}}}, 'state of a work dir'),
    ('stages/distill/done.json', '{', 'done.json is not valid JSON'),
    ('stages/distill/done.json', {'checkpoint': 3}, 'not the note of a completed training'),
    ('stages/distill/done.json', {'checkpoint': '../../../a.pth', 'finished': 1.0},
     "names the file '../../../a.pth', expected a path inside its folder"),
    ('stages/dense/a.json', '{', 'dense/a.json is not valid JSON'),
    ('stages/dense/a.json', {'videos': []}, 'expected the YouTube-VIS labels of one clip'),
    ('stages/keymasks/a.json', {'videos': 3}, 'keymasks/a.json is not a YouTube-VIS label file'),
    ('stages/keymasks/a.json', '[]', 'is not a YouTube-VIS label file')])
def test_broken_files_of_the_work_dir(recipe, capsys, finished, file, content, expected):
    break_file(finished / 'out' / file, content)
    code, _, err = recipe(capsys, *LABEL_STAGES)
    errors = [line for line in err.splitlines() if line.startswith('error')]
    assert code == 2 and len(errors) == 1 and expected in errors[0]
    assert 'delete it' in errors[0]


@pytest.mark.parametrize('file', ['stages/state.json', 'stages/distill/done.json',
                                  'stages/dense/a.json', 'stages/keymasks/a.json'])
def test_deleting_such_a_file_is_enough(recipe, capsys, finished, file):
    (finished / 'out' / file).unlink()
    code, out, _ = recipe(capsys, *LABEL_STAGES)
    assert code == 0
    if 'done' in file:
        assert 'distill: goes on from iter_4.pth' in out


def test_a_broken_label_file_of_one_video_of_two(recipe, capsys, two):
    recipe(capsys, '--stages', 'frames', 'proposals', 'keymasks')
    break_file(two / 'out/stages/keymasks/a.json', '{')
    code, out, _ = recipe(capsys, '--stages', 'frames', 'proposals', 'keymasks')
    assert code == 2 and 'failed: a: out/stages/keymasks/a.json is not valid JSON' in out
    merged = json.loads((two / 'out/stages/keymasks.json').read_text())
    assert [video['name'] for video in merged['videos']] == ['b']


@pytest.mark.parametrize('content', [
    '{', {'name': 'a'}, {'name': 'b'}, {'size': [0, 0]}, {'file_names': ['../../precious']}])
def test_a_broken_description_of_a_clip_is_made_again(recipe, capsys, finished, content):
    args = ('--stages', 'frames', 'proposals')
    path = finished / 'out/stages/frames/a.json'
    whole = json.loads(path.read_text())
    break_file(path, {**whole, **content} if len(content) == 1 and content != {'name': 'a'}
               and isinstance(content, dict) else content)
    code, out, _ = recipe(capsys, *args)
    assert code == 0 and 'frames: a is extracted again, since' in out
    assert json.loads(path.read_text()) == whole
    break_file(path, '{')
    code, _, err = recipe(capsys, '--stages', 'proposals')
    assert code == 2 and 'delete it and run the stage frames again' in err


def test_last_checkpoint_that_names_nothing_is_no_matter(recipe, capsys, tmp_path, monkeypatch):
    make_video(tmp_path / 'a.mp4')
    train = QuietRunner.train

    def train_and_break(self):
        train(self)
        with open(os.path.join(self.work_dir, 'last_checkpoint'), 'w') as file:
            file.write('/moved/away/iter_9.pth')
    monkeypatch.setattr(QuietRunner, 'train', train_and_break)
    assert recipe(capsys, videos='a.mp4')[0] == 0
    done = json.loads((tmp_path / 'out/stages/distill/done.json').read_text())
    assert done['checkpoint'] == 'iter_4.pth'


def test_a_training_without_checkpoints_is_told(recipe, capsys, tmp_path, monkeypatch):
    make_video(tmp_path / 'a.mp4')
    monkeypatch.setattr(QuietRunner, 'train', lambda self: None)
    code, _, err = recipe(capsys, videos='a.mp4')
    assert code in (1, 2) and 'distill' in err


def test_weights_to_start_from_are_whole_or_not_there(recipe, capsys, tmp_path, monkeypatch):
    make_video(tmp_path / 'a.mp4')
    extra = "final.update(init_from='student')\n"
    code, _, err = recipe(capsys, videos='a.mp4', extra=extra)
    assert code == 2 and 'has no weights of that name; set it to None' in err
    folder = tmp_path / 'out/stages'
    weights = torch.load(folder / 'distill/iter_4.pth', weights_only=False)
    weights['state_dict'] = {f'student.{name}': value
                             for name, value in weights['state_dict'].items()}
    torch.save(weights, folder / 'distill/iter_4.pth')
    replace = os.replace

    def full(source, target):
        if str(target).endswith('init.pth'):
            raise OSError(errno.ENOSPC, 'No space left on device')
        replace(source, target)
    with monkeypatch.context() as patch:
        patch.setattr('s2d_plugins.fileio.whole_files.os.replace', full)
        code, _, err = recipe(capsys, '--stages', 'final', videos='a.mp4', extra=extra)
    assert code == 2 and 'init.pth: No space left on device; free space' in err
    assert not (folder / 'final/init.pth').exists()
    code, out, _ = recipe(capsys, '--stages', 'final', videos='a.mp4', extra=extra)
    assert code == 0 and (folder / 'final/init.pth').is_file()


def test_a_mistake_in_the_last_training_is_told_before_anything_is_made(recipe, capsys, tmp_path):
    make_video(tmp_path / 'a.mp4')
    code, _, err = recipe(capsys, '--cfg-options', 'final.options.model.wieght=1', videos='a.mp4',
                          extra='final.update(options=dict())\n')
    assert code == 2 and len(err.splitlines()) == 1
    assert 'pipeline.py: final: ' in err and "unexpected keyword argument 'wieght'" in err
    assert not (tmp_path / 'out/stages/frames').exists()


COMMAND = '''
import sys
sys.path[:0] = [{tests!r}]
import tiny_recipe
sys.argv[:] = ['run_s2d.py', *sys.argv[1:]]
import importlib.util
spec = importlib.util.spec_from_file_location('tool', {tool!r})
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)
sys.exit(tool.run_tool(tool.main, 'interrupted; run the same command again to go on'))
'''


def test_an_interrupt_while_a_training_starts(tmp_path):
    make_video(tmp_path / 'a.mp4')
    config = write_recipe(tmp_path / 'recipe')
    training = tmp_path / 'recipe/training/distill.py'
    training.write_text(training.read_text().replace('num_workers=0', 'num_workers=2').replace(
        'max_iters=4', 'max_iters=10**6'))
    code = COMMAND.format(tests=str(ROOT / 'tests/test_tools'),
                          tool=str(ROOT / 'tools/run_s2d.py'))
    run = subprocess.Popen(
        [sys.executable, '-c', code, str(config), '--videos', 'a.mp4', '--work-dir', 'out',
         '--device', 'cpu'], cwd=tmp_path, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, 'PYTHONPATH': str(ROOT), 'CUDA_VISIBLE_DEVICES': ''})
    try:
        for line in run.stdout:
            if 'distill' in line:
                break
        time.sleep(0.5)
        workers = psutil.Process(run.pid).children(recursive=True)
        os.killpg(run.pid, signal.SIGINT)
        out, err = run.communicate(timeout=60)
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
    assert run.returncode == 130, err
    assert 'Traceback' not in err and 'KeyboardInterrupt' not in err
    assert err.rstrip().splitlines()[-1] == 'interrupted; run the same command again to go on'
    psutil.wait_procs(workers, timeout=10)
    assert not [worker for worker in workers if worker.is_running()
                and worker.status() != psutil.STATUS_ZOMBIE]
