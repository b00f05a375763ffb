"""torchvision's NMS and RoIAlign, through mmcv, give what our plain versions do."""

import pytest
import torch
import torchvision
from mmcv.ops import RoIAlign, nms

from s2d_plugins import compat
from s2d_plugins.compat import mmcv_ops, plain_ops


@pytest.fixture
def both(monkeypatch):
    """A function that calls another with torchvision, then with the plain versions."""
    def call(function):
        found = function()
        with monkeypatch.context() as patch:
            patch.setattr(mmcv_ops, 'working_torchvision', lambda: None)
            return found, function()
    return call


def test_torchvision_is_what_is_used(monkeypatch):
    assert not compat.has_compiled_ops() and compat.working_torchvision() is torchvision.ops
    said, calls = [], []
    monkeypatch.setattr('mmengine.logging.print_log', lambda *args: said.append(args))
    mmcv_ops.warn_of_plain_ops('cpu')
    assert said == []
    monkeypatch.setattr(plain_ops, 'nms', lambda *args: calls.append(args))
    monkeypatch.setattr(plain_ops, 'roi_align', lambda *args: calls.append(args))
    nms(torch.tensor([[0., 0., 4., 4.]]), torch.ones(1), 0.5)
    RoIAlign((2, 2), 1., 0)(torch.rand(1, 1, 8, 8), torch.tensor([[0., 1., 1., 5., 5.]]))
    assert calls == []


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('threshold', [0.1, 0.5, 0.9])
def test_nms(both, threshold, offset, dtype):
    generator = torch.Generator().manual_seed(0)
    corners = torch.rand(400, 2, generator=generator) * 60
    boxes = torch.cat([corners, corners + torch.rand(400, 2, generator=generator) * 40], 1)
    boxes[100:150] = boxes[:50]  # twice
    boxes[150:160, 2:] = boxes[150:160, :2]  # without area
    scores = torch.rand(400, generator=generator).round(decimals=2)  # many are equal
    (detections, kept), (plain_detections, plain_kept) = both(
        lambda: nms(boxes.to(dtype), scores.to(dtype), threshold, offset=offset))
    assert 0 < len(kept) < 400 and torch.equal(kept, plain_kept)
    assert torch.equal(detections, plain_detections)


def test_nms_of_nothing(both):
    found, plain = both(lambda: nms(torch.zeros(0, 4), torch.zeros(0), 0.5)[1])
    assert found.tolist() == plain.tolist() == []


@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('ratio', [0, 1, 2])
def test_roi_align_and_its_gradient(both, ratio, aligned):
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(2, 5, 21, 17, generator=generator)
    corners = torch.rand(30, 2, generator=generator) * 100 - 20  # some lie outside
    sizes = torch.rand(30, 2, generator=generator) * 70
    rois = torch.cat([torch.arange(30.)[:, None] % 2, corners, corners + sizes], 1)
    weights = torch.randn(30, 5, 7, 7, generator=generator)

    def pool():
        leaf = features.clone().requires_grad_()
        pooled = RoIAlign((7, 7), 0.25, ratio, aligned=aligned)(leaf, rois)
        (pooled * weights).sum().backward()
        return pooled.detach(), leaf.grad

    (pooled, gradient), (plain_pooled, plain_gradient) = both(pool)
    torch.testing.assert_close(pooled, plain_pooled, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(gradient, plain_gradient, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize('kind', [torch.float16, torch.bfloat16])
def test_half_precision(both, kind):
    features = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(2)).to(kind)
    rois = torch.tensor([[0, 1.5, 2.5, 40.5, 50.5]]).to(kind)
    found, plain = both(lambda: RoIAlign((3, 3), 0.25, 0)(features, rois))
    assert found.dtype == kind
    torch.testing.assert_close(found, plain)
