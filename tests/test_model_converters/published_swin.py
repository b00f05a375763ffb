"""Swin transformer in plain torch, built from its paper (arXiv 2103.14030) for comparison.

Windows are not cut out: all tokens attend to all, and those outside a token's window are masked.
That is slow and easy to check. ``state_dict`` has the names of detectron2's Mask2Former.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class WindowAttention(nn.Module):
    def __init__(self, channels: int, heads: int, window: int):
        super().__init__()
        self.heads, self.window = heads, window
        side = 2 * window - 1
        self.relative_position_bias_table = nn.Parameter(torch.zeros(side ** 2, heads))
        places = torch.cartesian_prod(torch.arange(window), torch.arange(window))
        steps = places[:, None] - places[None] + window - 1
        self.register_buffer('relative_position_index', steps[..., 0] * side + steps[..., 1])
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x: Tensor, shift: int) -> Tensor:
        """Attend within the windows of x (B, H, W, C), moved by ``shift``; H, W fill windows."""
        batch, rows, columns, channels = x.shape
        shares = self.qkv(x.flatten(1, 2)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        (y, x_), (far_y, far_x) = self._places(rows, columns, shift)
        together = torch.ones((), dtype=torch.bool)
        for place, far in ((y, far_y), (x_, far_x)):
            windows = place // self.window
            together = together & (windows[:, None] == windows) & (far[:, None] == far)
        steps = [(place[:, None] - place).clamp(1 - self.window, self.window - 1)
                 + self.window - 1 for place in (y, x_)]
        bias = self.relative_position_bias_table[steps[0] * (2 * self.window - 1) + steps[1]]
        bias = bias.permute(2, 0, 1).masked_fill(~together, float('-inf'))
        attended = functional.scaled_dot_product_attention(*shares, attn_mask=bias)
        return self.proj(attended.transpose(1, 2).flatten(2)).view(batch, rows, columns, channels)

    @staticmethod
    def _places(rows: int, columns: int, shift: int) -> tuple[Tensor, Tensor]:
        """Place of each token after the move, and whether it went round to the other side."""
        tokens = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).T
        moved = torch.stack([(place - shift) % size for place, size
                             in zip(tokens, (rows, columns), strict=True)])
        return moved, tokens < shift


class Block(nn.Module):
    def __init__(self, channels: int, heads: int, window: int, shift: int):
        super().__init__()
        self.window, self.shift = window, shift
        self.norm1 = nn.LayerNorm(channels)
        self.attn = WindowAttention(channels, heads, window)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = nn.Module()
        self.mlp.fc1 = nn.Linear(channels, 4 * channels)
        self.mlp.fc2 = nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = x.shape[1:3]
        padded = functional.pad(self.norm1(x), (0, 0, 0, -columns % self.window, 0,
                                                -rows % self.window))
        x = x + self.attn(padded, self.shift)[:, :rows, :columns]
        return x + self.mlp.fc2(functional.gelu(self.mlp.fc1(self.norm2(x))))


class PatchMerging(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.norm = nn.LayerNorm(4 * channels)
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        patches = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return self.reduction(self.norm(torch.cat(patches, dim=-1)))


class Swin(nn.Module):
    """Returns features of stride 4, 8, 16 and 32."""

    def __init__(self, width: int, heads: tuple[int, ...], window: int,
                 blocks: tuple[int, ...] = (2, 2, 6, 2)):
        super().__init__()
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(3, width, 4, stride=4)
        self.patch_embed.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(nn.Module() for _ in blocks)
        for stage, layer in enumerate(self.layers):
            channels = width * 2 ** stage
            layer.blocks = nn.ModuleList(
                Block(channels, heads[stage], window, window // 2 * (index % 2))
                for index in range(blocks[stage]))
            if stage < 3:
                layer.downsample = PatchMerging(channels)
            setattr(self, f'norm{stage}', nn.LayerNorm(channels))

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.patch_embed.norm(self.patch_embed.proj(x).permute(0, 2, 3, 1))
        features = []
        for stage, layer in enumerate(self.layers):
            for block in layer.blocks:
                x = block(x)
            features.append(getattr(self, f'norm{stage}')(x).permute(0, 3, 1, 2))
            if stage < 3:
                x = layer.downsample(x)
        return features
