"""Clips: the shots of videos, what is extracted and labelled."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Clip:
    """One shot of a video, as frames in a folder.

    Attributes:
        name: Name of its files: the video's, with the shot's number if there are several.
        video: Name of the video.
        source: Path of the video.
        stamp: Hash by which a change of the source is noticed.
        shot: Number of the shot, from 0.
        num_shots: Shots of the video.
        start: First source frame.
        stop: One past the last source frame.
        fps: Frames per second.
        original_size: (height, width) of the source.
        size: (height, width) of the frames here.
        file_names: The frames in order, in the clip's own folder.
    """

    name: str
    video: str
    source: str
    stamp: str
    shot: int
    num_shots: int
    start: int
    stop: int
    fps: float
    original_size: tuple[int, int]
    size: tuple[int, int]
    file_names: list[str]

    @property
    def frame_paths(self) -> list[str]:
        """The frames relative to the folder of all clips, as label files name them."""
        return [f'{self.name}/{file_name}' for file_name in self.file_names]


def clip_name(video: str, shot: int, num_shots: int) -> str:
    """Name a shot: like its video where it is the only one."""
    return video if num_shots == 1 else f'{video}_shot{shot:02d}'
