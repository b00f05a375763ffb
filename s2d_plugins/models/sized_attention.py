"""Deformable attention that knows the sizes of its feature levels without asking the device."""

from collections.abc import Sequence

import mmcv.ops.multi_scale_deform_attn as mmcv_attention
import torch
from torch import Tensor


class SizedAttention(mmcv_attention.MultiScaleDeformableAttention):
    """mmcv's ``MultiScaleDeformableAttention`` with the levels' sizes as Python numbers.

    mmcv's reads them from the device, up to ten values a call, and the host waits for each. Results
    and parameters are the same. What computes the attention is chosen as there: the compiled op,
    the function that ``deformops`` puts in its place, or PyTorch's operations.

    Args:
        attention: The module that this one stands for; parameters and settings are taken over.
    """

    def __init__(self, attention: mmcv_attention.MultiScaleDeformableAttention):
        torch.nn.Module.__init__(self)
        vars(self).update(vars(attention))

    def forward(self, query: Tensor, *, query_pos: Tensor, reference_points: Tensor,
                spatial_shapes: Tensor, level_start_index: Tensor,
                sizes: Sequence[tuple[int, int]], **kwargs) -> Tensor:
        """Let each place look at some places around it in every level.

        Args:
            query: (B, P, C), the features of all levels one after the other.
            query_pos: (B, P, C) added to ask, not to answer.
            reference_points: (B, P, L, 2) places (x, y) from 0 to 1 in each of L levels.
            spatial_shapes: (L, 2) int64 rows and columns of the levels, on the device.
            level_start_index: (L,) int64 first place of each level, on the device.
            sizes: The same rows and columns as numbers.
            **kwargs: Not used; nothing is padded.

        Returns:
            (B, P, C).
        """
        clips, places, _ = query.shape
        value = self.value_proj(query).view(clips, places, self.num_heads, -1)
        asked = query + query_pos
        offsets = self.sampling_offsets(asked).view(
            clips, places, self.num_heads, self.num_levels, self.num_points, 2)
        weights = self.attention_weights(asked).view(clips, places, self.num_heads, -1)
        weights = weights.softmax(dim=-1).view(offsets.shape[:-1])
        columns_rows = spatial_shapes.flip(1)
        locations = (reference_points[:, :, None, :, None]
                     + offsets / columns_rows[None, None, None, :, None])
        answer = self._attend(value, spatial_shapes, level_start_index, sizes, locations, weights)
        return self.dropout(self.output_proj(answer)) + query

    def _attend(self, value, spatial_shapes, level_start_index, sizes, locations, weights):
        if mmcv_attention.IS_CUDA_AVAILABLE and value.is_cuda and value.dtype != torch.bfloat16:
            return mmcv_attention.MultiScaleDeformableAttnFunction.apply(
                value, spatial_shapes, level_start_index, locations, weights, self.im2col_step)
        function = mmcv_attention.multi_scale_deformable_attn_pytorch
        is_mmcvs = function.__module__ == mmcv_attention.__name__
        return function(value, sizes if is_mmcvs else spatial_shapes, locations, weights)
