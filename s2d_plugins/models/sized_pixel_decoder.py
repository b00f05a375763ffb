"""Mask2Former's pixel decoder without reads from the device."""

from collections.abc import Sequence
from itertools import accumulate, chain

import torch
import torch.nn.functional as F
from mmdet.models.layers import MSDeformAttnPixelDecoder
from torch import Tensor

from s2d_plugins.registry import MODELS

from .sized_attention import SizedAttention


@MODELS.register_module()
class SizedPixelDecoder(MSDeformAttnPixelDecoder):
    """mmdet's ``MSDeformAttnPixelDecoder``; the sizes of the levels stay Python numbers.

    mmdet's keeps them on the device and reads them again, dozens of times a pass; a GPU then
    waits for the host and the host for the GPU. Parameters and results are the same bit for bit.
    It can also be compiled in one piece.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for layer in self.encoder.layers:
            layer.self_attn = SizedAttention(layer.self_attn)

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Mix the levels of a backbone.

        Args:
            feats: (B, C, h, w) of each level, from high to low resolution.

        Returns:
            Mask features (B, C, h, w) of the first level's size, and the features of ``num_outs``
            levels from low to high resolution.
        """
        levels = [len(feats) - 1 - place for place in range(self.num_encoder_levels)]
        sizes = [tuple(feats[level].shape[-2:]) for level in levels]
        shapes, starts = _write_sizes(sizes, feats[0].device)
        projected = [conv(feats[level]) for conv, level in zip(self.input_convs, levels,
                                                               strict=True)]
        memory = self.encoder(
            query=torch.cat([_as_places(level) for level in projected], dim=1),
            query_pos=torch.cat([self._encode_positions(level, place)
                                 for place, level in enumerate(projected)], dim=1),
            reference_points=self._reference_points(levels, sizes, shapes, len(feats[0])),
            spatial_shapes=shapes, level_start_index=starts, sizes=sizes, key_padding_mask=None,
            valid_ratios=None)
        mixed = memory.transpose(1, 2).split([rows * columns for rows, columns in sizes], dim=-1)
        outs = [level.reshape(*level.shape[:2], *size)
                for level, size in zip(mixed, sizes, strict=True)]
        rest = feats[:len(feats) - self.num_encoder_levels][::-1]
        for feature, lateral, output in zip(rest, self.lateral_convs, self.output_convs,
                                            strict=True):
            own = lateral(feature)
            outs.append(output(own + F.interpolate(outs[-1], own.shape[-2:], mode='bilinear',
                                                   align_corners=False)))
        return self.mask_feature(outs[-1]), outs[:self.num_outs]

    def _encode_positions(self, level: Tensor, place: int) -> Tensor:
        """Encode where the places of a level (B, C, h, w) are, and in which: (B, h * w, C)."""
        nothing_padded = level.new_zeros((len(level), *level.shape[-2:]), dtype=torch.bool)
        encoding = self.postional_encoding(nothing_padded)
        return _as_places(self.level_encoding.weight[place].view(1, -1, 1, 1) + encoding)

    def _reference_points(self, levels: Sequence[int], sizes: Sequence[tuple[int, int]],
                          shapes: Tensor, images: int) -> Tensor:
        """Where each place is, (x, y) from 0 to 1, the same in every level: (B, P, L, 2)."""
        points = []
        for level, size, shape in zip(levels, sizes, shapes, strict=True):
            pixels = self.point_generator.single_level_grid_priors(size, level,
                                                                   device=shapes.device)
            points.append(pixels / (shape.flip(0) * self.strides[level]))
        return torch.cat(points)[None, :, None].expand(images, -1, len(sizes), -1)


def _write_sizes(sizes: Sequence[tuple[int, int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Sizes (L, 2) and first places (L,) of the levels, int64, written there and not copied."""
    ends = list(accumulate(rows * columns for rows, columns in sizes))
    numbers = [*chain(*sizes), 0, *ends[:-1]]
    written = torch.cat([torch.full((1,), number, device=device) for number in numbers])
    return written[:-len(sizes)].view(-1, 2), written[-len(sizes):]


def _as_places(level: Tensor) -> Tensor:
    """(B, C, h, w) to (B, h * w, C)."""
    return level.flatten(2).transpose(1, 2)
