"""One training of the ablation: train a variant, segment the held-out videos, measure."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from ablation_data import write_data
from ablation_scores import score_videos
from mmengine.config import Config

from s2d_plugins.apis.command_line import quiet_imports
from s2d_plugins.apis.runner_tools import build_runner
from s2d_plugins.fileio.configs import load_config
from s2d_plugins.fileio.digests import digest
from s2d_plugins.fileio.json_files import read_json
from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.pipeline.quiet_runner import QuietRunner

CONFIGS = Path(__file__).resolve().parents[1] / 'configs/ablation'
#: Streams of random numbers: no training video is a held-out one.
_TRAINING, _HELD_OUT = 1, 2


@dataclass(frozen=True)
class Run:
    """What one training is made of.

    Attributes:
        variant: Name of its config.
        seed: Of the training videos, their keymasks, the weights and the order of the clips. The
            held-out videos are the same for all.
        out: Folder of the whole ablation.
        num_videos: Training videos.
        num_held_out: Held-out videos.
        steps: Training steps; None for the config's.
    """

    variant: str
    seed: int
    out: Path
    num_videos: int
    num_held_out: int
    steps: int | None = None

    @property
    def folder(self) -> Path:
        """Logs, tracks and result of the run."""
        return self.out / 'runs' / f'{self.variant}_seed{self.seed}'

    @property
    def training_data(self) -> Path:
        """Data folder of the training videos; see :mod:`ablation_data`."""
        return self.out / 'data' / f'train{self.num_videos}_seed{self.seed}'

    @property
    def held_out_data(self) -> Path:
        """Data folder of the held-out videos."""
        return self.out / 'data' / f'held_out{self.num_held_out}'

    @property
    def result_file(self) -> Path:
        """JSON with what was measured; it exists when the run is complete."""
        return self.folder / 'result.json'

    @property
    def tracks_file(self) -> Path:
        """The tracks that were measured, as YouTube-VIS results."""
        return self.folder / 'tracks.json'

    def read_config(self) -> Config:
        """Read the variant's config and point it to this run's data and folder."""
        cfg = load_config(CONFIGS / f'{self.variant}.py')
        if self.steps is not None:
            cfg.train_cfg.max_iters = self.steps
        cfg.train_cfg.val_interval = cfg.train_cfg.max_iters + 1
        warm_up, decay = cfg.param_scheduler
        warm_up.end = decay.begin = min(warm_up.end, cfg.train_cfg.max_iters // 2)
        decay.end = cfg.train_cfg.max_iters
        for hook in cfg.custom_hooks:
            if 'teacher_loss_weight' in hook:
                hook.teacher_loss_weight.begin = cfg.train_cfg.max_iters // 2
        cfg.train_dataloader.dataset.data_root = f'{self.training_data}/'
        for name in ('val', 'test'):
            cfg[f'{name}_dataloader'].dataset.data_root = f'{self.held_out_data}/'
            cfg[f'{name}_evaluator'].ann_file = str(self.held_out_data / 'held_out.json')
        cfg.test_evaluator.outfile_prefix = str(self.tracks_file.with_suffix(''))
        cfg.work_dir = str(self.folder)
        cfg.experiment_name = f'{self.variant}_seed{self.seed}'
        cfg.randomness = dict(seed=self.seed)
        return cfg

    def fingerprint(self) -> str:
        """Return a hash that changes with the config, not with the place of the files."""
        text = json.dumps(self.read_config().to_dict(), sort_keys=True, default=str)
        return digest([text.replace(str(self.out), ''), self.num_videos, self.num_held_out])

    def kept_result(self) -> dict | None:
        """Return the result of an earlier run with the same settings, if there is one."""
        if not (self.result_file.is_file() and self.tracks_file.is_file()):
            return None
        result = read_json(self.result_file)
        return result if result.get('fingerprint') == self.fingerprint() else None


def make_data(run: Run) -> None:
    """Make the videos of a run, unless they are there; the last file written is looked for."""
    if not (run.training_data / 'complete_clips.json').is_file():
        write_data(run.training_data, np.random.default_rng([_TRAINING, run.seed]),
                   run.num_videos, held_out=False)
    if not (run.held_out_data / 'held_out.json').is_file():
        write_data(run.held_out_data, np.random.default_rng(_HELD_OUT), run.num_held_out,
                   held_out=True)


def execute(run: Run) -> dict:
    """Train and measure on one core; writes the result and returns it.

    Returns:
        ``j``: mean dense J over objects; ``videos``: dense J of the objects by video; ``ap``,
        ``ap50``, ``ar10``; ``loss`` of the last steps; ``steps``, ``seconds``, ``cpu_seconds``.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    wall, cpu = time.monotonic(), time.process_time()
    with _output_to(run.folder / 'console.log'):
        cfg = run.read_config()
        with quiet_imports():
            runner = build_runner(cfg, QuietRunner)
        runner.train()
        measured = runner.test()
    videos = score_videos(run.held_out_data / 'held_out.json', run.tracks_file)
    values = [value for objects in videos.values() for value in objects]
    result = dict(
        variant=run.variant, seed=run.seed, fingerprint=run.fingerprint(), steps=runner.iter,
        j=float(np.mean(values)), ap=measured['vis/AP'], ap50=measured['vis/AP50'],
        ar10=measured['vis/AR10'], videos=videos,
        loss=float(runner.message_hub.log_scalars['train/loss'].mean(50)),
        seconds=time.monotonic() - wall, cpu_seconds=time.process_time() - cpu)
    write_json(run.result_file, result)
    return result


@contextlib.contextmanager
def _output_to(path: Path) -> Iterator[None]:
    """Send what libraries print and warn of to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (path.open('w', encoding='utf-8') as file, contextlib.redirect_stdout(file),
          contextlib.redirect_stderr(file)):
        yield
