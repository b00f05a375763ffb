"""The metric of the test loop on DAVIS: J and F of predicted tracks."""

import tempfile
from collections import defaultdict
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.logging import print_log

from ..arguments import check_choice, check_count, check_flag, check_path, check_type
from ..errors import Problems, S2DInputError
from ..fileio.folders import by_stem
from ..fileio.paths import check_outputs
from ..fileio.whole_files import clean_partials
from ..labels.indexed_png import write_tracks
from ..registry import METRICS
from .checks import check_masks, check_score
from .davis import evaluate_davis
from .davis_truth import find_sequences
from .track_metric import COLLECT_DEVICES, TrackMetric, check_frames, join_frames


@METRICS.register_module()
class DAVISMetric(TrackMetric):
    """J and F as in DAVIS's unsupervised task, from annotations on disk.

    Tracks become indexed PNGs (the 20 best of a video; an overlap belongs to the higher score)
    and these are measured as ``tools/eval_davis.py`` does. The sequence is the folder of a
    frame's ``img_path`` and the frame its name, which is how DAVIS names annotations. Sequences
    of the ground truth that were not predicted do not count.

    Args:
        gt_dir: DAVIS folder, or a folder with one folder of PNGs per sequence.
        results_dir: Keep the PNGs here; by default they are removed after measuring.
        lenient: Treat bad frames as empty, with a warning and their count, instead of raising.
        jobs: Processes for measuring; all usable cores by default.
        collect_device: Where results of several processes are gathered, 'cpu'.
        prefix: Prefix of the names in the result.

    Raises:
        S2DInputError: If ``gt_dir`` has no annotations, ``results_dir`` would overwrite them, or
            another argument is wrong.
    """

    default_prefix = 'davis'

    def __init__(self, gt_dir: str, results_dir: str | None = None, lenient: bool = False,
                 jobs: int | None = None, collect_device: str = 'cpu',
                 prefix: str | None = None):
        check_path(self, gt_dir=gt_dir)
        check_path(self, results_dir=results_dir, optional=True)
        check_flag(self, lenient=lenient)
        check_count(self, jobs=jobs, optional=True)
        check_choice(self, COLLECT_DEVICES, collect_device=collect_device)
        check_type(self, str, 'a name', prefix=prefix, optional=True)
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.gt_dir = gt_dir
        self.results_dir = results_dir
        self.lenient = lenient
        self.jobs = jobs
        if is_main_process():
            sequences = find_sequences(gt_dir, 'unsupervised')
            if results_dir is not None:
                read = {files[0].parent.parent for files in sequences.values()}
                check_outputs([gt_dir, *read], folders=[results_dir])

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Write the tracks as PNGs and measure them."""
        problems = Problems(self.lenient)
        check_frames(results, problems)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(self.results_dir or temporary)
            names = write_predictions(folder, results, problems)
            problems.warn()
            measured = evaluate_davis(self.gt_dir, folder, sequences=names, jobs=self.jobs,
                                      lenient=self.lenient)
        total = len(find_sequences(self.gt_dir, 'unsupervised'))
        print_log(f'DAVISMetric: {len(names)} of {total} annotated sequences were predicted',
                  logger='current')
        return measured['overall']


def write_predictions(folder: Path, frames: list[dict], problems: Problems) -> list[str]:
    """Write predicted frames as one folder of indexed PNGs per sequence.

    Args:
        folder: Parent of the sequences' folders.
        frames: What :class:`TrackMetric` gathers.
        problems: Collects tracks with a score that is no number, or masks of another size than
            the frame, and videos whose folders have one name; leniently these are left out.

    Returns:
        Names of the sequences.

    Raises:
        S2DInputError: If frames have no ``img_path``, two videos would be one sequence or two
            frames one PNG, if frames lie in the folder of the PNGs, or at a bad track unless
            lenient.
    """
    videos, tracks = defaultdict(dict), defaultdict(list)
    for frame in frames:
        if not frame['path']:
            raise S2DInputError(f'video {frame["video_id"]}, frame {frame["frame"]}: DAVISMetric '
                                'needs img_path in the meta keys of the packed sample')
        videos[frame['video_id']].setdefault(frame['frame'], frame)
    for index, track in enumerate(join_frames(frames)):
        video_id = track['video_id']
        try:
            check_score(track['score'], f'video {video_id}, track {index}')
            for number, frame in videos[video_id].items():
                check_masks([track['segmentations'][number]], frame['size'],
                            lambda _, place=f'video {video_id}, frame {number}': place,
                            encoded_here=True)
        except S2DInputError as error:
            problems.add(str(error))
        else:
            tracks[video_id].append(track)
    sequences = _sequences(videos)
    for name, (video_id, paths) in sequences.items():
        kept = [dict(track, segmentations=[track['segmentations'][number] for number in paths])
                for track in tracks[video_id]]
        check_outputs([paths[min(paths)].parent], folders=[folder / name])
        clean_partials(folder / name)
        write_tracks(folder / name, kept, [path.stem for path in paths.values()],
                     videos[video_id][min(paths)]['size'])
    return list(sequences)


def _sequences(videos: dict) -> dict[str, tuple]:
    """Name sequences by the folder of their frames: video id and, per frame number, its path."""
    sequences: dict[str, tuple] = {}
    for video_id, seen in videos.items():
        paths = {number: Path(frame['path']) for number, frame in sorted(seen.items())}
        by_stem(paths.values())
        name = paths[min(paths)].parent.name
        other_id, others = sequences.setdefault(name, (video_id, paths))
        if other_id != video_id:
            raise S2DInputError(
                f'video {other_id} ({others[min(others)]}) and video {video_id} '
                f'({paths[min(paths)]}) are both sequence {name!r}, the folder of their frames; '
                'rename one folder, or test on one of them')
    return sequences
