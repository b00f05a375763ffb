"""tools/model_converters/official_to_s2d.py on narrow checkpoints."""

import os
import pickle
import resource
import sys
from pathlib import Path

import pytest
import torch
from mmengine.runner.checkpoint import load_checkpoint as load_from

from s2d_plugins.fileio.checkpoint_sources import use_safe_checkpoints
from s2d_plugins.fileio.checkpoints import load_checkpoint

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / 'tools/model_converters'),
                str(ROOT / 'tests/test_model_converters')]
import official_to_s2d  # noqa: E402
from official_files import (  # noqa: E402
    as_detectron2,
    build,
    mask2former_state,
    narrow_segmenter,
    s2d_state,
    same_bytes,
)


class Malicious:
    def __reduce__(self):
        return os.system, ('touch executed',)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save(as_detectron2(s2d_state()), 's2d.pth')
    torch.save(dict(model=mask2former_state()), 'cutler.pth')
    return tmp_path


def convert(*arguments: str) -> int:
    return official_to_s2d.main(list(arguments))


def test_there_and_back(folder, capsys):
    assert convert('s2d.pth', 'new/ours.pth') == 0
    assert capsys.readouterr().out == (
        'new/ours.pth: SparseToDenseDistiller from S2D; ResNet-50, queries: 7, classes: 1\n'
        'left out: optimizer, scheduler, iteration\n')
    assert convert('new/ours.pth', 'back.pth', '--reverse') == 0
    assert same_bytes(load_checkpoint('back.pth')['model'], s2d_state())
    assert sorted(path.name for path in (folder / 'new').iterdir()) == ['ours.pth']


def test_the_same_source_gives_the_same_bytes(folder):
    for target in ('one.pth', 'other.pth'):
        assert convert('s2d.pth', target, '--branch', 'student') == 0
    assert Path('one.pth').read_bytes() == Path('other.pth').read_bytes()
    for target in ('one_back.pth', 'other_back.pth'):
        assert convert('one.pth', target, '--reverse') == 0
    assert Path('one_back.pth').read_bytes() == Path('other_back.pth').read_bytes()


def test_a_model_trained_on_from_it_gets_its_weights(folder, capsys):
    """As ``load_from`` of a training config reads them."""
    use_safe_checkpoints()
    assert convert('cutler.pth', 'start.pth', '--branch', 'both') == 0
    distiller = build(dict(type='SparseToDenseDistiller', detector=narrow_segmenter()))
    content = load_from(distiller, 'start.pth', map_location='cpu', strict=True)
    expected = mask2former_state()['sem_seg_head.predictor.query_feat.weight']
    assert torch.equal(distiller.student.track_head.query_feat.weight, expected)
    assert torch.equal(distiller.teacher.track_head.query_feat.weight, expected)
    assert len(content['meta']['official_checkpoint']['source_sha256']) == 64


def test_to_image(folder, capsys):
    assert convert('s2d.pth', 'image.pth', '--branch', 'teacher', '--to', 'image') == 0
    assert 'image Mask2Former of mmdet from S2D' in capsys.readouterr().out
    assert 'panoptic_head.cls_embed.weight' in load_checkpoint('image.pth')['state_dict']


def test_a_target_is_replaced_by_a_whole_checkpoint_only(folder, capsys):
    Path('ours.pth').write_text('before')
    state = s2d_state()
    state['extra.weight'] = state.pop('teacher.1.predictor.class_embed.bias')
    torch.save(state, 'broken.pth')
    assert convert('broken.pth', 'ours.pth') == 2
    error = capsys.readouterr().err
    assert error.startswith('error: broken.pth: tensors without counterpart: 1 (extra.weight); '
                            'missing tensors: 1 (teacher.1.predictor.class_embed.bias); ')
    assert error.count('\n') == 1
    assert Path('ours.pth').read_text() == 'before'
    assert convert('s2d.pth', 'ours.pth') == 0
    assert load_checkpoint('ours.pth')['state_dict']
    assert not [path for path in folder.iterdir() if path.name.startswith('.')]


def test_the_source_is_not_replaced(folder, capsys):
    before = Path('s2d.pth').read_bytes()
    assert convert('s2d.pth', './s2d.pth') == 2
    assert 's2d.pth would be written over s2d.pth' in capsys.readouterr().err
    assert Path('s2d.pth').read_bytes() == before


def test_files_that_may_run_code_are_refused(folder, capsys):
    torch.save(dict(model=mask2former_state(), extra=Malicious()), 'bad.pth')
    assert convert('bad.pth', 'ours.pth') == 2
    assert 'bad.pth holds' in capsys.readouterr().err
    Path('model.pkl').write_bytes(pickle.dumps(dict(model={}, extra=Malicious())))
    assert convert('model.pkl', 'ours.pth') == 2
    assert 'model.pkl is a pickle, which may run code' in capsys.readouterr().err
    assert not Path('executed').exists() and not Path('ours.pth').exists()


@pytest.mark.parametrize('arguments, message', [
    (('none.pth', 'ours.pth'), 'cannot find the checkpoint none.pth'),
    (('cutler.pth', 'ours.pth', '--branch', 'student'), 'cutler.pth: Mask2Former of '
     'detectron2 has no student'),
    (('cutler.pth', 'ours.pth', '--reverse'), 'leave out --reverse'),
    (('list.pth', 'ours.pth'), 'list.pth holds a list; expected a checkpoint'),
    (('cutler.pth', 'cutler.pth/ours.pth'), 'cannot write cutler.pth/ours.pth')])
def test_mistakes(folder, capsys, arguments, message):
    torch.save([1], 'list.pth')
    assert convert(*arguments) == 2
    assert message in capsys.readouterr().err
    assert not Path('ours.pth').exists()


def test_a_full_disk_leaves_nothing(folder, capsys):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        assert convert('cutler.pth', 'ours.pth') == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert 'error: cannot write ours.pth: File too large; free' in capsys.readouterr().err
    assert sorted(path.name for path in folder.iterdir()) == ['cutler.pth', 's2d.pth']


def test_to_does_not_go_with_reverse(capsys):
    with pytest.raises(SystemExit) as info:
        convert('a.pth', 'b.pth', '--reverse', '--to', 'image')
    assert info.value.code == 2 and '--to does not go with --reverse' in capsys.readouterr().err
