"""Tracks as YouTube-VIS JSON: results for a server, labels for a training."""

from pathlib import Path

from ..fileio.whole_files import write_json
from ..labels.youtube_vis import make_annotation, make_labels, make_video
from .video_tracks import VideoTracks


def write_results(path: Path, tracks: VideoTracks) -> None:
    """Write the list of results that evaluation servers and ``eval_vis.py`` take."""
    write_json(path, [dict(video_id=tracks.video_id, score=track['score'],
                           category_id=track.get('category_id', 1),
                           segmentations=list(track['segmentations']))
                      for track in tracks.tracks])


def write_labels(path: Path, tracks: VideoTracks) -> None:
    """Write videos and annotations, as ``KeymaskDataset`` reads them.

    A track without a mask in any frame is left out.
    """
    video = make_video(tracks.video_id, tracks.name, tracks.size, tracks.frame_names)
    write_json(path, make_labels([video], [
        make_annotation(number, tracks.video_id, track['segmentations'], score=track['score'])
        for number, track in enumerate(tracks.tracks, 1)
        if any(rle is not None for rle in track['segmentations'])]))
