"""Both directions: with compiled ops nothing is touched, without them mmdet and mmflow work."""

import importlib.util
import inspect
import pickle
import subprocess
import sys
import types

import mmcv.ops.multi_scale_deform_attn as attention
import mmengine.logging
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mmcv.ops import RoIAlign, nms, soft_nms
from mmcv.utils.ext_loader import check_ops_exist

from s2d_plugins import compat, plain_ops

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
assert compat.has_compiled_ops()
compat.ensure_mmcv_ops()
assert 'mmcv._ext' not in sys.modules and 'mmcv.ops' not in sys.modules
import mmcv._ext  # the same once it is loaded
assert compat.has_compiled_ops()
compat.ensure_mmcv_ops()
assert sys.modules['mmcv._ext'] is mmcv._ext and mmcv._ext.__file__.startswith(sys.argv[1])
assert not hasattr(mmcv._ext, compat.STAND_IN_MARK) and 'mmcv.ops' not in sys.modules
''', str(tmp_path))


def test_mmflow_is_optional_and_imports_past_its_gate():
    run('''
import importlib, importlib.util, pkgutil, sys
sys.modules['mmflow'] = None  # an import of it would fail
import s2d_plugins
from s2d_plugins import compat
refused = []
for module in pkgutil.walk_packages(s2d_plugins.__path__, 's2d_plugins.'):
    try:
        importlib.import_module(module.name)
    except ImportError as error:
        assert compat.MMFLOW_COMMAND in str(error), module.name
        refused.append(module.name)
# training data for mmflow's networks: named in their configs, imported by nothing else
assert refused == ['s2d_plugins.motion.warped_frames'], refused
import mmcv, mmdet.models
try:
    compat.import_mmflow()
except ImportError as error:
    assert compat.MMFLOW_COMMAND in str(error)
else:
    raise AssertionError('mmflow was blocked')
del sys.modules['mmflow']
if importlib.util.find_spec('mmflow'):
    version = mmcv.__version__
    mmflow = compat.import_mmflow()
    assert compat.import_mmflow() is mmflow and mmflow.__version__
    assert mmcv.__version__ == version
