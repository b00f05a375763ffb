"""Proposals for one video after another: from videos to a proposals file each."""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.config_imports import import_named
from s2d_plugins.fileio.named_files import read_for_all, read_for_one
from s2d_plugins.fileio.stamps import Review, Stamp, make_stamp
from s2d_plugins.labels.proposals_file import write_proposals
from s2d_plugins.structures import Progress
from s2d_plugins.video import list_videos, open_video, source_stamp, video_names

from .base_mask_proposer import BaseMaskProposer
from .build import build_ready_proposer, proposer_settings


@dataclass(frozen=True)
class ProposalJob:
    """One video and the proposals file that it becomes."""

    name: str
    video: Path
    target: Path


def list_jobs(videos: Iterable[str | Path], out: str | Path) -> list[ProposalJob]:
    """List what there is to do.

    Args:
        videos: Videos, folders of frames, or folders of either.
        out: Folder for the proposals files, ``<video>.json`` each.

    Raises:
        S2DInputError: If there are no videos.
    """
    paths = [path for given in videos for path in list_videos(given)]
    return [ProposalJob(name, path, Path(out) / f'{name}.json')
            for path, name in zip(paths, video_names(paths), strict=True)]


def review_jobs(jobs: Sequence[ProposalJob], settings: Mapping) -> Review:
    """Look which proposals files were made from other videos, files or settings."""
    review = Review()
    for job in jobs:
        if job.target.exists():
            review.holds(job.name, job.target, lambda job=job: job_stamp(job, settings))
    return review


def job_stamp(job: ProposalJob, settings: Mapping) -> Stamp:
    """Return what tells a job's result from that of another video or other settings.

    Files that the settings name count too, and of folders with a file per video the video's.
    """
    video = None
    with contextlib.suppress(S2DInputError):  # is told when it is worked on
        video = source_stamp(job.video)
    files = [*read_for_all(dict(settings)), *read_for_one(dict(settings), job.name)]
    return make_stamp(video=video, settings=dict(settings), **(dict(files=files) if files else {}))


def make_proposer(cfg: Config) -> Callable[[ProposalJob, Progress], None]:
    """Make what proposes masks for one video, also in another process.

    Args:
        cfg: Config with ``proposer``.

    Raises:
        S2DInputError: If it cannot be built.
    """
    import_named(cfg.get('custom_imports'))
    settings, proposer = proposer_settings(cfg), build_ready_proposer(cfg)

    def work(job: ProposalJob, progress: Progress) -> None:
        propose_video(job, proposer, settings, progress)
    return work


def propose_video(job: ProposalJob, proposer: BaseMaskProposer, settings: Mapping,
                  progress: Progress | None = None) -> None:
    """Propose masks for one video and write its proposals file.

    Args:
        job: The video and its file.
        proposer: Finds the masks.
        settings: What it was built from; the file keeps a digest.
        progress: As in :meth:`BaseMaskProposer.propose`.

    Raises:
        S2DInputError: If the video cannot be read, or the proposer refuses it.
    """
    stamp, video = job_stamp(job, settings), open_video(job.video, job.name)
    write_proposals(job.target, job.name, video.size, proposer.propose(video, progress), stamp)
