"""Tracks as a video with masks."""

from pathlib import Path

from ..errors import S2DInputError
from ..visualization import OverlayStyle, write_overlay
from .video_tracks import VideoTracks


def write_overlay_video(path: Path, tracks: VideoTracks, encoder: str = 'libx264',
                        style: OverlayStyle | None = None) -> None:
    """Write the frames with the masks over them, each as long as in its source.

    Raises:
        S2DInputError: If the frames are not there, or the file cannot be written.
    """
    if tracks.source is None:
        raise S2DInputError(f'cannot write {path}: the frames of {tracks.name} are not at hand; '
                            'give tracks with their video')
    write_overlay(path, tracks.source, tracks.size, tracks.fps,
                  [track['segmentations'] for track in tracks.tracks], times=tracks.times,
                  encoder=encoder, style=style or OverlayStyle())
