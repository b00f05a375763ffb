"""tools/model_converters/cutler_to_mmdet.py on a narrow checkpoint."""

import sys
from pathlib import Path

import pytest
import torch

from s2d_plugins.fileio.checkpoints import load_checkpoint

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / 'tools/model_converters'),
                str(ROOT / 'tests/test_model_converters')]
import cutler_to_mmdet  # noqa: E402
from detector_files import detectron2_state  # noqa: E402
from official_files import as_detectron2, mask2former_state, same_bytes  # noqa: E402


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save(as_detectron2(detectron2_state()), 'cutler.pth')
    return tmp_path


def convert(*arguments: str) -> int:
    return cutler_to_mmdet.main(list(arguments))


def test_there_and_back(folder, capsys):
    for target in ('new/ours.pth', 'again.pth'):
        assert convert('cutler.pth', target) == 0
    assert capsys.readouterr().out.startswith(
        'new/ours.pth: Cascade Mask R-CNN for mmdet; ResNet-50, classes: 1\n'
        'left out: optimizer, scheduler, iteration\n')
    assert Path('new/ours.pth').read_bytes() == Path('again.pth').read_bytes()
    assert convert('new/ours.pth', 'back.pth', '--reverse') == 0
    assert same_bytes(load_checkpoint('back.pth')['model'], detectron2_state())
    assert convert('back.pth', 'last.pth') == 0
    [ours, last] = [load_checkpoint(name) for name in ('new/ours.pth', 'last.pth')]
    assert same_bytes(ours['state_dict'], last['state_dict'])


def test_refused_whole(folder, capsys):
    torch.save(dict(model=mask2former_state()), 'other.pth')
    Path('target.pth').write_text('kept')
    assert convert('other.pth', 'target.pth') == 2
    assert capsys.readouterr().err.startswith('error: other.pth: expected the detector of CutLER')
    assert convert('none.pth', 'target.pth') == 2
    assert Path('target.pth').read_text() == 'kept'
