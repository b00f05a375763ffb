"""Checkpoints of CutLER's and CutS3D's detector to mmdet and back, as nested dicts."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from .. import __version__
from ..errors import S2DInputError
from .cascade_names import (
    BACKBONE,
    CascadeSizes,
    cascade_constants,
    cascade_rows,
    head_rows,
)
from .checkpoint_forms import list_names
from .named_models import TensorProblems
from .official_backbones import find_backbone
from .official_checkpoint import RECORD, unwrap
from .tensor_rows import COUNTER, Row

_MARKS = 'roi_heads.', 'roi_head.'
_NAMES = 'detectron2', 'mmdet'


@dataclass(frozen=True)
class ConvertedCascade:
    """A converted checkpoint of a detector.

    Attributes:
        checkpoint: To be written.
        backbone: Name of its backbone.
        sizes: Sizes of its heads.
        left_out: What else the source held.
    """

    checkpoint: dict
    backbone: str
    sizes: CascadeSizes
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class _Cascade:
    backbone: str
    sizes: CascadeSizes
    rows: dict[str, Row]  # by the names of the source
    counted: bool  # batch counters are there


def cascade_to_mmdet(checkpoint: Mapping) -> ConvertedCascade:
    """Convert a checkpoint of detectron2.

    Args:
        checkpoint: A state dict, or one in ``model`` as detectron2 writes it.

    Returns:
        The checkpoint with ``state_dict`` and ``meta``; its tensors are in the order of the source.
        What the way back needs besides is in ``meta``.

    Raises:
        S2DInputError: If the source cannot be converted whole, or its constants (anchors, colours)
            are not those of CutLER's config.
    """
    tensors, left_out = unwrap(checkpoint)
    constants = [(index, name, tensor.clone()) for index, (name, tensor)
                 in enumerate(tensors.items()) if name in cascade_constants()]
    _check_constants({name: tensor for _, name, tensor in constants})
    tensors = {name: tensor for name, tensor in tensors.items() if name not in cascade_constants()}
    cascade = _read(tensors, official=True)
    state_dict = {}
    for name, tensor in tensors.items():
        written = cascade.rows[name].ours
        state_dict[written] = _copy(tensor)
        if written.endswith('.running_var') and not cascade.counted:
            state_dict[written.replace('running_var', COUNTER)] = torch.tensor(0)
    meta = {RECORD: dict(converter=__version__, source='cascade of detectron2',
                         constants=constants, batch_counters=cascade.counted)}
    if cascade.sizes.classes == 1:
        meta['dataset_meta'] = dict(classes=('object',))
    return ConvertedCascade(dict(meta=meta, state_dict=state_dict), cascade.backbone,
                            cascade.sizes, left_out)


def cascade_to_detectron2(checkpoint: Mapping) -> ConvertedCascade:
    """Convert a checkpoint of mmdet's cascade for detectron2.

    Args:
        checkpoint: As mmengine or :func:`cascade_to_mmdet` gives it, or a state dict.

    Returns:
        The checkpoint with ``model``. A converted one has the tensors that it was made from,
        constants included, in the same order.

    Raises:
        S2DInputError: If the source cannot be converted whole.
    """
    tensors, left_out = unwrap(checkpoint)
    record = _record_of(checkpoint)
    cascade = _read(tensors, official=False)
    drops = not record.get('batch_counters', True)
    written = {cascade.rows[name].official: _copy(tensor) for name, tensor in tensors.items()
               if not (drops and cascade.rows[name].is_counter)}
    names = list(written)
    for index, name, constant in record.get('constants', ()):
        names.insert(index, name)
        written[name] = constant.clone()
    return ConvertedCascade(dict(model={name: written[name] for name in names}), cascade.backbone,
                            cascade.sizes, left_out)


def _record_of(checkpoint: Mapping) -> Mapping:
    """What :func:`cascade_to_mmdet` has noted; nothing in a checkpoint of a training.

    Raises:
        S2DInputError: If it is not what that writes.
    """
    meta = checkpoint.get('meta')
    record = meta.get(RECORD, {}) if isinstance(meta, Mapping) else {}
    constants = record.get('constants', []) if isinstance(record, Mapping) else None
    if not isinstance(constants, list) or not all(
            isinstance(item, list | tuple) and [type(part) for part in item] == [int, str, Tensor]
            for item in constants):
        raise S2DInputError(f'meta.{RECORD} is damaged: expected what the converter notes; remove '
                            'it, or convert the published checkpoint again')
    return record


def _copy(tensor: Tensor) -> Tensor:
    # torch would write only once what tensors share
    return tensor.clone(memory_format=torch.contiguous_format)


def _check_constants(found: Mapping[str, Tensor]) -> None:
    for name, wanted in cascade_constants().items():
        if name not in found:
            continue
        tensor = found[name].float()
        if tensor.shape != wanted.shape or not torch.allclose(tensor, wanted, atol=1e-3):
            raise S2DInputError(
                f'{name}: expected {_shown(wanted)} as in CutLER, found {_shown(tensor)}; a '
                'detector with another config needs an mmdet config of its own')


def _shown(tensor: Tensor) -> str:
    values = ', '.join(f'{value:g}' for value in tensor.flatten()[:4].tolist())
    return f'{tuple(tensor.shape)} ({values}{", ..." if tensor.numel() > 4 else ""})'


def _read(tensors: Mapping[str, Tensor], official: bool) -> _Cascade:
    """Find the detector in a checkpoint and check that it is whole.

    Raises:
        S2DInputError: If it is another model, or tensors have no counterpart, are missing or have
            another shape than the others ask for.
    """
    _check_direction(tensors, official)
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    prefix = BACKBONE[0 if official else 1]
    backbone = find_backbone({name.removeprefix(prefix): shape for name, shape in shapes.items()
                              if name.startswith(prefix)}, official)
    # which tensor states which size is known by official names
    names = {row.official if official else row.ours: row.official
             for row in head_rows(backbone.features, CascadeSizes())}
    sizes = CascadeSizes.read({names[name]: shape for name, shape in shapes.items()
                               if name in names})
    counted = any(name.endswith(COUNTER) for name in tensors)
    table = {row.official if official else row.ours: row for row in cascade_rows(backbone, sizes)
             if counted or not row.is_counter}
    problems = TensorProblems(
        unknown=[name for name in shapes if name not in table],
        missing=[name for name in table if name not in shapes],
        misshaped=[f'{name} is {shape}, expected {table[name].shape}'
                   for name, shape in shapes.items()
                   if name in table and shape != table[name].shape])
    problems.raise_if_any(f'a class-agnostic Cascade Mask R-CNN with {backbone.name}, FPN and '
                          'batch norm, as of CutLER and CutS3D')
    return _Cascade(backbone.name, sizes, table, counted)


def _check_direction(names: Mapping, official: bool) -> None:
    wanted, other = _MARKS if official else _MARKS[::-1]
    if any(name.startswith(wanted) for name in names):
        return
    source, target = _NAMES if official else _NAMES[::-1]
    if any(name.startswith(other) for name in names):
        raise S2DInputError(f'its tensors are named as in {target}, which is converted in the '
                            f'other direction: {"add" if official else "leave out"} --reverse')
    raise S2DInputError(f'expected the detector of CutLER or CutS3D, tensors of {source} whose '
                        f'names start with {wanted}, found {list_names(names) or "none"}')
