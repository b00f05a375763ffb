"""How well does an estimate without truth tell the quality of a run's instances?

Takes finished work dirs of tools/run_s2d.py and annotations. For each instance of the results, in
each clip, its true J and what can be known without truth are measured. The table has, for each
candidate, Spearman's correlation with J, and how well 'J is below 0.3' is found in one half by the
threshold that finds it best (F1) in the other:

    python projects/s2d/benchmarks/quality_check.py --gt DAVIS/Annotations/480p \\
        --half work_dirs/half_a --half work_dirs/half_b
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from pycocotools import mask as coco_mask
from scipy.stats import spearmanr

from s2d_plugins.apis.command_line import quiet_imports, run_tool
from s2d_plugins.errors import S2DInputError

BAD = 0.3
AGREEMENT = 'product (AgreementQuality)'


def true_j(tube, objects):
    """Mean J of a tube with the object that it fits best; two empty masks agree.

    Args:
        tube: T RLEs or None.
        objects: For each frame the shapes of all objects.
    """
    from s2d_plugins.evaluation.davis_measures import common_pixels, cut_mask
    from s2d_plugins.pipeline.evaluation.stage_scores import fit_mask
    values = []
    for rle, shapes in zip(tube, objects, strict=True):
        size = shapes[0].size
        found = cut_mask(fit_mask(rle, size) if rle else np.zeros(size, bool))
        common = [common_pixels(found, shape) for shape in shapes]
        unions = [found.area + shape.area - part
                  for shape, part in zip(shapes, common, strict=True)]
        values.append([part / union if union else 1.0
                       for part, union in zip(common, unions, strict=True)])
    return float(np.mean(values, axis=0).max())


def steadiness(tube):
    """Mean IoU of a tube's masks in consecutive frames; 0 for a frame without."""
    pairs = list(zip(tube[:-1], tube[1:], strict=True))
    return float(np.mean([coco_mask.iou([a], [b], [0])[0, 0] if a and b else 0.0
                          for a, b in pairs])) if pairs else 0.0


def best_in_frames(tube, masks):
    """Mean over all frames, and over those with any mask, of the best IoU with any of a frame.

    Args:
        tube: T RLEs or None.
        masks: For each frame a list of RLEs.
    """
    best = [float(coco_mask.iou([rle], found, [0] * len(found)).max()) if rle and found else 0.0
            for rle, found in zip(tube, masks, strict=True)]
    known = [value for value, found in zip(best, masks, strict=True) if found]
    return float(np.mean(best)), float(np.mean(known)) if known else 0.0


def candidates(tube, score, keymasks, dense, proposals):
    """Everything that might tell a tube's quality, by name; all masks are of one size."""
    from s2d_plugins.keymasks import AgreementQuality
    judged, = AgreementQuality()([tube], keymasks, dense)
    of_frames = [[one['segmentations'][frame] for one in keymasks if one['segmentations'][frame]]
                 for frame in range(len(tube))]
    all_frames, known_frames = best_in_frames(tube, of_frames)
    return {
        'score': score,
        'steadiness': steadiness(tube),
        'proposals, all frames': best_in_frames(tube, proposals)[0],
        'keymasks, all frames': all_frames,
        'keymasks, frames with any': known_frames,
        'keymasks of one instance': judged['keymask_agreement'],
        'their share': judged['keymask_share'],
        'dense tubes': judged['dense_agreement'],
        AGREEMENT: judged['quality']}


