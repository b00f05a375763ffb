"""Tracks as COCO JSON: every frame an image, every mask an annotation."""

from pathlib import Path

from ..fileio.whole_files import write_json
from ..labels.rle import areas_and_boxes
from ..labels.youtube_vis import CATEGORIES
from .video_tracks import VideoTracks


def coco_json(tracks: VideoTracks) -> dict:
    """Return COCO's images, annotations and categories.

    ``videos``, and per image and annotation ``video_id``, ``frame_id`` (from 0) and
    ``instance_id``, make it the form that mmdet's video datasets read (CocoVID). An image also
    says the ``time`` in seconds at which it is shown, an annotation its track's ``score``.
    """
    height, width = map(int, tracks.size)
    images = [dict(id=frame + 1, file_name=name, height=height, width=width,
                   video_id=tracks.video_id, frame_id=frame, time=float(tracks.times[frame]))
              for frame, name in enumerate(tracks.frame_names)]
    seen = [(frame, *found) for frame in range(len(tracks)) for found in tracks.present(frame)]
    areas, boxes = areas_and_boxes([rle for *_, rle in seen])
    annotations = [
        dict(id=key, image_id=frame + 1, video_id=tracks.video_id, instance_id=number,
             category_id=1, iscrowd=0, segmentation=rle, area=area, bbox=box,
             score=float(track['score']))
        for key, ((frame, number, track, rle), area, box) in enumerate(
            zip(seen, areas, boxes, strict=True), 1)]
    video = dict(id=tracks.video_id, name=tracks.name, height=height, width=width,
                 length=len(tracks), fps=float(tracks.fps))
    return dict(videos=[video], images=images, annotations=annotations, categories=CATEGORIES)


def write_coco_json(path: Path, tracks: VideoTracks) -> None:
    """Write :func:`coco_json`, whole or not at all."""
    write_json(path, coco_json(tracks))
