"""Mask2Former for images and video in plain torch, built from its papers for comparison.

Masked-attention Mask Transformer (arXiv 2112.01527), its extension to video (arXiv 2112.10764) and
Deformable DETR (arXiv 2010.04159). Nothing of mmcv or mmdet is used; attributes are named so that
``state_dict`` has the names of the published checkpoints.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class FrozenNorm(nn.Module):
    """Batch norm whose statistics and affine parameters are constants."""

    def __init__(self, channels: int):
        super().__init__()
        for name, value in (('weight', 1.), ('bias', 0.), ('running_mean', 0.),
                            ('running_var', 1.)):
            self.register_buffer(name, torch.full((channels,), value))

    def forward(self, x: Tensor) -> Tensor:
        scale = self.weight / torch.sqrt(self.running_var + 1e-5)
        shift = self.bias - self.running_mean * scale
        return x * scale.view(-1, 1, 1) + shift.view(-1, 1, 1)


class NormedConv(nn.Conv2d):
    """Convolution without bias, followed by a norm of its own."""

    def __init__(self, inputs: int, outputs: int, size: int, norm: nn.Module, stride: int = 1):
        super().__init__(inputs, outputs, size, stride, padding=size // 2, bias=False)
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(super().forward(x))


class Bottleneck(nn.Module):
    def __init__(self, inputs: int, hidden: int, stride: int, shortcut: bool):
        super().__init__()
        outputs = 4 * hidden
        self.shortcut = NormedConv(inputs, outputs, 1, FrozenNorm(outputs),
                                   stride) if shortcut else None
        self.conv1 = NormedConv(inputs, hidden, 1, FrozenNorm(hidden))
        self.conv2 = NormedConv(hidden, hidden, 3, FrozenNorm(hidden), stride)
        self.conv3 = NormedConv(hidden, outputs, 1, FrozenNorm(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv3(self.conv2(self.conv1(x).relu()).relu())
        return (y + (x if self.shortcut is None else self.shortcut(x))).relu()


class ResNet(nn.Module):
    """Returns features of stride 4, 8, 16 and 32."""

    def __init__(self, blocks: tuple[int, ...] = (3, 4, 6, 3), width: int = 64):
        super().__init__()
        self.stem = nn.Module()
        self.stem.conv1 = NormedConv(3, width, 7, FrozenNorm(width), stride=2)
        inputs = width
        for stage, count in enumerate(blocks):
            layers = []
            for block in range(count):
                layers.append(Bottleneck(inputs, width * 2 ** stage,
                                         2 if block == 0 and stage > 0 else 1, block == 0))
                inputs = 4 * width * 2 ** stage
            setattr(self, f'res{stage + 2}', nn.Sequential(*layers))

    def forward(self, x: Tensor) -> list[Tensor]:
        x = functional.max_pool2d(self.stem.conv1(x).relu(), 3, stride=2, padding=1)
        features = []
        for stage in (self.res2, self.res3, self.res4, self.res5):
            x = stage(x)
            features.append(x)
        return features


def waves(positions: Tensor, channels: int) -> Tensor:
    """Sines and cosines in turn, (..., channels), of positions that end at one full turn."""
    wavelengths = 10000 ** (2 * torch.arange(channels // 2, dtype=torch.float32) / channels)
    phases = positions[..., None] / wavelengths
    return torch.stack((phases.sin(), phases.cos()), dim=-1).flatten(-2)


def turns(count: int) -> Tensor:
    """Positions 1 to count, scaled so that the last is one full turn."""
    steps = torch.arange(1, count + 1, dtype=torch.float32)
    return steps / (count + 1e-6) * (2 * math.pi)


def encode_positions(frames: int, height: int, width: int, channels: int,
                     temporal: bool) -> Tensor:
    """Position encoding (T, C, H, W): rows in the first half of the channels, columns in the
    second, and for video frames added over all of them."""
    rows = waves(turns(height), channels // 2)[:, None].expand(-1, width, -1)
    columns = waves(turns(width), channels // 2)[None].expand(height, -1, -1)
    encoding = torch.cat((rows, columns), dim=-1).expand(frames, -1, -1, -1)
    if temporal:
        encoding = encoding + waves(turns(frames), channels)[:, None, None]
    return encoding.permute(0, 3, 1, 2)


class DeformableAttention(nn.Module):
    """Each query looks at few points around its own place on every level."""

    def __init__(self, width: int, heads: int = 8, levels: int = 3, points: int = 4):
        super().__init__()
        self.layout = heads, levels, points
        self.sampling_offsets = nn.Linear(width, heads * levels * points * 2)
        self.attention_weights = nn.Linear(width, heads * levels * points)
        self.value_proj = nn.Linear(width, width)
        self.output_proj = nn.Linear(width, width)

    def forward(self, queries: Tensor, places: Tensor, memory: Tensor,
                sizes: list[tuple[int, int]]) -> Tensor:
        """Attend; ``places`` (Q, 2) are x, y from 0 to 1, ``memory`` (B, sum of H * W, C)."""
        (heads, levels, points), (batch, count, width) = self.layout, queries.shape
        offsets = self.sampling_offsets(queries).view(batch, count, heads, levels, points, 2)
        weights = self.attention_weights(queries).view(batch, count, heads, levels * points)
        weights = weights.softmax(dim=-1).view(batch, count, heads, levels, points)
        values = self.value_proj(memory).view(batch, -1, heads, width // heads)
        gathered, start = 0., 0
        for level, (rows, columns) in enumerate(sizes):
            image = values[:, start:start + rows * columns].permute(0, 2, 3, 1).reshape(
                batch * heads, width // heads, rows, columns)
            start += rows * columns
            spread = offsets[:, :, :, level] / torch.tensor([columns, rows])
            where = (places[None, :, None, None] + spread).transpose(1, 2).flatten(0, 1)
            samples = functional.grid_sample(image, 2 * where - 1, align_corners=False)
            share = weights[:, :, :, level].transpose(1, 2).flatten(0, 1)
            gathered = gathered + (samples * share[:, None]).sum(dim=-1)
        return self.output_proj(gathered.view(batch, width, count).transpose(1, 2))


class EncoderLayer(nn.Module):
    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.self_attn = DeformableAttention(width)
        self.norm1 = nn.LayerNorm(width)
        self.linear1 = nn.Linear(width, hidden)
        self.linear2 = nn.Linear(hidden, width)
        self.norm2 = nn.LayerNorm(width)

    def forward(self, x: Tensor, positions: Tensor, places: Tensor, sizes: list) -> Tensor:
        x = self.norm1(x + self.self_attn(x + positions, places, x, sizes))
        return self.norm2(x + self.linear2(self.linear1(x).relu()))


class PixelDecoder(nn.Module):
    """Deformable encoder over strides 32, 16 and 8, then one FPN step to stride 4."""

    def __init__(self, features: tuple[int, ...], width: int, hidden: int, layers: int):
        super().__init__()
        self.input_proj = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, width, 1), nn.GroupNorm(32, width))
            for channels in reversed(features[1:]))
        self.transformer = nn.Module()
        self.transformer.level_embed = nn.Parameter(torch.randn(len(features) - 1, width))
        self.transformer.encoder = nn.Module()
        self.transformer.encoder.layers = nn.ModuleList(
            EncoderLayer(width, hidden) for _ in range(layers))
        self.mask_features = nn.Conv2d(width, width, 1)
        self.adapter_1 = NormedConv(features[0], width, 1, nn.GroupNorm(32, width))
        self.layer_1 = NormedConv(width, width, 3, nn.GroupNorm(32, width))

    def forward(self, features: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Return mask features and the three encoded levels, coarse to fine."""
        projected = [project(x) for project, x
                     in zip(self.input_proj, reversed(features[1:]), strict=True)]
        sizes = [tuple(x.shape[-2:]) for x in projected]
        positions, places = [], []
        for level, (rows, columns) in zip(self.transformer.level_embed, sizes, strict=True):
            encoding = encode_positions(1, rows, columns, len(level), temporal=False)
            positions.append(encoding.flatten(2).transpose(1, 2) + level)
            y, x = torch.meshgrid((torch.arange(rows) + 0.5) / rows,
                                  (torch.arange(columns) + 0.5) / columns, indexing='ij')
            places.append(torch.stack((x, y), dim=-1).view(-1, 2))
        encoded = torch.cat([x.flatten(2).transpose(1, 2) for x in projected], dim=1)
        for layer in self.transformer.encoder.layers:
            encoded = layer(encoded, torch.cat(positions, dim=1), torch.cat(places), sizes)
        pieces = encoded.split([rows * columns for rows, columns in sizes], dim=1)
        levels = [piece.transpose(1, 2).unflatten(2, size)
                  for piece, size in zip(pieces, sizes, strict=True)]
        finest = self.adapter_1(features[0])
        finest = finest + functional.interpolate(levels[-1], finest.shape[-2:], mode='bilinear',
                                                 align_corners=False)
        return self.mask_features(self.layer_1(finest).relu()), levels


