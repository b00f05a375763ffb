"""Rows of the tables of names, and the tensors that the usual layers hold."""

from typing import NamedTuple

COUNTER = 'num_batches_tracked'


class Row(NamedTuple):
    """One tensor under its two names.

    Attributes:
        official: Name in detectron2's model, relative to the backbone or the head.
        ours: Name in mmdet's, relative to the same.
        shape: Shape in both.
        merges_patches: The last axis holds the channels of 2 x 2 patches, in another order in
            ours; see :func:`official_backbones.patches_to_ours`.
    """

    official: str
    ours: str
    shape: tuple[int, ...]
    merges_patches: bool = False

    @property
    def is_counter(self) -> bool:
        """Whether it counts a batch norm's batches; a frozen batch norm has no such tensor."""
        return self.official.endswith(COUNTER)


def rows(official: str, ours: str, tensors: dict[str, tuple[int, ...]],
         merges_patches: bool = False) -> list[Row]:
    """Make the rows of one layer, whose tensors have the same last names in both."""
    return [Row(f'{official}.{name}', f'{ours}.{name}', shape, merges_patches)
            for name, shape in tensors.items()]


def linear(inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return dict(weight=(outputs, inputs), bias=(outputs,))


def norm(channels: int) -> dict[str, tuple[int, ...]]:
    """Layer norm or group norm."""
    return dict(weight=(channels,), bias=(channels,))


def batch_norm(channels: int) -> dict[str, tuple[int, ...]]:
    statistics = dict(running_mean=(channels,), running_var=(channels,))
    return {**norm(channels), **statistics, COUNTER: ()}


def conv(inputs: int, outputs: int, size: int, bias: bool) -> dict[str, tuple[int, ...]]:
    weight = dict(weight=(outputs, inputs, size, size))
    return {**weight, 'bias': (outputs,)} if bias else weight


def attention(width: int) -> dict[str, tuple[int, ...]]:
    """torch's ``MultiheadAttention``."""
    return {'in_proj_weight': (3 * width, width), 'in_proj_bias': (3 * width,),
            'out_proj.weight': (width, width), 'out_proj.bias': (width,)}
