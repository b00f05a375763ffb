import os

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import CheckpointLoader

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.checkpoints import load_checkpoint, use_safe_checkpoints


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


def test_mmengine_uses_the_safe_loader(tmp_path, monkeypatch, loaders):
    monkeypatch.chdir(tmp_path)
    use_safe_checkpoints()
    torch.save(mmengine_like(), 'good.pth')
    assert CheckpointLoader.load_checkpoint('good.pth', logger=None)['meta']['iter'] == 3
    torch.save(dict(extra=Malicious()), 'bad.pth')
    with pytest.raises(S2DInputError, match='may run code'):
        CheckpointLoader.load_checkpoint('bad.pth', logger=None)


def test_urls_are_read_safely_too(tmp_path, monkeypatch, loaders):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'cache'))
    use_safe_checkpoints()
    loader = CheckpointLoader._get_checkpoint_loader('https://example.org/a.pth')
    torch.save(mmengine_like(), tmp_path / 'good.pth')
    torch.save(dict(extra=Malicious()), tmp_path / 'bad.pth')
    assert loader((tmp_path / 'good.pth').as_uri(), 'cpu')['meta']['iter'] == 3
    with pytest.raises(S2DInputError, match='may run code'):
        loader((tmp_path / 'bad.pth').as_uri(), 'cpu')
