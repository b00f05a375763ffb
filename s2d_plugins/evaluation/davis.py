"""The DAVIS evaluation of folders of indexed PNGs, offline."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from ..errors import Problems, S2DInputError
from ..labels.indexed_png import MAX_TRACKS, read_indexed_png
from .davis_measures import (
    cut_ids,
    frame_measures,
    frame_statistics,
    match_proposals,
    paired_measures,
)
from .parallel import parallel_map

TASKS = ('unsupervised', 'semi-supervised')
VOID = 255
_MEASURES = ('J', 'F')


@dataclass(frozen=True)
class Truth:
    """Objects of a sequence: ids 1 to ``count`` of its annotation files."""

    name: str
    files: list
    count: int
    single: bool  # DAVIS 2016: 255 is the object, not void


def find_sequences(root: str | Path, task: str) -> dict[str, list[Path]]:
    """Annotation files of each sequence.

    Args:
        root: A DAVIS folder (``Annotations_unsupervised/480p`` is preferred for the
            unsupervised task, else ``Annotations/480p``), or a folder of sequences.
        task: One of ``TASKS``.

    Returns:
        Sequence name to its PNGs, both sorted.

    Raises:
        S2DInputError: If nothing is found.
    """
    root = Path(root)
    nested = [root / 'Annotations' / '480p', root / 'Annotations']
    if task == 'unsupervised':
        nested.insert(0, root / 'Annotations_unsupervised' / '480p')
    for folder in (*nested, root):
        found = {path.name: sorted(path.glob('*.png')) for path in sorted(folder.glob('*'))
                 if path.is_dir()}
        found = {name: files for name, files in found.items() if files}
        if found:
            return found
    raise S2DInputError(f'{root}: expected a DAVIS folder or folders of PNGs, one per sequence; '
                        'found none')


def read_truth(name: str, files: list[Path]) -> Truth:
    """Count the objects of the first frame; a sequence of only 0 and 255 is DAVIS 2016's."""
    values = np.unique(read_indexed_png(files[0]))
    count = int(values[values != VOID].max(initial=0))
    if count:
        return Truth(name, files, count, single=False)
    seen = set().union(*(np.unique(read_indexed_png(path)).tolist() for path in files))
    single = seen <= {0, VOID} and VOID in seen
    return Truth(name, files, int(single), single)


def _read_result(path: Path, truth: Truth, size: tuple[int, int],
                 problems: Problems) -> np.ndarray:
    place = f'{truth.name}, frame {path.stem}'
    if not path.exists():
        problems.add(f'{place}: no result {path}; write one PNG per annotated frame')
        return np.zeros(size, np.uint8)
    try:
        ids = read_indexed_png(path)
    except S2DInputError as error:
        problems.add(f'{place}: {error}')
        return np.zeros(size, np.uint8)
    if ids.shape != size:
        problems.add(f'{place}: {path} has size {ids.shape}, expected (height, width) {size} of '
                     'the ground truth; resize the results')
        return np.zeros(size, np.uint8)
    if truth.single and np.isin(ids, (0, VOID)).all():
        ids = (ids == VOID).astype(np.uint8)
    return ids


def _limit_ids(ids: np.ndarray, limit: int, place: str, problems: Problems) -> np.ndarray:
    highest = int(ids.max(initial=0))
    if highest > limit:
        problems.add(f'{place}: object id {highest}, expected at most {limit}; keep the '
                     f'{limit} best, numbered from 1')
        ids = np.where(ids > limit, 0, ids)
    return ids


def evaluate_sequence(name: str, files: Sequence[Path], results: Path, task: str,
                      lenient: bool = False) -> tuple[np.ndarray, list[str]]:
    """J and F per object and frame of one sequence.

    Void pixels (255) count for neither mask in the unsupervised task. The semi-supervised task
    leaves out the first frame, which is given, and the last, as DAVIS does.

    Returns:
        (2, objects, frames) J and F, and what was wrong (only when lenient).

    Raises:
        S2DInputError: If a result frame is missing, of another size or has too many objects.
    """
    cv2.setNumThreads(1)
    problems, truth = Problems(lenient), read_truth(name, list(files))
    used = truth.files if task == 'unsupervised' else truth.files[1:-1]
    limit = MAX_TRACKS if task == 'unsupervised' else truth.count
    frames, most = [], 0
    for path in used:
        ids = read_indexed_png(path)
        result = _read_result(results / path.name, truth, ids.shape, problems)
        result = _limit_ids(result, limit, f'{name}, frame {path.stem}', problems)
        if truth.single:
            ids = (ids == VOID).astype(np.uint8)
        elif task == 'unsupervised':
            result = np.where(ids == VOID, 0, result)
        gt_shapes = cut_ids(np.where(ids == VOID, 0, ids), truth.count)
        shapes = cut_ids(result, max(limit, truth.count))
        if task == 'unsupervised':
            most = max(most, int(result.max(initial=0)))
            frames.append(frame_measures(shapes, gt_shapes))
        else:
            frames.append(paired_measures(shapes, gt_shapes))
    if not frames:
        raise S2DInputError(f'{name}: {len(truth.files)} annotated frames; the {task} task needs '
                            'at least three')
    values = np.stack(frames, axis=-1)
    if task == 'unsupervised':
        return match_proposals(values[:, :max(most, truth.count)]), problems.messages
    return values, problems.messages


