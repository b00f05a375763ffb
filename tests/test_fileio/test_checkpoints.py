import errno
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import CheckpointLoader

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.checkpoint_sources import use_safe_checkpoints
from s2d_plugins.fileio.checkpoints import (
    load_checkpoint,
    name_last_checkpoint,
    newest_checkpoint,
)


@pytest.fixture
def loaders():
    """Put mmengine's own loaders back after the test."""
    before = dict(CheckpointLoader._schemes)
    yield
    CheckpointLoader._schemes = before


class Malicious:
    def __reduce__(self):
        return os.system, ('touch executed',)


class Sneaky:
    """Asks for getattr of something that is no history."""

    def __reduce__(self):
        return getattr, (np.ndarray, 'tofile')


def mmengine_like() -> dict:
    history = HistoryBuffer()
    history.update(2.0)
    history.update(4.0)
    return dict(state_dict=dict(weight=torch.ones(2)), meta=dict(iter=3, seed=np.int64(7)),
                message_hub=dict(log_scalars={'train/loss': history},
                                 runtime_info=dict(best=np.float32(0.5), flags=np.array([True]))))


def test_reads_what_mmengine_writes(tmp_path):
    torch.save(mmengine_like(), tmp_path / 'iter_3.pth')
    found = load_checkpoint(tmp_path / 'iter_3.pth')
    history = found['message_hub']['log_scalars']['train/loss']
    assert history.mean() == 3.0 and history.statistics('max') == 4.0
    assert found['meta']['seed'] == 7 and found['message_hub']['runtime_info']['best'] == 0.5


