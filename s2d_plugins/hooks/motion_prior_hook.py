"""Keymasks of every training video, made before training starts."""

import time
from pathlib import Path

from mmengine.dist import barrier, broadcast_object_list, get_rank
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import BaseLoop, Runner

from ..apis.video_jobs import ResultFolder, run_jobs
from ..arguments import check_config, check_count, check_path, check_share, check_type
from ..distributed.process_watch import ProcessWatch
from ..errors import S2DInputError
from ..fileio.paths import check_outputs
from ..fileio.stamps import Stamp, make_stamp, read_stamp
from ..fileio.whole_files import clean_partials
from ..keymasks import KeymaskDiscovery
from ..keymasks.video_jobs import VideoJob, discover_video, list_jobs, review_jobs
from ..labels.merging import merge_label_files
from ..registry import HOOKS
from ..structures import Progress


@HOOKS.register_module()
class MotionPriorHook(Hook):
    """Discovers the keymasks of all videos that have none yet, then lets training go on.

    All ranks share the videos, wait for each other, free the motion prior, and train on the
    merged file; what exists is computed again only if the video, its proposals or the settings
    have changed. mmengine builds the data set before it calls
    any hook: where ``ann_file`` does not exist yet, the work is therefore done when the runner
    builds this hook. Otherwise it is done before training starts, and if there was anything new,
    the training loop is built once more with it.

    Args:
        videos: Folder with the videos' folders of frames: the data set's ``img_path``.
        proposals: Folder with one proposals file per video.
        ann_file: Merged label file: the data set's ``ann_file``.
        out_dir: Folder for one label file per video; by default ``ann_file`` without its suffix.
        motion_prior: Config of the prior; by default ``MMFlowPrior`` with RAFT.
        discovery: Further arguments of :class:`KeymaskDiscovery`.
        max_one2x: Leave out instances with a larger share of masks that join several objects.
        min_keymasks: Leave out instances with fewer keymasks.

    Raises:
        S2DInputError: If an argument is wrong, if a video fails, naming it, or if the data set
            reads another file, or if a file or folder to write is one that is read.
    """

    priority = 'VERY_HIGH'

    def __init__(self, videos: str, proposals: str, ann_file: str, out_dir: str | None = None,
                 motion_prior: dict | None = None, discovery: dict | None = None,
                 max_one2x: float = 1.0, min_keymasks: int = 1):
        check_path(self, videos=videos, proposals=proposals, ann_file=ann_file)
        check_path(self, out_dir=out_dir, optional=True)
        check_config(self, motion_prior=motion_prior, optional=True)
        check_type(self, dict, 'a dict', optional=True, discovery=discovery)
        check_share(self, max_one2x=max_one2x)
        check_count(self, min_keymasks=min_keymasks)
        self.videos = videos
        self.proposals = proposals
        self.ann_file = Path(ann_file)
        self.out_dir = Path(out_dir) if out_dir else self.ann_file.with_suffix('')
        self.discovery = {'motion_prior': motion_prior or dict(type='MMFlowPrior'),
                          **(discovery or {})}
        check_outputs([videos, proposals], files=[self.ann_file], folders=[self.out_dir])
        self.filters = dict(max_one2x=max_one2x, min_keymasks=min_keymasks)
        if get_rank() == 0:
            clean_partials(self.out_dir, self.ann_file.parent)
        if _first_rank_says(not self.ann_file.exists()):
            self.prepare()

    def before_run(self, runner: Runner) -> None:
        """Complete the keymasks if this run trains."""
        if not isinstance(runner._train_loop, BaseLoop):
            return
        self._check_data_set(runner)
        if self.prepare():
            runner._train_loop = runner.build_train_loop(runner.cfg.train_cfg)

    def prepare(self) -> bool:
        """Discover what is missing and merge; returns whether ``ann_file`` is new.

        Every rank must call this.
        """
        jobs = list_jobs(self.videos, self.proposals, self.out_dir)
        names = _first_rank_says(self._find_work(jobs) if get_rank() == 0 else None)
        if names:
            print_log(f'MotionPriorHook: discovering the keymasks of {len(names)} of {len(jobs)} '
                      'videos', 'current')
            self._discover([job for job in jobs if job.name in names], len(jobs))
        merge = _first_rank_says(get_rank() == 0 and (bool(names) or self._is_outdated(jobs)))
        if merge and get_rank() == 0:
            statistics = merge_label_files([job.target for job in jobs], self.ann_file,
                                           **self.filters, stamp=self._stamp(jobs))
            print_log(f'MotionPriorHook: {self.ann_file} has {statistics.instances} instances '
                      f'with {statistics.keymasks} keymasks in {statistics.videos} videos',
                      'current')
        barrier()
        return merge

    def _find_work(self, jobs: list[VideoJob]) -> set[str]:
        """Return the names of videos without keymasks that hold."""
        review = review_jobs(jobs, self.discovery)
        for line in review.lines():
            print_log(f'MotionPriorHook: {line}', 'current')
        return {job.name for job in jobs if job.name in review.changed or not job.target.exists()}

    def _discover(self, jobs: list[VideoJob], count: int) -> None:
        """Discover the keymasks of some of ``count`` videos, with the other ranks."""
        discovery = KeymaskDiscovery(**self.discovery)
        started, computed = time.monotonic(), []

        def finished(name: str) -> None:
            computed.append(name)
            seconds = (time.monotonic() - started) / len(computed)
            print_log(f'MotionPriorHook: {name} done, {seconds:.1f} s a video', 'current')

        def work(job: VideoJob, progress: Progress) -> None:
            discover_video(job, discovery, self.discovery, progress)

        with ProcessWatch() as watch:
            failures = run_jobs(jobs, ResultFolder(self.out_dir), lambda: work, watch, finished)
        discovery.motion_prior.release()
        if failures:
            reasons = '; '.join(f'{name}: {reason}' for name, reason in failures.items())
            raise S2DInputError(f'MotionPriorHook: {len(failures)} of {count} videos failed, '
                                f'remove or correct them and start again: {reasons}')

    def _is_outdated(self, jobs: list[VideoJob]) -> bool:
        """Say whether the merged file is of other videos, label files or filters."""
        if not self.ann_file.exists():
            return True
        stamp = read_stamp(self.ann_file)
        if stamp is not None:
            return stamp != self._stamp(jobs)
        merged = self.ann_file.stat().st_mtime_ns
        return any(job.target.stat().st_mtime_ns > merged for job in jobs)

    def _stamp(self, jobs: list[VideoJob]) -> Stamp:
        files = [(job.name, job.target.stat()) for job in jobs]
        return make_stamp(labels=[(name, file.st_size, file.st_mtime_ns) for name, file in files],
                          filters=self.filters)

    def _check_data_set(self, runner: Runner) -> None:
        data_set = runner.train_dataloader.dataset
        while not hasattr(data_set, 'ann_file') and hasattr(data_set, 'dataset'):
            data_set = data_set.dataset
        reads = getattr(data_set, 'ann_file', None)
        if reads and Path(reads).resolve() != self.ann_file.resolve():
            raise S2DInputError(f'MotionPriorHook writes {self.ann_file}, but the training data '
                                f'set reads {reads}; set both to the same file')


def _first_rank_says(value):
    """Return what rank 0 found, so that all ranks take the same way."""
    box = [value]
    broadcast_object_list(box)
    return box[0]
