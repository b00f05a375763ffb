"""Masks as RLE, and the two label files: proposals per clip and YouTube-VIS JSON.

Every file is written to a temporary name beside its target and then renamed, so that a killed
run leaves either the old file or the new one, never half of one.
"""

import contextlib
import gc
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from .errors import S2DInputError
from .rle import encode_masks

CATEGORIES = [dict(id=1, name='object')]


def encode_mask(mask: np.ndarray) -> dict:
    """Encode one (H, W) mask."""
    return encode_masks(np.asarray(mask)[None])[0]


def decode_mask(rle: dict) -> np.ndarray:
    """Decode one RLE to a bool array (H, W)."""
    return coco_mask.decode(rle).astype(bool)


def write_text(path: str | Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        S2DInputError: If the folder cannot be written or the disk is full.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile('w', dir=path.parent, prefix=f'.{path.name}.',
                                         delete=False, encoding='utf-8') as file:
            temporary = file.name
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise S2DInputError(f'cannot write {path}: {error.strerror or error}; free space or '
                            'choose another output folder') from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):  # it has been renamed, or the disk is gone
                os.unlink(temporary)


def write_json(path: str | Path, content: object) -> None:
    """Write JSON whole or not at all; see :func:`write_text`."""
    write_text(path, json.dumps(content))


def read_json(path: str | Path) -> Any:
    """Read JSON.

    Raises:
        S2DInputError: If the file is missing or is not JSON.
    """
    try:
        with _no_garbage_collection():
            return json.loads(Path(path).read_text(encoding='utf-8'))
    except OSError as error:
        raise S2DInputError(f'cannot read {path}: {error.strerror or error}') from error
    except ValueError as error:
        raise S2DInputError(f'{path} is not valid JSON ({error}); make it again') from error


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Keep the collector from going through millions of new objects, none of which is garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def write_proposals(path: str | Path, name: str, size: tuple[int, int],
                    frames: Sequence[Sequence[dict]]) -> None:
    """Write stage 1's result for one clip.

    Args:
        path: Target file.
        name: Name of the clip.
        size: (height, width) of its frames in pixels.
        frames: Per frame a list of ``dict(segmentation=RLE, score=float)``; masks may overlap.
    """
    write_json(path, dict(video=name, height=size[0], width=size[1], frames=frames))


def read_proposals(path: str | Path) -> dict:
    """Read and check stage 1's result for one clip.

    Raises:
        S2DInputError: If a key is missing or a mask is not of the size the file states.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not {'height', 'width', 'frames'} <= content.keys() or (
            not all(isinstance(masks, list) for masks in content['frames'])):
        raise S2DInputError(f'{path} is not a proposals file: expected the keys height, width '
                            'and frames, a list of masks each; make it with tools/propose_masks.py')
    size = [content['height'], content['width']]
    for index, masks in enumerate(content['frames']):
        for mask in masks:
            if not _is_scored_mask(mask):
                raise S2DInputError(f'{path}, frame {index}: expected masks as segmentation '
                                    f'(RLE) and score, found {str(mask)[:60]!r}; make the file '
                                    'again with tools/propose_masks.py')
            if list(mask['segmentation']['size']) != size:
                raise S2DInputError(f'{path}, frame {index}: a mask of size '
                                    f'{mask["segmentation"]["size"]}, expected {size}; make the '
                                    'file again from the same frames')
    return content


def _is_scored_mask(mask: object) -> bool:
    return (isinstance(mask, dict) and 'score' in mask
            and isinstance(mask.get('segmentation'), dict)
            and {'size', 'counts'} <= mask['segmentation'].keys())


def make_video(video_id: int, name: str, size: tuple[int, int],
               file_names: Sequence[str]) -> dict:
    """Describe one video; ``size`` is (height, width), ``file_names`` one file per frame."""
    return dict(id=video_id, name=name, height=int(size[0]), width=int(size[1]),
                length=len(file_names), file_names=list(file_names))


def make_annotation(annotation_id: int, video_id: int,
                    segmentations: Sequence[dict | None], **extra: Any) -> dict:
    """Describe one instance: per frame an RLE or None, at least one RLE.

    Args:
        annotation_id: Unique in the file.
        video_id: The video it belongs to.
        segmentations: One entry per frame.
        **extra: Keys that readers of the format ignore, such as ``score``, ``one2x`` and
            ``visibility_ranges``.

    Raises:
        ValueError: If there is no mask in any frame.
    """
    size = next((rle['size'] for rle in segmentations if rle is not None), None)
    if size is None:
        raise ValueError(f'annotation {annotation_id} of video {video_id}: expected a mask in at '
                         f'least one of {len(segmentations)} frames, found none')
    present = [rle for rle in segmentations if rle is not None]
    boxes, areas = ([None if rle is None else next(values) for rle in segmentations]
                    for values in (iter(coco_mask.toBbox(present).tolist()),
                                   iter(coco_mask.area(present).tolist())))
    return dict(id=annotation_id, video_id=video_id, category_id=1, iscrowd=0, height=size[0],
                width=size[1], length=len(segmentations), segmentations=list(segmentations),
                bboxes=boxes, areas=areas, **extra)


def make_labels(videos: Sequence[dict], annotations: Sequence[dict]) -> dict:
    """Join videos and annotations to one class-agnostic YouTube-VIS label set."""
    return dict(videos=list(videos), annotations=list(annotations), categories=CATEGORIES)


def merge_labels(label_sets: Iterable[dict]) -> dict:
    """Join label sets of different videos into one, numbering videos and annotations anew."""
    videos: list[dict] = []
    annotations: list[dict] = []
    for labels in label_sets:
        new_ids = {}
        for video in labels['videos']:
            new_ids[video['id']] = len(videos) + 1
            videos.append({**video, 'id': len(videos) + 1})
        for annotation in labels['annotations']:
            annotations.append({**annotation, 'id': len(annotations) + 1,
                                'video_id': new_ids[annotation['video_id']]})
    return make_labels(videos, annotations)
