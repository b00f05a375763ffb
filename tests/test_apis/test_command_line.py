import argparse
import errno
import logging
import re
import subprocess
import sys
import time

import pytest
from mmengine.logging import MMLogger

from s2d_plugins.apis.command_line import (
    Failures,
    add_window_arguments,
    prepare_outputs,
    run_tool,
    window_settings,
)
from s2d_plugins.errors import S2DInputError, S2DOutputError, one_line
from s2d_plugins.fileio.configs import config_errors
from s2d_plugins.fileio.whole_files import partial_path


def raising(error):
    def main():
        raise error
    return main


def test_exit_codes(capsys):
    assert run_tool(lambda: None) == 0
    assert run_tool(lambda: 2) == 2
    assert run_tool(raising(S2DInputError('bad\nfile'))) == 2
    assert capsys.readouterr().err == 'error: bad?file\n'
    assert run_tool(raising(KeyboardInterrupt()), 'go on') == 130
    assert capsys.readouterr().err == '\ngo on\n'
    with pytest.raises(SystemExit):
        run_tool(raising(SystemExit(2)))


@pytest.fixture
def no_log(monkeypatch):
    """No logger of an earlier test, and no wish to see tracebacks."""
    monkeypatch.setattr(MMLogger, '_instance_dict', type(MMLogger._instance_dict)())
    monkeypatch.delenv('S2D_TRACEBACK', raising=False)
    return monkeypatch


def test_an_error_that_nobody_foresaw(no_log, capsys):
    assert run_tool(raising(TypeError('no\x1b[2J\nlength'))) == 1
    assert capsys.readouterr().err == ('error: unexpected TypeError: no?[2J length; run it with '
                                       'S2D_TRACEBACK=1 to see the traceback\n')
    assert run_tool(raising(ZeroDivisionError())) == 1
    assert capsys.readouterr().err.startswith('error: unexpected ZeroDivisionError; run it with')
    no_log.setenv('S2D_TRACEBACK', '1')
    assert run_tool(raising(S2DInputError('bad file'))) == 2
    err = capsys.readouterr().err
    assert err.startswith('Traceback (most recent call last)') and err.endswith(
        '\nerror: bad file\n')


def test_the_traceback_goes_to_the_log_of_a_training(no_log, tmp_path, capsys):
    log = tmp_path / 'run.log'
    MMLogger.get_instance('a_training', log_file=str(log))
    capsys.readouterr()
    assert run_tool(raising(TypeError('no length'))) == 1
    captured = capsys.readouterr()
    assert captured.err == f'error: unexpected TypeError: no length; the traceback is in {log}\n'
    assert not captured.out
    assert 'in raising' not in log.read_text() and 'TypeError: no length' in log.read_text()
    assert 'Traceback (most recent call last)' in log.read_text()


def test_ctrl_c_that_a_library_takes_for_an_error(no_log, capsys):
    def main():
        try:
            raise KeyboardInterrupt
        except:  # noqa: E722  as mmengine formats a config
            raise SyntaxError('failed to format')  # noqa: B904

    assert run_tool(main, 'go on') == 130
    assert capsys.readouterr().err == '\ngo on\n'
    with pytest.raises(KeyboardInterrupt), config_errors('a.py'):
        main()


def test_what_the_machine_lacks_is_no_programming_error(no_log, capsys):
    assert run_tool(raising(OSError(errno.ENOSPC, 'No space left on device', 'a/b.json'))) == 2
    assert capsys.readouterr().err == (
        'error: cannot use a/b.json: No space left on device; free space, or check the path and '
        'its permissions\n')
    assert run_tool(raising(FileNotFoundError(errno.ENOENT, 'No such file', 'a'))) == 1
    assert 'unexpected FileNotFoundError' in capsys.readouterr().err


def test_a_log_that_cannot_be_written_is_no_traceback_per_line(no_log, capsys):
    class FullDisk(logging.FileHandler):
        def format(self, record):
            raise OSError(errno.ENOSPC, 'No space left on device')

    def main():
        logger = logging.Logger('full')
        logger.addHandler(FullDisk('/dev/null'))
        logger.warning('lost')

    assert run_tool(main) == 0
    assert capsys.readouterr().err == '' and logging.raiseExceptions


