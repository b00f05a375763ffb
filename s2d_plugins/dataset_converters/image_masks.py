"""Proposals of videos as images with masks: what the image model and the detector train on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import Problems, S2DInputError
from ..fileio.whole_files import write_json
from ..labels.proposals_file import read_proposals
from ..labels.rle import areas_and_boxes
from ..labels.youtube_vis import CATEGORIES
from ..structures import Progress
from ..video import Video, open_video
from ..video.extract import write_frames

ANNOTATIONS, IMAGES = 'annotations/train.json', 'images'


@dataclass(frozen=True)
class MaskedVideo:
    """A video and its proposals file."""

    name: str
    video: Path
    proposals: Path


class _Chosen(Sequence):
    """Some frames of a video, read when they are asked for."""

    def __init__(self, video: Video, indices: Sequence[int]):
        self.video, self.indices = video, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index) -> np.ndarray:
        return self.video[self.indices[index]]


def write_image_masks(videos: Sequence[MaskedVideo], target: str | Path, min_score: float = 0.0,
                      every: int = 1, lenient: bool = False,
                      progress: Progress | None = None) -> tuple[dict[str, int], list[str]]:
    """Write frames as JPEG and a COCO file of their masks, of the one category ``object``.

    Frames without masks are left out. The COCO file is written at the end, whole.

    Args:
        videos: What to read, with names that differ.
        target: Folder; it gets :data:`ANNOTATIONS` and ``images/VIDEO/00000.jpg``, ...
        min_score: Masks of a lower score are left out.
        every: Takes every so many frames of a video.
        lenient: Leave out a video that is faulty; otherwise the first fault ends the work.
        progress: Called with videos done and their total.

    Returns:
        How many images and masks were written, and the faults of the videos left out.

    Raises:
        S2DInputError: At a fault, if no mask is left, or if the target cannot be written.
    """
    target, problems = Path(target), Problems(lenient)
    images: list[dict] = []
    annotations: list[dict] = []
    for done, masked in enumerate(videos, start=1):
        try:
            frames = _write_images(masked, target, min_score, every)
        except S2DInputError as error:
            problems.add(f'{masked.name}: {error}')
            frames = []
        for name, index, masks in frames:
            height, width = masks[0]['segmentation']['size']
            images.append(dict(id=len(images) + 1, file_name=name, height=height, width=width,
                               frame=index))
            annotations += _annotations(masks, len(images), len(annotations))
        if progress is not None:
            progress(done, len(videos))
    if not annotations:
        raise S2DInputError(f'no masks with a score of at least {min_score:g} in '
                            f'{len(videos)} videos; give a lower one, or other proposals')
    write_json(target / ANNOTATIONS,
               dict(images=images, annotations=annotations, categories=CATEGORIES))
    return dict(images=len(images), masks=len(annotations)), problems.messages


def _write_images(masked: MaskedVideo, target: Path, min_score: float,
                  every: int) -> list[tuple[str, int, list[dict]]]:
    """Write those frames of a video that have masks.

    Returns:
        Their names relative to the folder of images, indices in the video and masks.
    """
    content = read_proposals(masked.proposals)
    video = open_video(masked.video, masked.name)
    size, length = (content['height'], content['width']), len(content['frames'])
    if video.size != size or len(video) != length:
        raise S2DInputError(
            f'{masked.proposals} is for {length} frames of {size[1]}x{size[0]}, {masked.video} has '
            f'{len(video)} of {video.size[1]}x{video.size[0]}; make the proposals again')
    kept = {index: [mask for mask in content['frames'][index] if mask['score'] >= min_score]
            for index in range(0, length, every)}
    kept = {index: masks for index, masks in kept.items() if masks}
    if not kept:
        return []
    names = write_frames(_Chosen(video, list(kept)), target / IMAGES / masked.name, min(size))
    return [(f'{masked.name}/{name}', index, masks)
            for name, (index, masks) in zip(names, kept.items(), strict=True)]


def _annotations(masks: list[dict], image: int, before: int) -> list[dict]:
    rles = [mask['segmentation'] for mask in masks]
    return [dict(id=before + number, image_id=image, category_id=1, iscrowd=0, segmentation=rle,
                 area=area, bbox=box, score=mask['score'])
            for number, (mask, rle, area, box) in enumerate(
                zip(masks, rles, *areas_and_boxes(rles), strict=True), start=1)]
