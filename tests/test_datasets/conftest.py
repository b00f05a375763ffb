"""Tiny videos on disk with YouTube-VIS labels."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.registry import DefaultScope

from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video


@pytest.fixture(autouse=True)
def scope():
    """Configs of this room name their parts without a scope."""
    with DefaultScope.overwrite_default_scope('s2d_plugins'):
        yield


@pytest.fixture(autouse=True)
def seed():
    np.random.seed(0)


def box_mask(size, x, y, width, height):
    """(H, W) bool mask of a rectangle."""
    mask = np.zeros(size, bool)
    mask[y:y + height, x:x + width] = True
    return mask


def write_frame(path, size, frame):
    """A horizontal ramp that grows brighter with the frame number, stored without loss."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.broadcast_to(np.arange(size[1])[None, :, None] + 10 * frame, (*size, 3))
    assert cv2.imwrite(str(path), np.clip(image, 0, 255).astype(np.uint8))


@pytest.fixture
def make_set(tmp_path):
    """Write a data set: ``videos`` maps a name to (length, {instance: frames with a mask}).

    Instance k (from 0) is a rectangle of 8 x 6 pixels at x = 2 + 10 k, y = 4.
    """
    def make(videos, size=(24, 40), edit=None, **annotation_keys):
        entries, annotations = [], []
        for name, (length, instances) in videos.items():
            files = [f'{name}/{frame:05d}.png' for frame in range(length)]
            for frame, file_name in enumerate(files):
                write_frame(tmp_path / 'frames' / file_name, size, frame)
            entries.append(make_video(len(entries) + 1, name, size, files))
            for number, frames in instances.items():
                rle = encode_mask(box_mask(size, 2 + 10 * number, 4, 8, 6))
                annotations.append(make_annotation(
                    len(annotations) + 1, len(entries),
                    [rle if frame in frames else None for frame in range(length)],
                    **annotation_keys))
        labels = make_labels(entries, annotations)
        if edit is not None:
            edit(labels)
        write_json(tmp_path / 'labels.json', labels)
        return SimpleNamespace(
            labels=labels, root=tmp_path,
            config=dict(type='KeymaskDataset', data_root=str(tmp_path), ann_file='labels.json',
                        data_prefix=dict(img_path='frames/')))
    return make
