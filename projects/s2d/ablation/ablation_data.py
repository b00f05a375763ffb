"""Made videos on disk, with keymasks in a random share of the frames, for the ablation.

A data folder holds

    frames/<video>/00000.png ...   all frames
    keymasks.json                  training videos; each instance has a mask in a third of the
                                   frames in which it is visible, drawn at random
    complete_clips.json            the same keymasks, as clips of three frames in which nothing is
                                   missing: see :func:`complete_clips`
    all_masks.json                 training videos with the masks of all frames
    held_out.json                  other videos with the masks of all frames

all as YouTube-VIS JSON.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from made_videos import MadeVideo, make_video

from s2d_plugins.fileio.whole_files import write_bytes, write_json
from s2d_plugins.labels.rle import encode_masks
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, merge_labels
from s2d_plugins.labels.youtube_vis import make_video as describe_video

KEPT = 1 / 3
CLIP_FRAMES = 3
CLIP_STRIDES = (1, 2, 3)


def write_data(folder: Path, rng: np.random.Generator, num_videos: int, held_out: bool) -> None:
    """Make videos and write their frames and label files."""
    dense, sparse = [], []
    for number in range(num_videos):
        name = f'{"held_out" if held_out else "train"}{number:03d}'
        video = make_video(rng)
        file_names = _write_frames(folder / 'frames', name, video.frames)
        dense.append(label_video(name, video, file_names))
        if not held_out:
            kept = choose_keymasks(video.masks, KEPT, rng)
            sparse.append(label_video(name, video, file_names, kept))
    if held_out:
        write_json(folder / 'held_out.json', merge_labels(dense))
        return
    keymasks = merge_labels(sparse)
    write_json(folder / 'all_masks.json', merge_labels(dense))
    write_json(folder / 'keymasks.json', keymasks)
    write_json(folder / 'complete_clips.json', complete_clips(keymasks))


def choose_keymasks(masks: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Choose the frames in which instances keep their masks.

    Args:
        masks: (N, T, H, W) bool.
        share: Of the frames in which an instance is visible; at least one frame is kept.
        rng: Draws the frames of each instance, independently of the others.

    Returns:
        (N, T) bool.
    """
    visible = masks.any(axis=(2, 3))
    kept = np.zeros_like(visible)
    for row, seen in zip(kept, visible, strict=True):
        frames = np.flatnonzero(seen)
        row[rng.choice(frames, max(1, round(share * len(frames))), replace=False)] = True
    return kept


def label_video(name: str, video: MadeVideo, file_names: Sequence[str],
                kept: np.ndarray | None = None) -> dict:
    """Describe one video; masks where visible and, if (N, T) bool ``kept`` is given, kept."""
    shown = video.masks.any(axis=(2, 3))
    if kept is not None:
        shown &= kept
    annotations = []
    for number, (masks, frames) in enumerate(zip(video.masks, shown, strict=True), 1):
        rles = [rle if here else None
                for rle, here in zip(encode_masks(masks), frames, strict=True)]
        annotations.append(make_annotation(number, 1, rles))
    described = describe_video(1, name, video.frames.shape[1:3], file_names)
    return make_labels([described], annotations)


def complete_clips(labels: dict, num_frames: int = CLIP_FRAMES,
                   strides: Sequence[int] = CLIP_STRIDES) -> dict:
    """Cut out the clips in which no keymask is missing, as videos of their own.

    A clip is complete if each instance that has a keymask in it has one in each of its frames, and
    there is such an instance. That is what the labels alone can tell: an instance without any
    keymask in the clip may be there all the same.

    Args:
        labels: YouTube-VIS labels.
        num_frames: Frames of a clip.
        strides: Steps between the frames of a clip.

    Returns:
        Labels whose videos are the clips.
    """
    clips = []
    for video in labels['videos']:
        tracks = [entry['segmentations'] for entry in labels['annotations']
                  if entry['video_id'] == video['id']]
        known = np.array([[rle is not None for rle in track] for track in tracks])
        for stride in strides:
            for first in range(video['length'] - (num_frames - 1) * stride):
                frames = list(range(first, first + num_frames * stride, stride))
                count = known[:, frames].sum(axis=1)
                if not np.isin(count, (0, num_frames)).all() or not count.any():
                    continue
                clip = describe_video(1, f'{video["name"]}_{first}_{stride}',
                                      (video['height'], video['width']),
                                      [video['file_names'][frame] for frame in frames])
                clips.append(make_labels([clip], [
                    make_annotation(number, 1, [tracks[row][frame] for frame in frames])
                    for number, row in enumerate(np.flatnonzero(count), 1)]))
    return merge_labels(clips)


def _write_frames(folder: Path, name: str, frames: np.ndarray) -> list[str]:
    names = [f'{name}/{number:05d}.png' for number in range(len(frames))]
    for file_name, frame in zip(names, frames, strict=True):
        write_bytes(folder / file_name, cv2.imencode('.png', frame[..., ::-1])[1].tobytes())
    return names
