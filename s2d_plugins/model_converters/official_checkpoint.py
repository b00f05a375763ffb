"""Checkpoints of the published implementations to ours and back, as nested dicts."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .. import __version__
from ..errors import S2DInputError
from .checkpoint_forms import Form, choose_branches, find_form, list_names, target_form
from .named_models import PUBLISHED, Layers, NamedModel, read_models

# what detectron2's models hold beside their networks: constants from their configs
CONSTANTS = ('criterion.empty_weight', 'pixel_mean', 'pixel_std')
WRAPPERS = ('model', 'state_dict')
RECORD = 'official_checkpoint'


@dataclass(frozen=True)
class Converted:
    """A converted checkpoint.

    Attributes:
        checkpoint: To be written.
        source: Form of the source.
        target: Form of the checkpoint.
        model: One of its models.
        left_out: What else the source held.
    """

    checkpoint: dict
    source: Form
    target: Form
    model: NamedModel
    left_out: tuple[str, ...]


def to_ours(checkpoint: Mapping, branch: str | None = None, image: bool = False,
            layers: Layers = PUBLISHED) -> Converted:
    """Convert a checkpoint of S2D, VideoCutLER or CutLER's image Mask2Former.

    Args:
        checkpoint: A state dict, or one in ``model`` as detectron2 writes it.
        branch: ``'student'`` or ``'teacher'`` gives that model of an S2D checkpoint as a segmenter;
            ``'both'`` a distiller, of any source; None what the source has.
        image: Whether the target is mmdet's image ``Mask2Former`` instead of
            ``SparseToDenseVideo``.
        layers: Transformer layers that the model has.

    Returns:
        The checkpoint with ``state_dict`` and ``meta``. Its tensors are in the order
        of the source. What the way back needs besides is in ``meta``.

    Raises:
        S2DInputError: If the source cannot be converted whole.
    """
    tensors, left_out = unwrap(checkpoint)
    constants = [(index, name, tensors[name].clone()) for index, name in enumerate(tensors)
                 if name in CONSTANTS]
    tensors = {name: tensor for name, tensor in tensors.items() if name not in CONSTANTS}
    source = find_form(tensors, official=True)
    models = read_models(tensors, source, layers)
    branches = choose_branches(source, branch)
    target = target_form(branches, official=False, image=image)
    state_dict = {}
    for name, model in _in_order(branches):
        state_dict.update(models[model].write(target.prefixes[name], False, counters=True))
    any_model = next(iter(models.values()))
    meta = {RECORD: dict(converter=__version__, source=source.name, branch=branch,
                         constants=constants, batch_counters=any_model.has_counters)}
    if isinstance(checkpoint.get('iteration'), int):
        meta[RECORD]['iteration'] = checkpoint['iteration']
    if any_model.sizes.logits == 2:
        meta['dataset_meta'] = dict(classes=('object',))
    return Converted(dict(meta=meta, state_dict=state_dict), source, target, any_model, left_out)


def to_official(checkpoint: Mapping, branch: str | None = None,
                layers: Layers = PUBLISHED) -> Converted:
    """Convert a checkpoint of ours for the published implementations.

    A segmenter becomes a checkpoint as VideoCutLER's (or, of an image model, CutLER's), a distiller
    one as S2D's. Batch counters are left out: the published models' batch norms are frozen.

    Args:
        checkpoint: As mmengine or :func:`to_ours` gives it, or a state dict.
        branch: As for :func:`to_ours`.
        layers: Transformer layers that the model has.

    Returns:
        The checkpoint with ``model``. A converted one has the tensors that it was made from,
        constants of the config included, in the same order.

    Raises:
        S2DInputError: If the source cannot be converted whole.
    """
    tensors, left_out = unwrap(checkpoint)
    meta = checkpoint.get('meta')
    record = meta.get(RECORD, {}) if isinstance(meta, Mapping) else {}
    source = find_form(tensors, official=False)
    models = read_models(tensors, source, layers)
    branches = choose_branches(source, branch)
    target = target_form(branches, official=True)
    written = {}
    for name, model in _in_order(branches):
        written.update(models[model].write(target.prefixes[name], True,
                                           counters=record.get('batch_counters', False)))
    names = list(written)
    for index, name, constant in record.get('constants', ()):
        names.insert(index, name)
        written[name] = constant.clone()
    state_dict = OrderedDict((name, written[name]) for name in names)
    state_dict._metadata = _versions(target)
    return Converted(dict(model=state_dict), source, target, next(iter(models.values())), left_out)


def _in_order(branches: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(branches.items())


def _versions(form: Form) -> OrderedDict:
    """The versions of modules; without them detectron2 takes head names for former ones."""
    current = OrderedDict()
    for _, head in form.prefixes.values():
        current[head.rstrip('.')] = dict(version=2)
        current[f'{head}predictor'] = dict(version=2)
    return current


def unwrap(checkpoint: Mapping) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Return the tensors of a checkpoint and the names of what else it holds."""
    inner, left_out = checkpoint, ()
    for wrapper in WRAPPERS:
        if isinstance(checkpoint.get(wrapper), Mapping):
            inner = checkpoint[wrapper]
            left_out = tuple(str(name) for name in checkpoint if name not in (wrapper, 'meta'))
            break
    tensors = {name: torch.from_numpy(value) if _is_numbers(value) else value
               for name, value in inner.items()}
    others = [f'{name} ({type(value).__name__})' for name, value in tensors.items()
              if not (isinstance(name, str) and isinstance(value, Tensor))]
    if others:
        raise S2DInputError(f'expected tensors by name, or these in {" or ".join(WRAPPERS)}; '
                            f'found {list_names(others)}')
    return tensors, left_out


def _is_numbers(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in 'fiu' and value.dtype.isnative
