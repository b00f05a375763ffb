"""What must hold for the settings of a Runner, whatever its parts are."""

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmengine.device import get_device

from ..arguments import check_count, check_number

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
#: Of torch's loader, for workers; without any they are an error.
_FOR_WORKERS = ('persistent_workers', 'prefetch_factor', 'multiprocessing_context', 'timeout')


def fit_workers(cfg: Config) -> None:
    """Take the settings of workers from the data loaders that have none (``num_workers=0``)."""
    for _, loader in _loaders(cfg):
        if loader.get('num_workers', 0) == 0:
            for name in _FOR_WORKERS:
                loader.pop(name, None)


def fit_pinned_memory(cfg: Config) -> None:
    """Pin no memory where no GPU reads it: torch would warn."""
    if get_device() == 'cpu':
        for _, loader in _loaders(cfg):
            loader.pop('pin_memory', None)


def keep_two_checkpoints(cfg: Config) -> None:
    """Let no training keep a single checkpoint: mmengine removes it before it writes the next."""
    for hook in (*_dict(cfg.get('default_hooks')).values(), *(cfg.get('custom_hooks') or ())):
        if isinstance(hook, dict) and hook.get('max_keep_ckpts') == 1:
            hook['max_keep_ckpts'] = 2


def check_numbers(cfg: Config) -> None:
    """Check the numbers that mmengine takes as they are, and that show late or never.

    Raises:
        S2DInputError: Names the first that is no number or out of its range.
    """
    owner = f'config {cfg.filename}'
    for name, loader in _loaders(cfg):
        if isinstance(loader.get('batch_sampler'), dict):
            continue
        check_count(owner, **_given(name, loader, 'batch_size'))
        check_count(owner, low=0, **_given(name, loader, 'num_workers'))
    loop = _dict(cfg.get('train_cfg'))
    check_count(owner, **_given('train_cfg', loop, 'max_iters', 'max_epochs', 'val_interval'))
    wrapper = _dict(cfg.get('optim_wrapper'))
    check_count(owner, **_given('optim_wrapper', wrapper, 'accumulative_counts'))
    optimizer = _dict(wrapper.get('optimizer'))
    check_number(owner, low=0, **_given('optim_wrapper.optimizer', optimizer, 'lr',
                                        'weight_decay'))
    clip = _dict(wrapper.get('clip_grad'))
    check_number(owner, above=0, **_given('optim_wrapper.clip_grad', clip, 'max_norm',
                                          'clip_value'))
    randomness = _dict(cfg.get('randomness'))
    check_count(owner, low=0, high=2**32 - 1, optional=True,
                **_given('randomness', randomness, 'seed'))


def _loaders(cfg: Config) -> Iterator[tuple[str, dict]]:
    for name in LOADERS:
        loaders = cfg.get(name)
        for loader in loaders if isinstance(loaders, list) else [loaders]:
            if isinstance(loader, dict):
                yield name, loader


def _dict(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _given(prefix: str, settings: dict, *names: str) -> dict[str, Any]:
    return {f'{prefix}.{name}': settings[name] for name in names
            if settings.get(name) is not None}
