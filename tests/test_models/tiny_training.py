"""A distillation that trains in seconds: two made videos, the tiny model, the real Runner."""

from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from small_model import SIZE, small_config

from s2d_plugins.fileio.checkpoint_sources import use_safe_checkpoints
from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video

LENGTH = 6


def write_videos(folder: Path, keymask_frames=((0, 1, 2, 4), (3,))) -> Path:
    """Write frames and keymasks of one video per entry; returns the label file."""
    random = np.random.default_rng(0)
    videos, annotations = [], []
    for number, frames in enumerate(keymask_frames, start=1):
        ground = random.integers(0, 120, (SIZE, SIZE, 3), np.uint8)
        names, masks = [], [None] * LENGTH
        for index in range(LENGTH):
            mask = np.zeros((SIZE, SIZE), bool)
            mask[10:40, 5 + 3 * index:35 + 3 * index] = True
            names.append(f'video{number}/{index}.png')
            path = folder / 'frames' / names[-1]
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), np.where(mask[..., None], 255 - ground, ground))
            if index in frames:
                masks[index] = encode_mask(mask)
        videos.append(make_video(number, f'video{number}', (SIZE, SIZE), names))
        if frames:
            annotations.append(make_annotation(number, number, masks))
    write_json(folder / 'keymasks.json', make_labels(videos, annotations))
    return folder / 'keymasks.json'


def training_config(folder: Path, work_dir: str, max_iters: int, **options) -> Config:
    """Config of a training on :func:`write_videos`; everything random in it is switched on."""
    cfg = small_config()
    cfg.work_dir = str(folder / work_dir)
    cfg.train_dataloader.update(num_workers=0, persistent_workers=False, pin_memory=False,
                                batch_size=2)
    cfg.train_dataloader.dataset.update(
        data_root='', ann_file=str(folder / 'keymasks.json'),
        data_prefix=dict(img_path=str(folder / 'frames') + '/'))
    for step in cfg.train_dataloader.dataset.pipeline[1].transforms:
        if step.type == 'RandomResize':
            step.scale = (SIZE, SIZE)
    for name in ('val_dataloader', 'val_cfg', 'val_evaluator', 'test_dataloader', 'test_cfg',
                 'test_evaluator'):
        cfg[name] = None
    cfg.train_cfg.max_iters = max_iters
    cfg.default_hooks.checkpoint.update(interval=2, max_keep_ckpts=-1)
    cfg.default_hooks.logger.interval = 1
    cfg.log_level = 'WARNING'
    cfg.model.teacher_score_thr = 0.0
    # sampled points are random; the backbone learns fast, so that a difference would show
    cfg.model.detector.track_head.train_cfg.num_points = 100
    cfg.merge_from_dict(options)
    return cfg


def train(cfg: Config) -> Runner:
    """Train with one thread and return the runner."""
    torch.set_num_threads(1)
    use_safe_checkpoints()
    cfg.experiment_name = cfg.work_dir
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner
