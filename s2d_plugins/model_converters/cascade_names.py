"""Names in CutLER's and CutS3D's detector: detectron2's Cascade Mask R-CNN and mmdet's."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from .official_backbones import Backbone
from .tensor_rows import Row, batch_norm, conv, linear, rows

#: What the names of the backbone start with, detectron2's and mmdet's.
BACKBONE = 'backbone.bottom_up.', 'backbone.'
STAGES = 3
_ANCHORS = 'proposal_generator.anchor_generator.cell_anchors.'


@dataclass(frozen=True)
class CascadeSizes:
    """Sizes of a detector's heads; the defaults are those of CutLER.

    Attributes:
        channels: Channels of the feature pyramid.
        hidden: Width of the box heads.
        mask: Channels of the mask head.
        classes: Classes without the background.
    """

    channels: int = 256
    hidden: int = 1024
    mask: int = 256
    classes: int = 1

    @classmethod
    def read(cls, shapes: Mapping[str, tuple[int, ...]]) -> 'CascadeSizes':
        """Tell them from shapes by detectron2's names; what is not there is as in CutLER's."""
        def first(name: str, default: int) -> int:
            shape = shapes.get(f'{name}.weight')
            return shape[0] if shape else default

        return cls(first('backbone.fpn_output2', cls.channels),
                   first('roi_heads.box_head.0.fc1', cls.hidden),
                   first('roi_heads.mask_head.mask_fcn1', cls.mask),
                   max(first('roi_heads.box_predictor.0.cls_score', cls.classes + 1) - 1, 1))


def cascade_rows(backbone: Backbone, sizes: CascadeSizes) -> list[Row]:
    """List all tensors that both implementations have."""
    theirs, ours = BACKBONE
    table = [row._replace(official=theirs + row.official, ours=ours + row.ours)
             for row in backbone.table]
    return table + head_rows(backbone.features, sizes)


def head_rows(features: tuple[int, ...], sizes: CascadeSizes) -> list[Row]:
    """List the tensors behind a backbone with these channels, finest first."""
    width = sizes.channels
    table = []
    for level, channels in enumerate(features):
        for theirs, ours, inputs, kernel in (('lateral', 'lateral_convs', channels, 1),
                                             ('output', 'fpn_convs', width, 3)):
            theirs, ours = f'backbone.fpn_{theirs}{level + 2}', f'neck.{ours}.{level}'
            table += rows(theirs, f'{ours}.conv', conv(inputs, width, kernel, bias=False))
            table += rows(f'{theirs}.norm', f'{ours}.bn', batch_norm(width))
    theirs = 'proposal_generator.rpn_head'
    table += rows(f'{theirs}.conv', 'rpn_head.rpn_conv', conv(width, width, 3, bias=True))
    table += rows(f'{theirs}.objectness_logits', 'rpn_head.rpn_cls', conv(width, 3, 1, bias=True))
    table += rows(f'{theirs}.anchor_deltas', 'rpn_head.rpn_reg', conv(width, 12, 1, bias=True))
    for stage in range(STAGES):
        table += _stage_rows(stage, sizes)
    return table + _mask_rows(sizes)


def _stage_rows(stage: int, sizes: CascadeSizes) -> list[Row]:
    head, predictor = f'roi_heads.box_head.{stage}', f'roi_heads.box_predictor.{stage}'
    ours = f'roi_head.bbox_head.{stage}'
    return (rows(f'{head}.fc1', f'{ours}.shared_fcs.0', linear(49 * sizes.channels, sizes.hidden))
            + rows(f'{head}.fc2', f'{ours}.shared_fcs.1', linear(sizes.hidden, sizes.hidden))
            + rows(f'{predictor}.cls_score', f'{ours}.fc_cls',
                   linear(sizes.hidden, sizes.classes + 1))
            + rows(f'{predictor}.bbox_pred', f'{ours}.fc_reg', linear(sizes.hidden, 4)))


def _mask_rows(sizes: CascadeSizes) -> list[Row]:
    theirs, ours, width = 'roi_heads.mask_head', 'roi_head.mask_head', sizes.mask
    table = []
    for index in range(4):
        inputs = width if index else sizes.channels
        table += rows(f'{theirs}.mask_fcn{index + 1}', f'{ours}.convs.{index}.conv',
                      conv(inputs, width, 3, bias=True))
    return (table
            + rows(f'{theirs}.deconv', f'{ours}.upsample', conv(width, width, 2, bias=True))
            + rows(f'{theirs}.predictor', f'{ours}.conv_logits',
                   conv(width, sizes.classes, 1, bias=True)))


def cascade_constants() -> dict[str, Tensor]:
    """What detectron2's checkpoints may hold of their config, with the values that fit ours.

    Colours are RGB; an anchor is x1, y1, x2, y2 around its place, in pixels.
    """
    constants = dict(pixel_mean=torch.tensor([123.675, 116.28, 103.53])[:, None, None],
                     pixel_std=torch.tensor([58.395, 57.12, 57.375])[:, None, None])
    for level, size in enumerate((32, 64, 128, 256, 512)):
        ratios = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)  # height / width
        widths = size / ratios.sqrt()
        halves = torch.stack([widths, widths * ratios], dim=1) / 2
        constants[f'{_ANCHORS}{level}'] = torch.cat([-halves, halves], dim=1).float()
    return constants
