"""A training's config as the pipeline runs it."""

from pathlib import Path

from mmengine.config import Config, ConfigDict

from ..apis.runner_tools import use_float32
from ..errors import S2DInputError
from ..fileio.configs import find_beside, load_config
from .stage_names import FINAL

#: Checkpoints that are kept, where the config does not say: the newest may be cut off by a kill.
KEEP_CHECKPOINTS = 2
_EVALUATION = ('val_dataloader', 'val_cfg', 'val_evaluator', 'test_dataloader', 'test_cfg',
               'test_evaluator')


def read_training_config(cfg: Config, stage: str) -> Config:
    """Read a stage's training config with the overrides of the pipeline's config.

    Raises:
        S2DInputError: If there is none, or it is not the config of a training.
    """
    path = find_beside(cfg[stage].config, cfg.filename)
    training = load_config(path, cfg[stage].get('options'))
    for key in ('model', 'train_dataloader', 'train_cfg', 'optim_wrapper'):
        if not isinstance(training.get(key), dict):
            raise S2DInputError(f'{cfg.filename}: {stage}: {path} is not the config of a training: '
                                f'it has no dict {key}; give another config')
    if not isinstance(training.train_dataloader.get('dataset'), dict):
        raise S2DInputError(f'{cfg.filename}: {stage}: {path} is not the config of a training: '
                            'its train_dataloader has no dict dataset; give another config')
    return training


def connect(training: Config, cfg: Config, stage: str, folder: Path, labels: Path, frames: Path,
            device: str) -> None:
    """Point a training config to a run's data and folders; no validation.

    Args:
        training: Config to change.
        cfg: The pipeline's config.
        stage: The stage that trains.
        folder: Its work dir.
        labels: Label file of all clips.
        frames: Folder of all clips' frames.
        device: ``'cpu'`` or ``'cuda'``.
    """
    training.work_dir = str(folder)
    dataset = innermost_dataset(training)
    dataset.update(data_root='', ann_file=str(labels.resolve()),
                   data_prefix=dict(img_path=f'{frames.resolve()}/'))
    if stage == FINAL and 'min_score' in dataset:
        # supported tubes are chosen by then, and have scores of another meaning
        dataset.min_score = None if cfg.get('dense_support') else \
            cfg.get('dense', {}).get('score_thr', dataset.min_score)
    for name in _EVALUATION:
        training[name] = None
    _keep_checkpoints(training)
    training.setdefault('randomness', dict(seed=0))
    if device == 'cpu':  # whether there is a GPU or not
        use_float32(training)


def innermost_dataset(training: Config) -> ConfigDict:
    """Return the config of the data set itself, inside of what may be wrapped around it."""
    dataset = training.train_dataloader.dataset
    while isinstance(dataset.get('dataset'), dict):
        dataset = dataset.dataset
    return dataset


def _keep_checkpoints(training: Config) -> None:
    """Make sure of checkpoints to go on from, of which a kill can destroy one."""
    if training.get('default_hooks') is None:
        training.default_hooks = ConfigDict()
    if training.default_hooks.get('checkpoint') is None:
        training.default_hooks.checkpoint = ConfigDict(type='CheckpointHook', by_epoch=False)
    main = training.default_hooks.checkpoint
    steps = training.train_cfg.get('max_iters')
    if not main.get('by_epoch', True) and isinstance(steps, int):
        main.interval = max(1, min(main.get('interval', 1000), steps // 8))
    main.setdefault('max_keep_ckpts', KEEP_CHECKPOINTS)
    for hook in (*training.default_hooks.values(), *(training.get('custom_hooks') or ())):
        keep = hook.get('max_keep_ckpts') if isinstance(hook, dict) else None
        if isinstance(keep, int) and 0 <= keep < KEEP_CHECKPOINTS:
            hook.max_keep_ckpts = KEEP_CHECKPOINTS
