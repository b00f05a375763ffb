"""Videos in object storage: fetched one at a time to where they are worked on."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from ..engines import Engine
from ..errors import S2DInputError
from ..fileio.folders import IMAGE_SUFFIXES
from ..fileio.remote import RemoteFolder, base_name, fetch, list_place, open_place
from ..fileio.stamps import Review
from ..fileio.urls import is_url
from ..structures import Progress
from ..video import list_videos, video_names
from ..video.listing import VIDEO_SUFFIXES
from .video_jobs import DoJob, RemoteResults, do_video_jobs


@dataclass(frozen=True)
class RemoteJob:
    """One video's work on files that are elsewhere.

    Attributes:
        name: What the video is called.
        inputs: What the local job calls a file, and its URL or path.
        target: Name of the result in the output folder.
    """

    name: str
    inputs: Mapping[str, str]
    target: PurePosixPath


def list_remote_videos(place: str | Path) -> list[str]:
    """List the videos that a URL or path stands for, as ``list_videos`` does for paths.

    A folder with images is one video; any other holds video files, folders of frames, or both.

    Raises:
        S2DInputError: If there is none.
    """
    if not is_url(place):
        return [str(path) for path in list_videos(place)]
    system, path = open_place(str(place))
    if system.isfile(path):
        return [str(place)]
    entries = list_place(str(place))
    if any(_suffix(one) in IMAGE_SUFFIXES for one in entries):
        return [str(place)]
    videos = [one['url'] for one in entries
              if one['type'] == 'directory' or _suffix(one) in VIDEO_SUFFIXES]
    if not videos:
        raise S2DInputError(f'found no video in {place}; expected video files, folders of frames '
                            'or frames')
    return videos


def _suffix(entry: Mapping[str, Any]) -> str:
    return PurePosixPath(entry['name']).suffix.lower() if entry['type'] == 'file' else ''


def names_of(videos: Sequence[str]) -> list[str]:
    """Give each video a name of its own, as ``video_names`` does."""
    return video_names([Path(base_name(video)) for video in videos])


def do_remote_jobs(videos: Sequence[str], out: str, make_work: Callable[[], DoJob],
                   local_job: Callable[..., Any], kind: str, overwrite: bool = False,
                   engine: Engine | None = None,
                   beside: Callable[[str], Mapping[str, str]] = lambda name: {}) -> int:
    """Make what is missing in object storage; see :func:`~.video_jobs.do_video_jobs`.

    What was made from something else is not noticed there: results are not read.

    Args:
        videos: Of :func:`list_remote_videos`.
        out: URL of the folder for the results.
        make_work: Makes what does a local job.
        local_job: Makes a local job of ``name``, ``target`` and paths of the files.
        kind: What the results are called, in the plural.
        overwrite: Make all again.
        engine: Does the work.
        beside: Gives, of a video's name, what else its work reads.

    Returns:
        The tool's exit code.
    """
    folder = RemoteFolder(out)
    jobs = [RemoteJob(name, {'video': video, **beside(name)}, PurePosixPath(f'{name}.json'))
            for video, name in zip(videos, names_of(videos), strict=True)]
    return do_video_jobs(jobs, RemoteResults(folder),  # type: ignore[type-var]
                         partial(_make_staged, make_work, local_job, out),
                         lambda _: Review(), overwrite, kind, engine)


def _make_staged(make_work: Callable[[], DoJob], local_job: Callable[..., Any],
                 out: str) -> DoJob:
    work, folder = make_work(), RemoteFolder(out)

    def staged(job: RemoteJob, progress: Progress) -> None:
        with tempfile.TemporaryDirectory(prefix='s2d-') as scratch:
            paths = {name: fetch_input(place, Path(scratch, name))
                     for name, place in job.inputs.items()}
            target = Path(scratch, 'out', job.target.name)
            work(local_job(name=job.name, target=target, **paths), progress)
            folder.send(target, job.target.name)
    return staged


def fetch_input(place: str, folder: Path) -> Path:
    """Return a local path of what a URL or path names; a URL is fetched into a folder."""
    return fetch(place, folder) if is_url(place) else Path(place)
