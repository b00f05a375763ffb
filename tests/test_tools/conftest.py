import contextlib
import io
import shutil

import pytest
from tiny_recipe import make_video, run, write_recipe


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """A function that runs the tool in its own folder and returns exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '')

    def start(capsys, *args, videos='videos', work_dir='out', extra=''):
        config = write_recipe(tmp_path / 'recipe', extra)
        code = run(monkeypatch, 'run_s2d', config, '--videos', videos, '--work-dir', work_dir,
                   '--device', 'cpu', *args)
        out, err = capsys.readouterr()
        assert 'Traceback' not in out + err
        return code, out, err
    return start


@pytest.fixture(scope='session')
def finished_run(tmp_path_factory):
    """A folder with one video and all results of it; returns it and what was printed."""
    folder = tmp_path_factory.mktemp('finished')
    make_video(folder / 'videos/a.mp4')
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.chdir(folder)
        patch.setenv('CUDA_VISIBLE_DEVICES', '')
        assert run(patch, 'run_s2d', write_recipe(folder / 'recipe'), '--videos', 'videos',
                   '--work-dir', 'out', '--device', 'cpu') == 0
    return folder, printed.getvalue()


@pytest.fixture
def finished(finished_run, tmp_path):
    """A copy of the finished folder, for tests that go on from it."""
    shutil.copytree(finished_run[0], tmp_path, dirs_exist_ok=True)
    return tmp_path
