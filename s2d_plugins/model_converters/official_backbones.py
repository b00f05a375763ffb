"""Names in the backbones of Mask2Former: ResNet and Swin."""

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor

from ..errors import S2DInputError
from .tensor_rows import Row, batch_norm, conv, linear, norm, rows


@dataclass(frozen=True)
class Backbone:
    """The tensors of a backbone.

    Attributes:
        name: As people call it, such as ResNet-50.
        table: Its tensors.
        features: Channels of its four features, finest first.
    """

    name: str
    table: list[Row]
    features: tuple[int, ...]


_RESNETS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
_SWINS = {'tiny': (2, 2, 6, 2), 'small, base or large': (2, 2, 18, 2)}


def find_backbone(shapes: dict[str, tuple[int, ...]], official: bool) -> Backbone:
    """Tell from names and shapes which backbone a checkpoint holds.

    The deepest block of the third stage decides between those of one kind, so that blocks that
    are absent elsewhere are found missing later.

    Args:
        shapes: Shape of each of the backbone's tensors by name.
        official: Whether the names are the official ones or ours.

    Raises:
        S2DInputError: If it is neither a ResNet of bottlenecks nor a Swin.
    """
    resnet_stem, swin_stem, stages = (
        ('stem.conv1.weight', 'patch_embed.proj.weight', ('res4.', 'layers.2.blocks.'))
        if official else
        ('conv1.weight', 'patch_embed.projection.weight', ('layer3.', 'stages.2.blocks.')))
    if shapes.get(resnet_stem):
        depth = _least_deep(_RESNETS, shapes, stages[0])
        return resnet(depth, shapes[resnet_stem][0])
    if shapes.get(swin_stem):
        return _find_swin(_least_deep(_SWINS, shapes, stages[1]), shapes, swin_stem, official)
    raise S2DInputError(
        f'expected the backbone ResNet ({resnet_stem}) or Swin ({swin_stem}), found '
        f'{next(iter(shapes), "no backbone")}')


def _least_deep(depths: dict, names: Iterable[str], stage: str):
    """The least deep of the known backbones that has all blocks of the third stage."""
    blocks = [int(index) for index in (name.removeprefix(stage).split('.')[0] for name in names
                                       if name.startswith(stage)) if index.isdecimal()]
    deepest = max(blocks, default=0)
    fitting = [name for name, counts in depths.items() if counts[2] > deepest]
    return fitting[0] if fitting else list(depths)[-1]


def resnet(depth: int, width: int = 64) -> Backbone:
    """List a ResNet with bottlenecks and batch norm; ``width`` is that of its stem."""
    table = (rows('stem.conv1', 'conv1', conv(3, width, 7, bias=False))
             + rows('stem.conv1.norm', 'bn1', batch_norm(width)))
    inputs, features = width, []
    for stage, blocks in enumerate(_RESNETS[depth]):
        hidden = width * 2 ** stage
        for block in range(blocks):
            table += _bottleneck(f'res{stage + 2}.{block}', f'layer{stage + 1}.{block}', inputs,
                                 hidden, shortcut=block == 0)
            inputs = 4 * hidden
        features.append(inputs)
    return Backbone(f'ResNet-{depth}', table, tuple(features))


def _bottleneck(theirs: str, ours: str, inputs: int, hidden: int, shortcut: bool) -> list[Row]:
    table = []
    if shortcut:
        table += rows(f'{theirs}.shortcut', f'{ours}.downsample.0',
                      conv(inputs, 4 * hidden, 1, bias=False))
        table += rows(f'{theirs}.shortcut.norm', f'{ours}.downsample.1', batch_norm(4 * hidden))
    for index, (before, after, size) in enumerate(
            ((inputs, hidden, 1), (hidden, hidden, 3), (hidden, 4 * hidden, 1)), start=1):
        table += rows(f'{theirs}.conv{index}', f'{ours}.conv{index}',
                      conv(before, after, size, bias=False))
        table += rows(f'{theirs}.conv{index}.norm', f'{ours}.bn{index}', batch_norm(after))
    return table


