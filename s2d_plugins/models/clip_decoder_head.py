"""The forward pass of mmdet's Mask2Former video head, without reads from the device."""

from collections.abc import Iterator, Sequence

import torch
from mmdet.models.tracking_heads import Mask2FormerTrackHead
from torch import Tensor


class ClipDecoderHead(Mask2FormerTrackHead):
    """mmdet's ``Mask2FormerTrackHead`` with a decoder that no layer of stops for the host.

    Parameters and results are the same bit for bit.
    """

    def forward(self, x: Sequence[Tensor], data_samples: Sequence | None = None,
                clips: int | None = None) -> tuple[list[Tensor], list[Tensor]]:
        """Run the decoder for all its layers.

        Args:
            x: Features (B * T, C, h, w) of each level.
            data_samples: Not used.
            clips: B. By default mmdet's rule: clips of ``num_frames`` frames in training, else
                one whole video.

        Returns:
            Per layer, the first of which comes before the decoder, class logits (B, Q, C + 1), and
            per layer mask logits (B, Q, T, h, w).
        """
        if clips is None:
            clips = len(x[0]) // self.num_frames if self.training else 1
        scores, masks = zip(*self._decode(x, clips), strict=True)
        return list(scores), list(masks)

    def forward_last(self, x: Sequence[Tensor], clips: int = 1) -> tuple[Tensor, Tensor]:
        """Run the decoder for its last layer alone.

        Only losses need the masks of the other layers, and those of ten layers of a long window
        take gigabytes.

        Args:
            x: Features (B * T, C, h, w) of each level.
            clips: B.

        Returns:
            Class logits (B, Q, C + 1) and mask logits (B, Q, T, h, w) of the last layer.
        """
        for outputs in self._decode(x, clips):
            last = outputs
        return last

    def _decode(self, x: Sequence[Tensor], clips: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Give class and mask logits before the decoder and after each of its layers."""
        mask_features, levels = self.pixel_decoder(x)
        mask_features = mask_features.unflatten(0, (clips, -1))
        sizes = [level.shape[-2:] for level in levels]
        keys = [self._as_places(level, place, clips) for place, level in enumerate(levels)]
        positions = [self._encode_positions(level, len(level) // clips) for level in levels]
        queries = self.query_feat.weight.expand(clips, -1, -1)
        query_positions = self.query_embed.weight.expand(clips, -1, -1)
        scores, masks, hidden = self._forward_head(queries, mask_features, sizes[0])
        yield scores, masks
        for number, layer in enumerate(self.transformer_decoder.layers):
            place = number % len(levels)
            # a query that would see nothing looks everywhere
            hidden &= ~hidden.all(dim=-1, keepdim=True)
            queries = layer(query=queries, key=keys[place], value=keys[place],
                            query_pos=query_positions, key_pos=positions[place],
                            cross_attn_mask=hidden)
            scores, masks, hidden = self._forward_head(queries, mask_features,
                                                       sizes[(number + 1) % len(levels)])
            yield scores, masks

    def _as_places(self, level: Tensor, place: int, clips: int) -> Tensor:
        """Features (B * T, C, h, w) of a level as the keys of its clips, (B, T * h * w, C)."""
        features = self.decoder_input_projs[place](level).flatten(2)
        features = features + self.level_embed.weight[place][None, :, None]
        return features.transpose(1, 2).unflatten(0, (clips, -1)).flatten(1, 2)

    def _encode_positions(self, level: Tensor, frames: int) -> Tensor:
        """Encode when and where the places of a clip are, (1, T * h * w, C); alike in all."""
        nothing_padded = level.new_zeros((1, frames, *level.shape[-2:]), dtype=torch.bool)
        encoding = self.decoder_positional_encoding(nothing_padded)
        return encoding.flatten(3).transpose(2, 3).flatten(1, 2)
