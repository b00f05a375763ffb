"""Models in a checkpoint, free of the names that the checkpoint uses.

A model's tensors are held by their official names, with ``backbone.`` or ``head.`` in front, in
the official layout and in the checkpoint's order, so that a conversion there and back keeps it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..errors import S2DInputError
from .checkpoint_forms import Form, list_names
from .official_backbones import find_backbone, patches_to_official, patches_to_ours
from .official_head import DECODER_LAYERS, ENCODER_LAYERS, HeadSizes, head_rows
from .tensor_rows import COUNTER, Row

PARTS = ('backbone.', 'head.')


@dataclass(frozen=True)
class Layers:
    """Transformer layers that a model should have; the defaults are the published ones."""

    encoder: int = ENCODER_LAYERS
    decoder: int = DECODER_LAYERS


PUBLISHED = Layers()


@dataclass(frozen=True)
class NamedModel:
    """A Mask2Former.

    Attributes:
        backbone: Name of its backbone.
        sizes: Sizes of its head.
        table: Row of each of its tensors.
        tensors: Their values; batch counters may be absent.
    """

    backbone: str
    sizes: HeadSizes
    table: dict[str, Row]
    tensors: dict[str, Tensor]

    @property
    def has_counters(self) -> bool:
        """Whether it is known how many batches the batch norms have seen."""
        return any(self.table[name].is_counter for name in self.tensors)

    def write(self, prefixes: tuple[str, str], official: bool,
              counters: bool) -> dict[str, Tensor]:
        """Return copies of the tensors by the names of a checkpoint.

        None shares memory with another, as torch would write what they share only once.

        Args:
            prefixes: Of the backbone and of the head.
            official: Whether to write official names and layout, or ours.
            counters: Whether to write batch counters; if they are not known, 0 after each
                ``running_var``.
        """
        written = {}
        adds_counters = counters and not self.has_counters

        def add(name: str, tensor: Tensor) -> None:
            row, part = self.table[name], name.startswith(PARTS[1])
            written_name = row.official if official else row.ours
            written[prefixes[part] + written_name.removeprefix(PARTS[part])] = tensor.clone(
                memory_format=torch.contiguous_format)

        for name, tensor in self.tensors.items():
            if self.table[name].is_counter and not counters:
                continue
            reorder = self.table[name].merges_patches and not official
            add(name, patches_to_ours(tensor) if reorder else tensor)
            if adds_counters and name.endswith('.running_var'):
                add(name.replace('running_var', COUNTER), torch.zeros((), dtype=torch.int64))
        return written


@dataclass
class TensorProblems:
    """Faults of the models of a checkpoint, by the names that it uses."""

    unknown: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    misshaped: list[str] = field(default_factory=list)

    def raise_if_any(self, expected: str) -> None:
        """Name all in one line.

        Raises:
            S2DInputError: If there are any.
        """
        faults = []
        if self.unknown:
            faults.append(f'tensors without counterpart: {len(self.unknown)} '
                          f'({list_names(self.unknown)})')
        if self.missing:
            faults.append(f'missing tensors: {len(self.missing)} ({list_names(self.missing)})')
        if self.misshaped:
            faults.append(f'tensors that do not fit the others: {len(self.misshaped)} '
                          f'({list_names(self.misshaped, 2)})')
        if faults:
            raise S2DInputError(f'{"; ".join(faults)}; expected {expected}')


def read_models(tensors: Mapping[str, Tensor], form: Form,
                layers: Layers) -> dict[str, NamedModel]:
    """Find the models of a checkpoint and check that they are whole.

    Args:
        tensors: Its tensors, without those that belong to no model.
        form: Its form.
        layers: Transformer layers that the models should have.

    Raises:
        S2DInputError: If tensors have no counterpart, are missing, or have another shape than
            the others ask for.
    """
    keys, unknown = _keys_by_model(tensors, form)
    problems = TensorProblems(unknown)
    models = {model: _read_model(tensors, keys[model], prefixes, form.official, layers, problems)
              for model, prefixes in form.prefixes.items()}
    kinds = ' and '.join(sorted({model.backbone for model in models.values()}))
    problems.raise_if_any(f'Mask2Former with {kinds}, {layers.encoder} encoder and '
                          f'{layers.decoder} decoder layers')
    return models


def _keys_by_model(tensors: Mapping[str, Tensor],
                   form: Form) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Sort the keys of a checkpoint: per model, name to key; and the keys that fit nowhere."""
    found, unknown = {model: {} for model in form.prefixes}, []
    places = [(prefix, model, part) for model, prefixes in form.prefixes.items()
              for prefix, part in zip(prefixes, PARTS, strict=True)]
    for key in tensors:
        fitting = [place for place in places if key.startswith(place[0])]
        if not fitting:
            unknown.append(key)
            continue
        prefix, model, part = fitting[0]
        name = part + key.removeprefix(prefix)
        name = _todays_name(name) if form.official else name
        if name in found[model]:
            raise S2DInputError(f'{found[model][name]} and {key} are the same tensor, by its '
                                'present and its former name; remove one of them')
        found[model][name] = key
    return found, unknown


