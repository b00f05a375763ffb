"""CutLER's detector with narrow layers: our config of it, and its checkpoint as detectron2's."""

from collections import OrderedDict
from pathlib import Path

import torch
from mmengine.config import Config
from torch import Tensor

from s2d_plugins.model_converters.cascade_names import (
    CascadeSizes,
    cascade_constants,
    cascade_rows,
)
from s2d_plugins.model_converters.official_backbones import resnet

CONFIGS = Path(__file__).parents[2] / 'configs'
SIZES = CascadeSizes(channels=16, hidden=24, mask=12)


def narrow_detector(path: str = 'proposals/cutler_cascade-mask-rcnn_r50_fpn.py') -> Config:
    """A config of the detector whose weights take 2 MB."""
    config = Config.fromfile(CONFIGS / path)
    model = config.model
    model.backbone.update(stem_channels=4, base_channels=4, init_cfg=None)
    model.neck.update(in_channels=[16, 32, 64, 128], out_channels=SIZES.channels)
    model.rpn_head.update(in_channels=SIZES.channels, feat_channels=SIZES.channels)
    head = model.roi_head
    for extractor in (head.bbox_roi_extractor, head.mask_roi_extractor):
        extractor.out_channels = SIZES.channels
    for stage in head.bbox_head:
        stage.update(in_channels=SIZES.channels, fc_out_channels=SIZES.hidden)
    head.mask_head.update(in_channels=SIZES.channels, conv_out_channels=SIZES.mask)
    model.test_cfg.rpn.update(nms_pre=20, max_per_img=20)
    return config


def detectron2_state(counters: bool = True, constants: bool = True) -> OrderedDict[str, Tensor]:
    """Seeded tensors by detectron2's names, in its order: pyramid, backbone, heads."""
    generator = torch.Generator().manual_seed(0)
    rows = sorted(cascade_rows(resnet(50, 4), SIZES),
                  key=lambda row: not row.official.startswith('backbone.fpn'))
    state = OrderedDict()
    if constants:
        state.update(list(cascade_constants().items())[:2])
    for row in rows:
        if row.is_counter:
            if counters:
                state[row.official] = torch.tensor(7)
        elif row.official.endswith('running_var'):
            state[row.official] = torch.rand(row.shape, generator=generator) + 0.5
        else:
            state[row.official] = torch.randn(row.shape, generator=generator) * 0.1
        if constants and row.official.endswith('anchor_deltas.bias'):
            state.update(list(cascade_constants().items())[2:])
    return state