def test_a_reader_that_has_had_enough():
    tool = ('import sys; from s2d_plugins.apis.command_line import run_tool\n'
            'sys.exit(run_tool(lambda: [print("x" * 100) for _ in range(9999)] and 0))')
    process = subprocess.Popen([sys.executable, '-c', tool], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(60) == 141 and process.stderr.read() == b''


def test_prepare_outputs(tmp_path):
    data, out = tmp_path / 'data.json', tmp_path / 'out'
    data.write_text('{}')
    out.mkdir()
    left = partial_path(out / 'a.json')
    left = left.with_name(re.sub(r'-\d+-', '-99999999-', left.name))  # of a process long gone
    left.touch()
    with pytest.raises(S2DInputError, match='would be written over'):
        prepare_outputs([data], files=[data])
    assert left.exists()
    prepare_outputs([data, None], files=[out / 'a.json', None])
    assert not left.exists() and data.exists()


def test_one_of_several_videos_fails(tmp_path, capsys):
    failures = Failures(3, tmp_path / 'logs')
    with failures.contained('a'):
        raise S2DInputError('a.mp4 is empty')
    with failures.contained('b'):
        raise TypeError('no length')
    with failures.contained('c'):
        pass
    assert failures.exit_code() == 2
    log = tmp_path / 'logs' / 'b.txt'
    assert capsys.readouterr().err.splitlines() == [
        'failed: a: a.mp4 is empty',
        f'failed: b: unexpected TypeError: no length; the traceback is in {log}',
        '2 of 3 videos failed; the same command tries them again']
    assert log.read_text().endswith('TypeError: no length\n')
    assert Failures(3).exit_code() == 0


def test_what_ends_a_run_of_several_videos():
    for total, error in ((1, S2DInputError('empty')), (3, S2DOutputError('disk full')),
                         (3, OSError(errno.ENOSPC, 'disk full')), (3, KeyboardInterrupt())):
        with pytest.raises(type(error)), Failures(total).contained('a'):
            raise error


def test_one_line_drops_what_registries_and_workers_add():
    assert one_line(S2DInputError('class `A` in b/c.py: no such file')) == 'no such file'
    worker = ('Caught S2DInputError in DataLoader worker process 0.\nOriginal Traceback (most '
              'recent call last):\n  File "x.py"\ns2d_plugins.errors.S2DInputError: lost: frame 3')
    assert one_line(S2DInputError(worker)) == 'lost: frame 3'
    assert one_line(ValueError()) == 'ValueError'


def test_window_arguments():
    parser = argparse.ArgumentParser()
    add_window_arguments(parser, score_thr=0.25)
    assert window_settings(parser.parse_args([])) == dict(
        score_thr=0.25, window='auto', overlap=0, max_lost=24)
    assert window_settings(parser.parse_args(['--window', '9']))['overlap'] == 4
    whole = window_settings(parser.parse_args(['--window', 'all', '--max-lost', '0']))
    assert (whole['window'], whole['overlap'], whole['max_lost']) == (None, 0, 0)
    auto = window_settings(parser.parse_args(['--window', 'auto', '--overlap', '3']))
    assert (auto['window'], auto['overlap']) == ('auto', 3)


@pytest.mark.parametrize(('options', 'expected'), [
    ('--max-lost -1', '--max-lost: expected a whole number, at least 0, found -1'),
    ('--window 1', '--window: expected a whole number, at least 2, found 1'),
    ('--window 8 --overlap 8', '--overlap: expected an overlap of at least 1 and below the window '
                               'of 8 frames, found 8'),
    ('--overlap -1', '--overlap: expected a whole number, at least 0, found -1'),
    ('--score-thr 1.1', '--score-thr: expected a number from 0 to 1, found 1.1'),
    ('--score-thr nan', '--score-thr: expected a number from 0 to 1, found nan'),
    ('--top-k 0', '--top-k: expected a whole number, at least 1, found 0'),
    ('--tube-nms-iou -1', '--tube-nms-iou: expected a number from 0 to 1, found -1.0')])
def test_window_arguments_out_of_range(options, expected):
    parser = argparse.ArgumentParser()
    add_window_arguments(parser, score_thr=0.25)
    with pytest.raises(S2DInputError, match=re.escape(expected)):
        window_settings(parser.parse_args(options.split()))


def test_an_interrupt_in_other_words(capsys):
    def main():
        try:
            raise KeyboardInterrupt
        except BaseException:
            raise SyntaxError('cannot format the config')  # noqa: B904  as yapf's caller does
    assert run_tool(main, 'go on') == 130
    assert capsys.readouterr().err == '\ngo on\n'
    failures = Failures(2)
    with pytest.raises(SyntaxError), failures.contained('a'):
        main()
    assert failures.reasons == {}


def test_an_interrupt_in_a_destructor_is_not_lost(capsys):
    class Interrupted:
        def __del__(self):
            raise KeyboardInterrupt

    def main():
        del_me = Interrupted()
        del del_me
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            time.sleep(0.01)
    hook = sys.unraisablehook
    assert run_tool(main, 'go on') == 130
    assert capsys.readouterr().err == '\ngo on\n' and sys.unraisablehook is hook