@pytest.mark.parametrize('kind', [Malicious, Sneaky])
def test_refuses_code_and_does_not_run_it(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    torch.save(dict(state_dict={}, extra=kind()), 'bad.pth')
    with pytest.raises(S2DInputError, match='bad.pth holds .* may run code'):
        load_checkpoint('bad.pth')
    assert not (tmp_path / 'executed').exists()


def test_missing_and_truncated_files_are_named(tmp_path):
    with pytest.raises(S2DInputError, match='cannot find the checkpoint .*none.pth'):
        load_checkpoint(tmp_path / 'none.pth')
    torch.save(mmengine_like(), tmp_path / 'whole.pth')
    (tmp_path / 'cut.pth').write_bytes((tmp_path / 'whole.pth').read_bytes()[:300])
    (tmp_path / 'empty.pth').write_bytes(b'')
    (tmp_path / 'text.pth').write_text('hello')
    for name in ('cut', 'empty', 'text'):
        with pytest.raises(S2DInputError, match=f'{name}.pth is not a readable checkpoint') as info:
            load_checkpoint(tmp_path / f'{name}.pth')
        assert '\n' not in str(info.value)
        assert 'weights_only' not in str(info.value)


@pytest.mark.parametrize('text', ['hello\n', 'version https://git-lfs.example/spec/v1\n', '{}'])
def test_a_text_file_is_told_from_a_checkpoint_in_words(tmp_path, text):
    path = tmp_path / 'text.pth'
    path.write_text(text)
    with pytest.raises(S2DInputError, match=r'\(not a file that torch.save wrote\)'):
        load_checkpoint(path)


def save(folder, *names):
    for age, name in enumerate(names):
        torch.save(dict(state_dict={}), folder / name)
        os.utime(folder / name, (1000 + age, 1000 + age))


def test_newest_checkpoint_goes_by_the_number_in_its_name(tmp_path):
    save(tmp_path, 'iter_1000.pth', 'iter_900.pth', 'iter_2.pth', 'best_9999.pth')
    assert newest_checkpoint(tmp_path) == tmp_path / 'iter_1000.pth'
    save(tmp_path, 'epoch_3.pth')
    assert newest_checkpoint(tmp_path) == tmp_path / 'iter_1000.pth'
    os.utime(tmp_path / 'epoch_3.pth')
    assert newest_checkpoint(str(tmp_path)) == tmp_path / 'epoch_3.pth'


@pytest.mark.parametrize('last', [None, 'iter_4.pth', '/moved/away/iter_4.pth', 'iter_9.pth',
                                  '', '\0', '.'])
def test_newest_checkpoint_passes_over_cut_and_missing_ones(tmp_path, last):
    save(tmp_path, 'iter_2.pth', 'iter_3.pth', 'iter_4.pth')
    whole = (tmp_path / 'iter_4.pth').read_bytes()
    (tmp_path / 'iter_4.pth').write_bytes(whole[:len(whole) // 2])
    (tmp_path / 'iter_5.pth').mkdir()
    if last is not None:
        (tmp_path / 'last_checkpoint').write_text(last)
    assert newest_checkpoint(tmp_path) == tmp_path / 'iter_3.pth'


def test_newest_checkpoint_of_another_name_is_what_last_checkpoint_says(tmp_path):
    save(tmp_path, 'step-7.pth')
    assert newest_checkpoint(tmp_path) is None
    (tmp_path / 'last_checkpoint').write_text('/somewhere/else/step-7.pth')
    assert newest_checkpoint(tmp_path) == tmp_path / 'step-7.pth'


def test_no_newest_checkpoint(tmp_path):
    assert newest_checkpoint(tmp_path) is None
    assert newest_checkpoint(tmp_path / 'none') is None
    (tmp_path / 'last_checkpoint').write_bytes(b'\xff\xfe')
    assert newest_checkpoint(tmp_path) is None


@pytest.mark.parametrize('value', [float('nan'), float('inf'), -float('inf')])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_weights_that_are_no_numbers_are_named(tmp_path, value, dtype):
    bad = torch.ones(3, 4, dtype=dtype)
    bad[1, 2] = value
    path = tmp_path / 'a.pth'
    torch.save(dict(state_dict={'neck.weight': torch.ones(2), 'head.weight': bad,
                                'head.count': torch.ones(1, dtype=torch.long)}), path)
    with pytest.raises(S2DInputError, match='a.pth: 1 of 12 values of the weight '
                       'state_dict.head.weight are NaN or infinite.*give a checkpoint'):
        load_checkpoint(path)
    torch.save({'head.weight': bad}, path)  # weights by themselves
    with pytest.raises(S2DInputError, match='of the weight head.weight are NaN'):
        load_checkpoint(path)


def test_large_weights_and_logged_losses_are_let_through(tmp_path):
    path = tmp_path / 'a.pth'
    history = HistoryBuffer()
    history.update(float('nan'))
    torch.save(dict(state_dict=dict(weight=torch.full((9,), 6e4, dtype=torch.float16),
                                    large=torch.full((2,), 1e300, dtype=torch.float64)),
                    message_hub=dict(log_scalars=dict(loss=history)),
                    optimizer=dict(state={0: dict(step=torch.tensor(float('inf')))})), path)
    assert load_checkpoint(path)['state_dict']['weight'][0] == 6e4


def test_mmengine_saves_whole_files(tmp_path, loaders, monkeypatch):
    from mmengine.fileio import LocalBackend, backends, get_file_backend
    from mmengine.runner import save_checkpoint
    monkeypatch.setattr(backends.registry_utils, 'backends', dict(backends.backends))
    path = tmp_path / 'run' / 'iter_1.pth'
    use_safe_checkpoints()
    try:
        save_checkpoint(dict(state_dict={}), str(path))
        before = path.read_bytes()

        def full_disk(self, data):
            with open(self, 'wb') as file:
                file.write(data[:100])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(Path, 'write_bytes', full_disk)
        with pytest.raises(S2DInputError, match='cannot write .*iter_1.pth: No space left'):
            save_checkpoint(dict(state_dict=dict(weight=torch.ones(9))), str(path))
        assert path.read_bytes() == before and os.listdir(path.parent) == ['iter_1.pth']
        monkeypatch.undo()
        get_file_backend(str(path)).put_text('ä', path)
        assert path.read_text(encoding='utf-8') == 'ä'
    finally:
        backends.register_backend('local', LocalBackend, force=True, prefixes='')


def test_last_checkpoint_is_mended(tmp_path):
    checkpoint, last = tmp_path / 'iter_4.pth', tmp_path / 'last_checkpoint'
    for broken in (None, '', str(checkpoint)[:-3]):
        if broken is not None:
            last.write_text(broken)
        name_last_checkpoint(checkpoint)
        assert last.read_text() == str(checkpoint)
    before = last.stat().st_mtime_ns
    name_last_checkpoint(checkpoint)
    assert last.stat().st_mtime_ns == before
