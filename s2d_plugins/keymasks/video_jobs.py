"""Discovery for one video after another: from files to a label file each."""

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import S2DInputError
from ..fileio.config_imports import import_named
from ..fileio.digests import digest, file_digest
from ..fileio.named_files import read_for_all
from ..fileio.paths import named_path
from ..fileio.stamps import Review, Stamp, make_stamp, read_stamp, stamped
from ..fileio.whole_files import write_json
from ..labels.proposals_file import read_proposals
from ..structures import Progress
from ..video import FolderVideo, Video, list_videos, open_video, source_stamp, video_names
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


def review_jobs(jobs: Sequence[VideoJob], settings: Mapping) -> Review:
    """Look which label files were made from other videos, proposals or settings.

    Args:
        jobs: What :func:`list_jobs` returned.
        settings: Arguments of the discovery.
    """
    review = Review()
    for job in jobs:
        if job.target.exists():
            review.holds(job.name, job.target, lambda job=job: job_stamp(job, settings))
    return review


def job_stamp(job: VideoJob, settings: Mapping) -> Stamp:
    """Return what tells a job's result from that of another video, proposals or settings.

    Files that the settings name count too.

    Proposals that are gone, as after a clean-up, count as those that were there.
    """
    proposals = (read_stamp(job.target) or {}).get('proposals')
    video = None
    # what cannot be read is told when it is worked on
    with contextlib.suppress(S2DInputError):
        proposals = digest(file_digest(job.proposals))
    with contextlib.suppress(S2DInputError):
        video = source_stamp(job.video)
    files = read_for_all(dict(settings))  # as weights of a motion prior
    return {**make_stamp(video=video), 'proposals': proposals,
            **make_stamp(settings=dict(settings), **(dict(files=files) if files else {}))}


def make_discovery(settings: Mapping, custom_imports: Mapping | None = None,
                   ) -> Callable[[VideoJob, Progress], dict]:
    """Make what discovers the keymasks of one video, also in another process.

    Args:
        settings: Arguments of the discovery.
        custom_imports: Of the config that they are from.
    """
    import_named(custom_imports)
    discovery = KeymaskDiscovery(**settings)

    def work(job: VideoJob, progress: Progress) -> dict:
        return discover_video(job, discovery, settings, progress)
    return work


def discover_video(job: VideoJob, discovery: KeymaskDiscovery, settings: Mapping,
                   progress: Callable[[int, int], None] | None = None) -> dict:
    """Discover the keymasks of one video and write its label file.

    Args:
        job: The video and its files.
        discovery: Finds the keymasks.
        settings: Arguments that it was made with; the label file keeps a digest of them.
        progress: As in :meth:`KeymaskDiscovery.discover`.

    Returns:
        The labels.

    Raises:
        S2DInputError: If the proposals are missing or do not fit the video.
    """
    if not os.path.lexists(job.proposals):
        raise S2DInputError(f'expected proposals in {job.proposals}, found no such file; make '
                            'them with tools/propose_masks.py')
    stamp = job_stamp(job, settings)
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
                       frame_names(video), scores=[[mask['score'] for mask in frame]
                                                   for frame in proposals['frames']])
    write_json(job.target, stamped(stamp, labels))
    return labels


def frame_names(video: Video) -> list[str]:
    """Name the frames relative to the folder of all videos, as data sets of frames do.

    A linked folder is named by its link, which is what that folder holds. The frames of a video
    file get the names that they have once they are extracted, ``<video>/00000.jpg`` and so on.
    """
    if isinstance(video, FolderVideo):
        return [f'{named_path(video.path).name}/{file.name}' for file in video.files]
    return [f'{video.name}/{index:05d}.jpg' for index in range(len(video))]