''')


@stand_in_only
def test_unmapped_op_says_what_to_do():
    boxes = torch.tensor([[0., 0., 1., 1.]])
    with pytest.raises(RuntimeError, match=r"'softnms'.*pip install.*onedl-mmcv==2\.3\.6"):
        soft_nms(boxes, torch.ones(1))


@stand_in_only
def test_stand_in_is_an_ordinary_module():
    module = sys.modules['mmcv._ext']
    assert importlib.util.find_spec('mmcv._ext') is not None
    assert not check_ops_exist() and not compat.has_compiled_ops()
    assert not hasattr(module, '__file__') and not hasattr(module, '_private')
    assert inspect.getmodule(compat.ensure_mmcv_ops) is compat
    assert module.softnms is module.softnms
    assert pickle.loads(pickle.dumps(module.softnms)).name == 'softnms'
    assert module.get_compiler_version() == 'n/a'
    assert not attention.IS_CUDA_AVAILABLE
    before = dict(sys.modules)
    compat.ensure_mmcv_ops()
    assert sys.modules['mmcv._ext'] is before['mmcv._ext']


BOXES = torch.tensor([[20., 20., 30., 30.], [0., 0., 10., 10.], [0., 0., 10., 5.],
                      [5., 5., 5., 5.], [5., 5., 5., 5.]])
SCORES = torch.tensor([.7, .9, .8, .6, .5])


# box 2 covers half of box 1: IoU 50/100, and 66/121 where the last pixel belongs to a box;
# boxes 3 and 4 are the same one, without area (offset 0) or of one pixel (offset 1)
@pytest.mark.parametrize(('threshold', 'offset', 'kept'), [
    (.5, 0, [1, 2, 0, 3, 4]), (.49, 0, [1, 0, 3, 4]), (.5, 1, [1, 0, 3]), (.6, 1, [1, 2, 0, 3])])
def test_nms_follows_the_definition(threshold, offset, kept):
    assert plain_ops.nms(BOXES, SCORES, threshold, offset).tolist() == kept
    detections, indices = nms(BOXES, SCORES, threshold, offset=offset)
    assert indices.tolist() == kept
    assert torch.equal(detections, torch.cat([BOXES, SCORES[:, None]], 1)[kept])


def test_nms_of_nothing():
    assert plain_ops.nms(torch.zeros(0, 4), torch.zeros(0), .5).tolist() == []


def bilinear(plane: np.ndarray, y: float, x: float) -> float:
    height, width = plane.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    return ((plane[top, left] * (1 - x + left) + plane[top, right] * (x - left)) * (1 - y + top)
            + (plane[bottom, left] * (1 - x + left) + plane[bottom, right] * (x - left))
            * (y - top))


def naive_roi_align(plane, roi, cells, scale, count, aligned) -> np.ndarray:
    """RoIAlign of one plane, sample by sample."""
    x, y, right, bottom = np.asarray(roi) * scale - (.5 if aligned else 0)
    width, height = right - x, bottom - y
    if not aligned:
        width, height = max(width, 1), max(height, 1)
    down, across = cells
    samples = [[[bilinear(plane, y + (row + (i + .5) / count) * height / down,
                          x + (column + (j + .5) / count) * width / across)
                 for i in range(count) for j in range(count)]
                for column in range(across)] for row in range(down)]
    return np.mean(samples, axis=-1)


@given(corner=st.tuples(*[st.integers(-12, 20)] * 2), size=st.tuples(*[st.integers(0, 24)] * 2),
       count=st.integers(1, 3), aligned=st.booleans(), seed=st.integers(0, 99))
def test_roi_align_equals_sampling_one_by_one(corner, size, count, aligned, seed):
    planes = np.random.default_rng(seed).normal(size=(2, 3, 7, 9))
    roi = [*corner, corner[0] + size[0], corner[1] + size[1]]
    found = plain_ops.roi_align(torch.from_numpy(planes), torch.tensor([[1., *roi]]), (3, 2),
                                .5, count, aligned)
    expected = [naive_roi_align(plane, roi, (3, 2), .5, count, aligned) for plane in planes[1]]
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


def test_roi_align_answers_worked_out_by_hand():
    ramp = torch.arange(8.).expand(1, 1, 8, 8)  # the value is the column
    # cells [2, 4) and [4, 6) have their centres at 3 and 5, half a cell off the column numbers
    found = RoIAlign((1, 2), 1., 0)(ramp, torch.tensor([[0., 2, 2, 6, 6]]))
    torch.testing.assert_close(found, torch.tensor([[[[2.5, 4.5]]]]))
    # samples at columns -3.5, -1.5, 0.5 and 2.5: the first two lie outside and count as zero
    found = RoIAlign((1, 1), 1., 4)(torch.ones(1, 1, 8, 8), torch.tensor([[0., -4, 2, 4, 6]]))
    torch.testing.assert_close(found, torch.tensor([[[[.5]]]]))
    # a region of 4x3 cells read by 2x2: two samples a cell and axis, as with sampling_ratio 2
    roi = torch.tensor([[0., 1, 1, 5, 4]])
    features = torch.rand(1, 2, 8, 8)
    torch.testing.assert_close(RoIAlign((2, 2), 1., 0)(features, roi),
                               RoIAlign((2, 2), 1., 2)(features, roi))
    assert RoIAlign((2, 2), 1., 0)(features, torch.zeros(0, 5)).shape == (0, 2, 2, 2)


def test_roi_align_gradient():
    features = torch.rand(2, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    rois = torch.tensor([[0., 1, 1, 9, 8], [1, -2, 0, 4, 3], [0, 2, 2, 4, 4]])
    torch.autograd.gradcheck(lambda planes: RoIAlign((2, 2), .5, 0)(planes, rois), features)


def test_roi_align_errors():
    features = torch.rand(1, 1, 4, 4)
    with pytest.raises(ValueError, match='negative size'):
        plain_ops.roi_align(features, torch.tensor([[0., 3, 3, 1, 1]]), (1, 1), 1., 0, True)


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

    monkeypatch.setattr(compat, 'working_torchvision', lambda: FakeOps)
    nms(BOXES, SCORES, .5, offset=1)
    assert torch.equal(calls[0], BOXES + torch.tensor([0., 0., 1., 1.]))
    features = torch.ones(1, 1, 4, 4, requires_grad=True)
    pooled = RoIAlign((2, 2), .25, 1)(features, torch.zeros(1, 5))
    pooled.sum().backward()
    assert calls[1:] == [((2, 2), .25, 1, True)] * 2
    assert features.grad.sum() == 12


def test_torchvision_built_for_another_torch_is_not_used(monkeypatch):
    def refuse(name):
        raise RuntimeError('operator torchvision::nms does not exist')

    monkeypatch.setattr(compat.importlib, 'import_module', refuse)
    assert compat.working_torchvision.__wrapped__() is None


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

    monkeypatch.setattr(compat.importlib.util, 'find_spec', lambda name: object())
    monkeypatch.setattr(compat.importlib, 'import_module', load)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: on_cuda)
    compat._use_deformops()
    assert bool(calls) is patched
    assert ['needs another triton' in message for message in said] == [True] * broken