def _find_swin(size: str, shapes: dict, stem: str, official: bool) -> Backbone:
    stages, attn = ('layers', 'attn') if official else ('stages', 'attn.w_msa')
    bias_tables = [shapes.get(f'{stages}.{stage}.blocks.0.{attn}.relative_position_bias_table',
                              (169, 3)) for stage in range(4)]
    window = int((bias_tables[0][0] ** 0.5 + 1) / 2)
    return swin(size, shapes[stem][0], window, tuple(table[-1] for table in bias_tables))


def swin(size: str, width: int = 96, window: int = 7,
         heads: tuple[int, ...] = (3, 6, 12, 24)) -> Backbone:
    """List a Swin transformer with patches of 4 x 4 pixels and no absolute positions.

    Args:
        size: A key of the known depths.
        width: Channels of the first stage.
        window: Side of its windows in tokens.
        heads: Attention heads per stage.
    """
    table = (rows('patch_embed.proj', 'patch_embed.projection', conv(3, width, 4, bias=True))
             + rows('patch_embed.norm', 'patch_embed.norm', norm(width)))
    for stage, blocks in enumerate(_SWINS[size]):
        channels = width * 2 ** stage
        for block in range(blocks):
            table += _swin_block(f'layers.{stage}.blocks.{block}',
                                 f'stages.{stage}.blocks.{block}', channels, window, heads[stage])
        if stage < 3:
            merged = f'layers.{stage}.downsample', f'stages.{stage}.downsample'
            table += rows(f'{merged[0]}.norm', f'{merged[1]}.norm', norm(4 * channels), True)
            table += rows(f'{merged[0]}.reduction', f'{merged[1]}.reduction',
                          dict(weight=(2 * channels, 4 * channels)), True)
        table += rows(f'norm{stage}', f'norm{stage}', norm(channels))
    return Backbone(f'Swin ({size})', table, tuple(width * 2 ** stage for stage in range(4)))


def _swin_block(theirs: str, ours: str, channels: int, window: int, heads: int) -> list[Row]:
    positions = dict(relative_position_bias_table=((2 * window - 1) ** 2, heads),
                     relative_position_index=(window ** 2, window ** 2))
    return (rows(f'{theirs}.norm1', f'{ours}.norm1', norm(channels))
            + rows(f'{theirs}.attn', f'{ours}.attn.w_msa', positions)
            + rows(f'{theirs}.attn.qkv', f'{ours}.attn.w_msa.qkv', linear(channels, 3 * channels))
            + rows(f'{theirs}.attn.proj', f'{ours}.attn.w_msa.proj', linear(channels, channels))
            + rows(f'{theirs}.norm2', f'{ours}.norm2', norm(channels))
            + rows(f'{theirs}.mlp.fc1', f'{ours}.ffn.layers.0.0', linear(channels, 4 * channels))
            + rows(f'{theirs}.mlp.fc2', f'{ours}.ffn.layers.1', linear(4 * channels, channels)))


def patches_to_ours(tensor: Tensor) -> Tensor:
    """Reorder the last axis of a patch merging layer, 4 patches x C channels.

    The official order is patch by patch, patches by column and then row; ours, that of torch's
    ``unfold``, is channel by channel, patches by row and then column.
    """
    by_row = tensor.unflatten(-1, (4, -1))[..., [0, 2, 1, 3], :]
    return by_row.transpose(-1, -2).flatten(-2)


def patches_to_official(tensor: Tensor) -> Tensor:
    """Undo :func:`patches_to_ours`."""
    by_row = tensor.unflatten(-1, (-1, 4)).transpose(-1, -2)
    return by_row[..., [0, 2, 1, 3], :].flatten(-2)
