"""Build all of a training but its data, so that a mistake in it is told before hours are spent."""

import contextlib
import os
import random
import secrets
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config, ConfigDict
from mmengine.dataset import BaseDataset
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.visualization import Visualizer

from ..apis.runner_tools import build_runner
from ..errors import S2DInputError
from ..fileio.checkpoint_sources import check_source
from ..fileio.config_faults import config_errors
from ..fileio.whole_files import write_json
from ..labels.rle import encode_mask
from ..labels.youtube_vis import make_annotation, make_labels, make_video
from ..registry import DATASETS
from .quiet_runner import QuietRunner
from .stage_names import FINAL
from .training_config import connect, innermost_dataset, read_training_config

_SIZE = (64, 64)
_FRAMES = 64


def check_training(cfg: Config, stage: str, device: str) -> None:
    """Build a stage's model, hooks, data loader, optimiser and loop, as its training will.

    The data loader gets a made label file of one video; nothing is read from it.

    Args:
        cfg: The pipeline's config.
        stage: A stage that trains.
        device: ``'cpu'`` or ``'cuda'``.

    Raises:
        S2DInputError: If any of them cannot be built, or the training has no steps.
    """
    training = read_training_config(cfg, stage)
    with tempfile.TemporaryDirectory() as folder, _settings_kept():
        frames = Path(folder) / 'frames'
        connect(training, cfg, stage, Path(folder) / 'run', _made_labels(frames, stage), frames,
                device)
        if training.get('load_from'):
            with config_errors(cfg.filename, key=stage):
                check_source(training.load_from)
        training.load_from, training.resume = None, False
        _keep_unpacked(innermost_dataset(training))
        training.experiment_name = f's2d-check-{secrets.token_hex(8)}'
        with (_instances_removed(training.experiment_name),
              config_errors(cfg.filename, key=stage)):
            _build(training)


class _TrialRunner(QuietRunner):
    """A Runner that is only built: it does not write its config down, which takes seconds."""

    def dump_config(self) -> None:
        pass

    def _log_env(self, env_cfg: dict) -> None:
        pass

    def build_visualizer(self, visualizer=None) -> Visualizer:
        visualizer = super().build_visualizer(visualizer)
        visualizer.add_config = lambda config: None
        return visualizer


def _build(training: Config) -> None:
    runner = build_runner(training, _TrialRunner)
    loop = runner.build_train_loop(runner._train_loop)
    runner._train_loop = loop  # schedulers ask the runner for its length
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    if runner.param_schedulers is not None:
        runner.build_param_scheduler(runner.param_schedulers)
    if not loop.max_iters > 0:
        raise S2DInputError(f'config {training.filename}: expected at least one step in '
                            f'train_cfg, found {loop.max_iters}; correct it')


def _keep_unpacked(dataset: ConfigDict) -> None:
    """Spare a data set that is soon gone the search for garbage that mmengine packs it with."""
    kind = dataset.get('type')
    kind = DATASETS.get(kind) if isinstance(kind, str) else kind
    if isinstance(kind, type) and issubclass(kind, BaseDataset):
        dataset.serialize_data = False


def _made_labels(frames: Path, stage: str) -> Path:
    """Write labels of one video with one object that fills every frame; dense ones have scores."""
    names = [f'a/{number:05d}.jpg' for number in range(_FRAMES)]
    full = encode_mask(np.ones(_SIZE, bool))
    for name in names:
        (frames / name).parent.mkdir(parents=True, exist_ok=True)
        (frames / name).touch()
    path = frames.parent / 'labels.json'
    write_json(path, make_labels([make_video(1, 'a', _SIZE, names)],
                                 [make_annotation(1, 1, [full] * _FRAMES,
                                                 score=1.0 if stage == FINAL else None)]))
    return path


@contextlib.contextmanager
def _settings_kept() -> Iterator[None]:
    """Undo what building a Runner sets for the whole process."""
    environment, threads = dict(os.environ), cv2.getNumThreads()
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    deterministic = torch.are_deterministic_algorithms_enabled()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # the training will say it again
            yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        cv2.setNumThreads(threads)
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
        torch.use_deterministic_algorithms(deterministic)


@contextlib.contextmanager
def _instances_removed(name: str) -> Iterator[None]:
    """Forget the global instances that a Runner makes under its experiment's name."""
    try:
        yield
    finally:
        for kind in (MMLogger, MessageHub, DefaultScope, Visualizer, *_subclasses(Visualizer)):
            for key in [key for key in kind._instance_dict if key.startswith(name)]:
                instance = kind._instance_dict.pop(key)
                for handler in instance.handlers if kind is MMLogger else ():
                    handler.close()


def _subclasses(kind: type) -> list[type]:
    return [found for direct in kind.__subclasses__() for found in (direct, *_subclasses(direct))]