def _todays_name(name: str) -> str:
    """Translate the names of detectron2's Mask2Former before its version 2 (2022)."""
    part, rest = name.split('.', 1)
    if part == 'head' and not rest.startswith(('pixel_decoder.', 'predictor.')):
        rest = f'pixel_decoder.{rest}'
    return f'{part}.{rest}'.replace('head.predictor.static_query.', 'head.predictor.query_feat.')


def _read_model(tensors: Mapping[str, Tensor], keys: dict[str, str], prefixes: tuple[str, str],
                official: bool, layers: Layers, problems: TensorProblems) -> NamedModel:
    """Read one model and note its faults; ``keys`` maps its names to the checkpoint's."""
    shapes = {name: tuple(tensors[key].shape) for name, key in keys.items()}
    backbone, sizes, table = _find_table(shapes, official, layers)
    counted = any(name.endswith(COUNTER) for name in keys)
    rows = {row.official if official else row.ours: row for row in table
            if counted or not row.is_counter}
    read = {}
    for name, key in keys.items():
        if name not in rows:
            problems.unknown.append(key)
            continue
        row, tensor = rows[name], tensors[key]
        if shapes[name] != row.shape:
            problems.misshaped.append(f'{key} is {shapes[name]}, expected {row.shape}')
        elif row.merges_patches and not official:
            tensor = patches_to_official(tensor)
        read[row.official] = tensor
    for name in rows:
        if name not in keys:
            part = name.startswith(PARTS[1])
            problems.missing.append(prefixes[part] + name.removeprefix(PARTS[part]))
    return NamedModel(backbone, sizes, {row.official: row for row in table}, read)


def _find_table(shapes: dict[str, tuple[int, ...]], official: bool,
                layers: Layers) -> tuple[str, HeadSizes, list[Row]]:
    """Return the backbone's name, the head's sizes and all rows that go with these tensors."""
    backbone = find_backbone(_of_part(shapes, 0), official)
    # which tensor states which size is known by official names
    names = {row.official if official else row.ours: row.official
             for row in head_rows(HeadSizes(), backbone.features, layers.encoder, layers.decoder)}
    head = _of_part(shapes, 1)
    sizes = HeadSizes.read({names[name]: shape for name, shape in head.items() if name in names})
    head_table = head_rows(sizes, backbone.features, layers.encoder, layers.decoder)
    return backbone.name, sizes, [
        row._replace(official=part + row.official, ours=part + row.ours)
        for part, table in zip(PARTS, (backbone.table, head_table), strict=True) for row in table]


def _of_part(shapes: dict[str, tuple[int, ...]], part: int) -> dict[str, tuple[int, ...]]:
    return {name.removeprefix(PARTS[part]): shape for name, shape in shapes.items()
            if name.startswith(PARTS[part])}
