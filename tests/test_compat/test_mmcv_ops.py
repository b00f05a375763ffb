"""Both directions: with compiled ops nothing is touched, without them mmcv's ops work."""

import importlib.util
import inspect
import pickle
import subprocess
import sys
import types

import mmcv.ops.multi_scale_deform_attn as attention
import mmengine.logging
import pytest
import torch
from mmcv.ops import RoIAlign, nms, soft_nms
from mmcv.utils.ext_loader import check_ops_exist

from s2d_plugins import compat
from s2d_plugins.compat import mmcv_ops, plain_ops

stand_in_only = pytest.mark.skipif(compat.has_compiled_ops(), reason='mmcv has compiled ops')


def run(code: str, *arguments: str) -> str:
    """Run code in a fresh interpreter and return what it prints."""
    result = subprocess.run([sys.executable, '-c', code, *arguments], capture_output=True,
                            text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_compiled_ops_are_left_alone(tmp_path):
    (tmp_path / '_ext.py').write_text('')
    run('''
import sys, mmcv
mmcv.__path__.append(sys.argv[1])  # a compiled extension on disk
from s2d_plugins import compat
from s2d_plugins.compat import mmcv_ops
assert compat.has_compiled_ops()
compat.ensure_mmcv_ops()
assert 'mmcv._ext' not in sys.modules and 'mmcv.ops' not in sys.modules
import mmcv._ext  # the same once it is loaded
assert compat.has_compiled_ops()
compat.ensure_mmcv_ops()
assert sys.modules['mmcv._ext'] is mmcv._ext and mmcv._ext.__file__.startswith(sys.argv[1])
assert not hasattr(mmcv._ext, mmcv_ops.STAND_IN_MARK) and 'mmcv.ops' not in sys.modules
''', str(tmp_path))


@stand_in_only
def test_unmapped_op_says_what_to_do():
    boxes = torch.tensor([[0., 0., 1., 1.]])
    with pytest.raises(RuntimeError, match=r"'softnms'.*pip .*mmcv==\d"):
        soft_nms(boxes, torch.ones(1))


@stand_in_only
def test_stand_in_is_an_ordinary_module():
    module = sys.modules['mmcv._ext']
    assert importlib.util.find_spec('mmcv._ext') is not None
    assert not check_ops_exist() and not compat.has_compiled_ops()
    assert not hasattr(module, '__file__') and not hasattr(module, '_private')
    assert inspect.getmodule(mmcv_ops.has_compiled_ops) is mmcv_ops
    assert module.softnms is module.softnms
    assert pickle.loads(pickle.dumps(module.softnms)).name == 'softnms'
    assert module.get_compiler_version() == 'n/a'
    assert not attention.IS_CUDA_AVAILABLE
    before = dict(sys.modules)
    compat.ensure_mmcv_ops()
    assert sys.modules['mmcv._ext'] is before['mmcv._ext']


@stand_in_only
def test_max_pooling_needs_compiled_ops():
    with pytest.raises(RuntimeError, match="pool_mode='max'"):
        RoIAlign((1, 1), 1., 0, pool_mode='max')(torch.rand(1, 1, 4, 4), torch.zeros(1, 5))


@stand_in_only
def test_torchvision_is_used_where_it_works(monkeypatch):
    calls = []

    class FakeOps:
        @staticmethod
        def nms(boxes, scores, iou_threshold):
            calls.append(boxes)
            return torch.tensor([0])

        @staticmethod
        def roi_align(features, rois, size, scale, ratio, aligned):
            calls.append((size, scale, ratio, aligned))
            return features[:, :, :2, :2] * 3

    monkeypatch.setattr(mmcv_ops, 'working_torchvision', lambda: FakeOps)
    boxes = torch.tensor([[20., 20., 30., 30.], [0., 0., 10., 10.]])
    nms(boxes, torch.tensor([.7, .9]), .5, offset=1)
    assert torch.equal(calls[0], boxes + torch.tensor([0., 0., 1., 1.]))
    features = torch.ones(1, 1, 4, 4, requires_grad=True)
    pooled = RoIAlign((2, 2), .25, 1)(features, torch.zeros(1, 5))
    pooled.sum().backward()
    assert calls[1:] == [((2, 2), .25, 1, True)] * 2
    assert features.grad.sum() == 12


@stand_in_only
def test_torchvision_gets_ranks_that_keep_the_order_of_scores(monkeypatch):
    given = []

    class FakeOps:
        @staticmethod
        def nms(boxes, scores, iou_threshold):
            given.append(scores)
            return scores.argsort(descending=True)

    monkeypatch.setattr(mmcv_ops, 'working_torchvision', lambda: FakeOps)
    # equal in float32, and the first two in float64 as well: of equals the earlier is better
    scores = torch.tensor([.5, .5, .5 + 1e-12], dtype=torch.float64)
    assert mmcv_ops._nms(torch.zeros(3, 4), scores, .5).tolist() == [2, 0, 1]
    assert given[0].tolist() == [2, 1, 3] and given[0].dtype == torch.float32


@stand_in_only
@pytest.mark.parametrize('torchvision', [True, False])
def test_regions_stay_where_they_are_in_half_precision(monkeypatch, torchvision):
    def roi_align(features, rois, *options):
        assert rois.dtype == torch.float32 and rois[0, 3] == 1001.5
        return plain_ops.roi_align(features, rois, *options)

    fake = types.SimpleNamespace(roi_align=roi_align) if torchvision else None
    monkeypatch.setattr(mmcv_ops, 'working_torchvision', lambda: fake)
    output = torch.empty(1, 1, 2, 2, dtype=torch.float16)
    rois = torch.tensor([[0, 0, 0, 1001.5, 8]])
    mmcv_ops._roi_align_forward(
        torch.ones(1, 1, 8, 8, dtype=torch.float16), rois, output, None, None, aligned_height=2,
        aligned_width=2, spatial_scale=.008, sampling_ratio=1, pool_mode=1, aligned=False)
    assert torch.equal(output, torch.ones_like(output))


def test_torchvision_built_for_another_torch_is_not_used(monkeypatch):
    def refuse(name):
        raise RuntimeError('operator torchvision::nms does not exist')

    monkeypatch.setattr(mmcv_ops.importlib, 'import_module', refuse)
    assert mmcv_ops.working_torchvision.__wrapped__() is None


@pytest.mark.parametrize(('on_cuda', 'broken', 'patched'), [
    (True, False, True), (False, False, False), (True, True, False)])
def test_deformops_serves_attention_on_cuda(monkeypatch, on_cuda, broken, patched):
    calls, said = [], []
    integration = types.SimpleNamespace(
        patch_multi_scale_deformable_attn_pytorch=lambda: calls.append(1))

    monkeypatch.setattr(mmengine.logging, 'print_log', lambda message, *_: said.append(message))

    def load(name):
        if broken:
            raise ImportError('needs another triton')
        return integration

    monkeypatch.setattr(mmcv_ops.importlib.util, 'find_spec', lambda name: object())
    monkeypatch.setattr(mmcv_ops.importlib, 'import_module', load)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: on_cuda)
    mmcv_ops._use_deformops()
    assert bool(calls) is patched
    assert ['needs another triton' in message for message in said] == [True] * broken
