"""DetectorProposer end to end: the same masks with torchvision's ops and with our plain ones."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from s2d_plugins.compat import mmcv_ops
from s2d_plugins.labels.rle import decode_mask
from s2d_plugins.proposals import DetectorProposer
from s2d_plugins.proposals.mask_candidates import overlap
from s2d_plugins.registry import MODELS

sys.path.append(str(Path(__file__).parents[1] / 'test_model_converters'))
from detector_files import narrow_detector  # noqa: E402

FRAMES = np.random.default_rng(0).integers(0, 256, (2, 48, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize('name', ['cutler', 'cuts3d'])
def test_the_same_masks(tmp_path, monkeypatch, name):
    init_default_scope('s2d_plugins')
    config = narrow_detector(f'proposals/{name}_cascade-mask-rcnn_r50_fpn.py')
    config.test_pipeline[1].scale = (128, 96)
    torch.manual_seed(1)
    model = MODELS.build(config.model)
    for stage in model.roi_head.bbox_head:
        torch.nn.init.normal_(stage.fc_cls.weight, std=0.5)
    torch.nn.init.ones_(model.roi_head.mask_head.conv_logits.bias)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'w.pth')

    def propose():
        return DetectorProposer(
            dict(model=config.model.to_dict(), test_pipeline=config.test_pipeline),
            str(tmp_path / 'w.pth'), score_thr=0.0, device='cpu').propose(FRAMES)

    found = propose()
    monkeypatch.setattr(mmcv_ops, 'working_torchvision', lambda: None)
    plain = propose()
    assert [len(frame) for frame in found] == [len(frame) for frame in plain]
    for frame, plain_frame in zip(found, plain, strict=True):
        assert len(frame) > 2
        for mask, other in zip(frame, plain_frame, strict=True):
            assert mask['score'] == pytest.approx(other['score'], abs=1e-5)
            assert overlap(*(decode_mask(part['segmentation']) for part in (mask, other))) > 0.99