def summarise(values: dict[str, np.ndarray]) -> dict:
    """Statistics per object, per sequence and overall; overall is the mean over objects.

    Args:
        values: Sequence name to (2, objects, frames) J and F.
    """
    sequences, rows = {}, []
    for name, part in values.items():
        objects = {}
        for index in range(part.shape[1]):
            row = [statistic for measure in part[:, index]
                   for statistic in frame_statistics(measure)]
            objects[str(index + 1)] = _named(row)
            rows.append(row)
        if objects:
            count = len(objects)
            sequences[name] = dict(_named(np.mean(rows[-count:], axis=0)), objects=objects)
    if not rows:
        raise S2DInputError('no object in the first frame of any sequence; nothing to measure')
    return dict(overall=_named(np.mean(rows, axis=0)), sequences=sequences)


def _named(row) -> dict[str, float]:
    names = [f'{measure}_{statistic}' for measure in _MEASURES
             for statistic in ('mean', 'recall', 'decay')]
    result = {name: float(value) for name, value in zip(names, row, strict=True)}
    return {'J&F_mean': (result['J_mean'] + result['F_mean']) / 2, **result}


def _select(found: dict, names: Sequence[str] | None, where: str) -> dict:
    if names is None:
        return found
    unknown = [name for name in names if name not in found]
    if unknown:
        raise S2DInputError(f'{where} has no sequence {unknown[0]!r}; it has '
                            f'{", ".join(list(found)[:5])}, ...')
    return {name: found[name] for name in names}


def evaluate_davis(gt: str | Path, results: str | Path, task: str = 'unsupervised', *,
                   sequences: Sequence[str] | None = None, jobs: int | None = None,
                   lenient: bool = False) -> dict:
    """DAVIS 2017's J and F of a folder of results; DAVIS 2016's single objects as well.

    Numbers are those of the official toolkit. Two things differ in form only: objects are
    named by their id in the ground truth, and sequences longer than 256 frames keep their decay
    exact. In a DAVIS 2016 sequence 255 is the object; results may be 0/255 or indexed.

    Args:
        gt: See :func:`find_sequences`.
        results: One folder of indexed PNGs per sequence, named as the ground truth's.
        task: 'unsupervised' (up to 20 proposals, matched) or 'semi-supervised' (ids agree).
        sequences: Sequences to evaluate; all by default.
        jobs: Processes; all usable cores by default.
        lenient: Treat bad frames as empty, leave unknown sequences out, and warn with a count.

    Returns:
        ``overall`` and ``sequences`` (each with ``objects``): J and F mean, recall and decay.

    Raises:
        S2DInputError: At bad input, naming file, sequence and frame.
    """
    if task not in TASKS:
        raise S2DInputError(f'task {task!r}, expected one of {", ".join(TASKS)}')
    results, problems = Path(results), Problems(lenient)
    if not results.is_dir():
        raise S2DInputError(f'results folder {results} does not exist')
    found = find_sequences(gt, task)
    for path in sorted(results.glob('*/')):
        if path.name not in found:
            problems.add(f'{path}: no sequence of this name in the ground truth {gt}')
    found = _select(found, sequences, str(gt))
    work = partial(_evaluate_named, results=results, task=task, lenient=lenient)
    values = {}
    for name, part, messages in parallel_map(work, list(found.items()), jobs):
        values[name] = part
        problems.messages += messages
    problems.warn()
    return dict(task=task, left_out=len(problems.messages), **summarise(values))


def _evaluate_named(item, results: Path, task: str, lenient: bool):
    name, files = item
    return name, *evaluate_sequence(name, files, results / name, task, lenient)