class AttentionLayer(nn.Module):
    """Attention with residual and norm; ``name`` is that of the attention in checkpoints."""

    def __init__(self, width: int, name: str):
        super().__init__()
        setattr(self, name, nn.MultiheadAttention(width, 8, batch_first=True))
        self.norm = nn.LayerNorm(width)
        self.name = name

    def forward(self, x: Tensor, queries: Tensor, keys: Tensor, values: Tensor,
                hidden: Tensor | None = None) -> Tensor:
        attended = getattr(self, self.name)(queries, keys, values, attn_mask=hidden,
                                            need_weights=False)[0]
        return self.norm(x + attended)


class ForwardLayer(nn.Module):
    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.linear1 = nn.Linear(width, hidden)
        self.linear2 = nn.Linear(hidden, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x + self.linear2(self.linear1(x).relu()))


class Mlp(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers[2](self.layers[1](self.layers[0](x).relu()).relu())


class Predictor(nn.Module):
    """Transformer decoder with masked attention over all frames of a clip."""

    def __init__(self, width: int, hidden: int, layers: int, queries: int, classes: int,
                 temporal: bool):
        super().__init__()
        self.temporal = temporal
        self.transformer_self_attention_layers = nn.ModuleList(
            AttentionLayer(width, 'self_attn') for _ in range(layers))
        self.transformer_cross_attention_layers = nn.ModuleList(
            AttentionLayer(width, 'multihead_attn') for _ in range(layers))
        self.transformer_ffn_layers = nn.ModuleList(
            ForwardLayer(width, hidden) for _ in range(layers))
        self.decoder_norm = nn.LayerNorm(width)
        self.query_feat = nn.Embedding(queries, width)
        self.query_embed = nn.Embedding(queries, width)
        self.level_embed = nn.Embedding(3, width)
        self.class_embed = nn.Linear(width, classes + 1)
        self.mask_embed = Mlp(width)

    def forward(self, mask_features: Tensor,
                levels: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Predict from frames (T, C, H, W): per layer logits (Q, C + 1), masks (Q, T, H, W)."""
        memories, positions = [], []
        for level, features in zip(self.level_embed.weight, levels, strict=True):
            frames, width, rows, columns = features.shape
            encoding = encode_positions(frames, rows, columns, width, self.temporal)
            # tokens go frame by frame, each row by row
            tokens = (features + level[:, None, None]).permute(0, 2, 3, 1)
            memories.append(tokens.reshape(-1, width))
            positions.append(encoding.permute(0, 2, 3, 1).reshape(-1, width))
        x, own = self.query_feat.weight, self.query_embed.weight
        logits, masks = [], []
        for layer in range(len(self.transformer_ffn_layers) + 1):
            scores, predicted = self._predict(x, mask_features)
            logits.append(scores)
            masks.append(predicted)
            if layer == len(self.transformer_ffn_layers):
                return logits, masks
            level = layer % 3
            hidden = self._hidden_tokens(predicted, levels[level].shape[-2:])
            memory = memories[level]
            x = self.transformer_cross_attention_layers[layer](
                x, x + own, memory + positions[level], memory, hidden)
            x = self.transformer_self_attention_layers[layer](x, x + own, x + own, x)
            x = self.transformer_ffn_layers[layer](x)

    def _predict(self, x: Tensor, mask_features: Tensor) -> tuple[Tensor, Tensor]:
        x = self.decoder_norm(x)
        return self.class_embed(x), torch.einsum('qc,tchw->qthw', self.mask_embed(x),
                                                 mask_features)

    @staticmethod
    def _hidden_tokens(masks: Tensor, size: tuple[int, int]) -> Tensor:
        """Tokens (Q, T * H * W) that a query may not see: those with probability below 0.5.

        A query whose mask is empty in all frames sees everything.
        """
        smaller = functional.interpolate(masks, size, mode='bilinear', align_corners=False)
        hidden = smaller.sigmoid().flatten(1) < 0.5
        return hidden & ~hidden.all(dim=1, keepdim=True)


class Head(nn.Module):
    def __init__(self, features: tuple[int, ...], temporal: bool, width: int = 256,
                 encoder_hidden: int = 1024, decoder_hidden: int = 2048, encoder_layers: int = 6,
                 decoder_layers: int = 9, queries: int = 100, classes: int = 1):
        super().__init__()
        self.pixel_decoder = PixelDecoder(features, width, encoder_hidden, encoder_layers)
        self.predictor = Predictor(width, decoder_hidden, decoder_layers, queries, classes,
                                   temporal)

    def forward(self, features: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        return self.predictor(*self.pixel_decoder(features))


class PublishedMask2Former(nn.Module):
    """The model; ``temporal`` is False for images, one at a time.

    Args:
        temporal: Whether positions include the frame.
        backbone: By default ResNet-50; returns features of stride 4, 8, 16 and 32.
        features: Channels of these.
        **head: Sizes of :class:`Head`.
    """

    def __init__(self, temporal: bool = True, backbone: nn.Module | None = None,
                 features: tuple[int, ...] = (256, 512, 1024, 2048), **head):
        super().__init__()
        self.backbone = backbone or ResNet()
        self.sem_seg_head = Head(features, temporal, **head)

    @torch.no_grad()
    def forward(self, images: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Predict from normalised RGB frames (T, 3, H, W), sides multiples of 32."""
        return self.sem_seg_head(self.backbone(images))


def seeded(model: nn.Module, seed: int = 0) -> nn.Module:
    """Fill a model with values of a healthy scale, norms and statistics included."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in model.state_dict().items():
        if not tensor.is_floating_point():
            continue
        noise = torch.randn(tensor.shape, generator=generator)
        if name.endswith('running_var'):
            tensor.copy_(noise.abs() + 0.5)
        elif name.endswith(('query_feat.weight', 'query_embed.weight', 'level_embed.weight')):
            tensor.copy_(noise)
        elif tensor.dim() > 1:
            tensor.copy_(noise / math.sqrt(tensor[0].numel()))
        elif name.endswith('.weight'):
            tensor.copy_(1 + 0.1 * noise)
        else:
            tensor.copy_(0.1 * noise)
    return model.eval()
