"""One run of the pipeline on DAVIS-like data: its arguments, its masks' scores, its setting."""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
from davis_data import DavisData, link_sequences

from s2d_plugins.apis.command_line import DEVICES, quiet_imports
from s2d_plugins.fileio.json_files import read_json

if TYPE_CHECKING:
    from mmengine.config import Config


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what every benchmark of the stages takes."""
    parser.add_argument('--data', required=True, type=Path, metavar='DAVIS_ROOT',
                        help='folder with JPEGImages/480p and Annotations/480p')
    parser.add_argument('--resolution', default='480p', help='folder of that name; 480p by default')
    parser.add_argument('--device', help=f'{DEVICES}; by default a GPU where torch sees one')
    parser.add_argument('--jobs', type=int, help='processes that measure; all cores by default')


def run_recipe(cfg: 'Config', data: DavisData, work_dir: Path, device: str,
               stages: Sequence[str] | None = None) -> dict[str, str]:
    """Run the pipeline, or some stages of it, on the chosen sequences.

    Returns:
        Sequence to what is wrong with it.
    """
    with quiet_imports():
        from s2d_plugins.pipeline.run import run_pipeline
    with tempfile.TemporaryDirectory() as links:
        videos = link_sequences(data, Path(links)) if data.chosen else data.frames
        return run_pipeline(cfg, videos, work_dir, stages, device)


def measure_run(work_dir: Path, data: DavisData, jobs: int | None) -> dict:
    """Score the masks of every stage of a work dir, see ``evaluate_stages``."""
    with quiet_imports():
        from s2d_plugins.pipeline.evaluation.stage_table import evaluate_stages
    return evaluate_stages(work_dir, data.annotations, videos=data.sequences, jobs=jobs,
                           progress=lambda name: print(f'{name} measured', file=sys.stderr))


def describe_setting(work_dir: Path, sequences: Iterable[str], resolution: str) -> dict:
    """What the numbers depend on, for whoever compares them."""
    sequences = list(sequences)
    summaries = (work_dir / name / 'summary.json' for name in sequences)
    summary = next((path for path in summaries if path.is_file()), None)
    device = 'not noted' if summary is None else read_json(summary)['device']
    return dict(resolution=resolution, sequences=', '.join(sequences), device=device,
                cores=os.cpu_count(), machine=platform.machine(),
                python=platform.python_version(), torch=metadata.version('torch'),
                opencv=cv2.__version__)
