"""The metric of the test loop for video instance segmentation without categories."""

import json
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.logging import print_log

from ..arguments import check_choice, check_flag, check_path, check_type
from ..errors import Problems, S2DInputError
from ..fileio.json_files import read_json
from ..fileio.paths import check_outputs
from ..fileio.whole_files import clean_partials, write_json
from ..registry import METRICS
from .checks import check_gt
from .submission import write_submission
from .track_metric import COLLECT_DEVICES, TrackMetric, check_frames, join_frames
from .tube_ap import evaluate_vis


@METRICS.register_module()
class ClassAgnosticVISMetric(TrackMetric):
    """YouTube-VIS AP and AR with all categories as one, from annotations on disk.

    The score of a track is the mean over its frames.

    Args:
        ann_file: YouTube-VIS JSON with annotations; its video ids are those of the dataset.
            Not needed with ``format_only``.
        format_only: Only write the submission, ``<outfile_prefix>.json`` and
            ``<outfile_prefix>.submission_file.zip`` (which holds ``results.json``).
        outfile_prefix: Where to write the tracks; without it nothing is written.
        lenient: Leave bad tracks out with a warning and their count instead of raising.
        collect_device: Where results of several processes are gathered, 'cpu'.
        prefix: Prefix of the names in the result.

    Raises:
        S2DInputError: Without annotations, with ``format_only`` and no ``outfile_prefix``, or if
            ``outfile_prefix`` would overwrite the annotations, or an argument is of another type.
    """

    default_prefix = 'vis'

    def __init__(self, ann_file: str | None = None, format_only: bool = False,
                 outfile_prefix: str | None = None, lenient: bool = False,
                 collect_device: str = 'cpu', prefix: str | None = None):
        check_path(self, ann_file=ann_file, outfile_prefix=outfile_prefix, optional=True)
        check_flag(self, format_only=format_only, lenient=lenient)
        check_choice(self, COLLECT_DEVICES, collect_device=collect_device)
        check_type(self, str, 'a name', prefix=prefix, optional=True)
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.ann_file = ann_file
        self.format_only = format_only
        self.outfile_prefix = outfile_prefix
        self.lenient = lenient
        self._gt = None
        if format_only and outfile_prefix is None:
            raise S2DInputError('ClassAgnosticVISMetric: format_only needs outfile_prefix, the '
                                'path of the submission without its suffix')
        if not format_only and ann_file is None:
            raise S2DInputError('ClassAgnosticVISMetric: no ann_file, so nothing can be '
                                'measured; give one, or set format_only=True and outfile_prefix '
                                'to write the submission')
        if outfile_prefix is not None:
            check_outputs([ann_file], files=[f'{outfile_prefix}.json',
                                             f'{outfile_prefix}.submission_file.zip'])
            clean_partials(Path(outfile_prefix).parent)
        if not format_only and is_main_process():
            self._gt = read_json(ann_file)
            check_gt(self._gt, str(ann_file))

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Join frames to tracks, write them if asked, and measure unless ``format_only``."""
        problems = Problems(self.lenient)
        check_frames(results, problems)
        problems.warn()
        tracks = join_frames(results)
        if self.outfile_prefix is not None:
            self._write(tracks)
        if self.format_only:
            return {}
        name = self.outfile_prefix and f'{self.outfile_prefix}.json'
        return evaluate_vis(self._gt, tracks, lenient=self.lenient, gt_name=str(self.ann_file),
                            results_name=name or 'predictions', encoded_here=True)

    def _write(self, tracks: list[dict]) -> None:
        path = Path(f'{self.outfile_prefix}.json')
        write_json(path, tracks)
        if self.format_only:
            archive = Path(f'{self.outfile_prefix}.submission_file.zip')
            write_submission(archive, 'results.json', json.dumps(tracks))
            print_log(f'wrote the submission to {archive}', logger='current')
