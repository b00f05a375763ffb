"""Discovery for one video after another: from files to a label file each."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import S2DInputError
from ..fileio.paths import named_path
from ..fileio.whole_files import write_json
from ..labels.proposals_file import read_proposals
from ..video import FolderVideo, Video, list_videos, open_video, video_names
from .keymask_discovery import KeymaskDiscovery
from .keymask_labels import to_labels


@dataclass(frozen=True)
class VideoJob:
    """One video, the proposals file it needs and the label file it becomes."""

    name: str
    video: Path
    proposals: Path
    target: Path


def list_jobs(videos: str | Path, proposals: str | Path, out: str | Path) -> list[VideoJob]:
    """List what there is to do.

    Args:
        videos: A video, or a folder of videos (files or folders of frames).
        proposals: Folder with one ``<video>.json`` per video.
        out: Folder for the label files, likewise named.
    """
    paths = list_videos(videos)
    return [VideoJob(name, path, Path(proposals) / f'{name}.json', Path(out) / f'{name}.json')
            for path, name in zip(paths, video_names(paths), strict=True)]


def discover_video(job: VideoJob, discovery: KeymaskDiscovery,
                   progress: Callable[[int, int], None] | None = None) -> dict:
    """Discover the keymasks of one video and write its label file.

    Returns:
        The labels.

    Raises:
        S2DInputError: If the proposals are missing or do not fit the video.
    """
    if not os.path.lexists(job.proposals):
        raise S2DInputError(f'expected proposals in {job.proposals}, found no such file; make '
                            'them with tools/propose_masks.py')
    proposals = read_proposals(job.proposals)
    video = open_video(job.video, job.name)
    size = (proposals['height'], proposals['width'])
    if size != tuple(video.size):
        raise S2DInputError(f'{job.proposals} is for frames of {size[0]} x {size[1]} (height x '
                            f'width), {job.video} has {video.size[0]} x {video.size[1]}; make '
                            'the proposals from these frames')
    if len(proposals['frames']) != len(video):
        raise S2DInputError(f'{job.proposals} is for {len(proposals["frames"])} frames, '
                            f'{job.video} has {len(video)}; make the proposals from these frames')
    masks = [[mask['segmentation'] for mask in frame] for frame in proposals['frames']]
    labels = to_labels(discovery.discover(video, masks, progress), masks, job.name, size,
                       frame_names(video))
    write_json(job.target, labels)
    return labels


def frame_names(video: Video) -> list[str]:
    """Name the frames relative to the folder of all videos, as data sets of frames do.

    A linked folder is named by its link, which is what that folder holds. The frames of a video
    file get the names that they have once they are extracted, ``<video>/00000.jpg`` and so on.
    """
    if isinstance(video, FolderVideo):
        return [f'{named_path(video.path).name}/{file.name}' for file in video.files]
    return [f'{video.name}/{index:05d}.jpg' for index in range(len(video))]