def read_instances(work_dir, gt):
    """Measure all instances of one work dir: a list of ``dict(video, j, **candidates)``."""
    from s2d_plugins.fileio.json_files import read_json
    from s2d_plugins.fileio.json_kinds import Results
    from s2d_plugins.labels.proposals_file import read_proposals
    from s2d_plugins.labels.rle import resized_masks
    from s2d_plugins.pipeline.clip_labels import read_annotations
    from s2d_plugins.pipeline.evaluation.stage_truth import load_truth
    from s2d_plugins.pipeline.workspace import Workspace
    workspace, found = Workspace(work_dir), []
    clips = [clip for clip in workspace.clips().values()
             if workspace.results_file(clip.video).is_file()]
    truths = load_truth(gt, {clip.video for clip in clips})
    for clip in (clip for clip in clips if clip.video in truths):
        size, span = clip.original_size, slice(clip.start, clip.stop)
        known = [read_annotations(workspace.clip_file(stage, clip.name), size)
                 for stage in ('keymasks', 'dense')]
        frames = read_proposals(workspace.clip_file('proposals', clip.name))['frames']
        proposals = [resized_masks([one['segmentation'] for one in frame], size)
                     for frame in frames]
        objects = [truths[clip.video].objects(frame) for frame in range(clip.start, clip.stop)]
        for result in read_json(workspace.results_file(clip.video), Results):
            tube = result['segmentations'][span]
            if any(tube):
                found.append(dict(video=clip.video, j=true_j(tube, objects),
                                  **candidates(tube, result['score'], *known, proposals)))
    if not found:
        raise S2DInputError(f'{work_dir}: expected results of videos that {gt} annotates, found '
                            'none; give the work dir of a finished run')
    return found


def best_threshold(values, bad):
    """Return the threshold below which most of what is bad lies and little else (F1)."""
    order = np.unique(values)
    cuts = [order[0] - 1e-6, *(order[1:] + order[:-1]) / 2]
    return cuts[int(np.argmax([2 * (bad & (values < cut)).sum() / max((values < cut).sum()
                                                                       + bad.sum(), 1)
                               for cut in cuts]))]


def crosswise(name, tuned, measured):
    """Tune on one half; return the threshold and hits of found and of bad in the other half."""
    values, bad = (np.array([one[name] for one in tuned]),
                   np.array([one['j'] < BAD for one in tuned]))
    cut = best_threshold(values, bad)
    found = np.array([one[name] < cut for one in measured])
    bad = np.array([one['j'] < BAD for one in measured])
    hits = (found & bad).sum()
    return f'{cut:.2f}: {hits} of {found.sum()}, {hits} of {bad.sum()}'


def compare(halves):
    """Return a table of all candidates for two lists of instances."""
    from s2d_plugins.evaluation.tables import markdown_table
    rows, together = [], [*halves[0], *halves[1]]
    for name in [name for name in together[0] if name not in ('video', 'j')]:
        ranks = [f'{spearmanr([one[name] for one in part], [one["j"] for one in part])[0]:.2f}'
                 for part in (together, *halves)]
        rows.append([name, *ranks, crosswise(name, *halves), crosswise(name, *halves[::-1])])
    return markdown_table(['candidate', 'rank corr.', 'A', 'B',
                           'A to B: found right, bad found', 'B to A'], rows)


def report(args):
    """Print the table."""
    if len(args.half) != 2:
        raise S2DInputError(f'expected --half twice, found it {len(args.half)} times; give the '
                            'work dirs of each half')
    with quiet_imports():
        import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
    halves = [[one for folder in folders for one in read_instances(folder, args.gt)]
              for folders in args.half]
    counts = [f'{len(part)} instances, {sum(one["j"] < BAD for one in part)} with J below {BAD}'
              for part in halves]
    print(f'A: {counts[0]}; B: {counts[1]}\n\n{compare(halves)}')


def main(argv=None):
    """Run the tool."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--gt', required=True, type=Path,
                        help='DAVIS-like folder of annotations, or YouTube-VIS JSON')
    parser.add_argument('--half', required=True, nargs='+', type=Path, action='append',
                        metavar='DIR', help='work dirs of one half of the videos; given twice')
    args = parser.parse_args(argv)
    return run_tool(lambda: report(args))


if __name__ == '__main__':
    sys.exit(main())
