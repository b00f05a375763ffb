"""The DAVIS evaluation of folders of indexed PNGs, offline."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from mmengine.logging import print_log

from ..arguments import check_choice, check_count
from ..errors import Problems, S2DInputError
from ..fileio.folders import by_stem, list_folders, list_masks
from ..labels.indexed_png import MAX_TRACKS, VOID, clear_void, read_davis_png, read_indexed_png
from .davis_measures import (
    cut_ids,
    frame_measures,
    frame_statistics,
    match_proposals,
    paired_measures,
)
from .davis_truth import Truth, find_sequences, read_truth
from .parallel import parallel_map

TASKS = ('unsupervised', 'semi-supervised')
_MEASURES = ('J', 'F')


def _read_result(results: dict[str, Path], frame: str, truth: Truth, size: tuple[int, int],
                 place: str, problems: Problems) -> np.ndarray:
    path = results.get(frame)
    if path is None:
        problems.add(f'{place}: no result {frame}.png; write one PNG per annotated frame')
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


@dataclass(frozen=True)
class SequenceResult:
    """What was measured of a sequence.

    Attributes:
        values: (2, objects, frames) J and F.
        problems: What was wrong with the results; empty unless lenient.
        late_ids: Objects that are not in the first frame. DAVIS does not measure them.
    """

    values: np.ndarray
    problems: list[str]
    late_ids: list[int]


def evaluate_sequence(name: str, files: Sequence[Path], results: Path, task: str,
                      lenient: bool = False) -> SequenceResult:
    """J and F per object and frame of one sequence.

    Void pixels (255) count for neither mask in the unsupervised task. The semi-supervised task
    leaves out the first frame, which is given, and the last, as DAVIS does.

    Raises:
        S2DInputError: If a result frame is missing, of another size or has too many objects.
    """
    cv2.setNumThreads(1)
    problems, truth = Problems(lenient), read_truth(name, list(files))
    matched = task == 'unsupervised'
    measured = range(len(files)) if matched else range(1, len(files) - 1)
    limit = MAX_TRACKS if matched else truth.count
    found, frames, late, most = by_stem(list_masks(results)), [], set(), truth.count
    for number, path in enumerate(truth.files):
        ids = read_davis_png(path)
        late.update(_late_ids(ids, truth))
        if number not in measured:
            continue
        place = f'{name}, frame {path.stem}'
        result = _read_result(found, path.stem, truth, ids.shape, place, problems)
        result = _limit_ids(result, limit, place, problems)
        if truth.single:
            ids = (ids == VOID).astype(np.uint8)
        elif matched:
            result = np.where(ids == VOID, 0, result)
        most = max(most, int(result.max(initial=0)))
        frames.append((frame_measures if matched else paired_measures)(
            cut_ids(result, max(limit, truth.count)), cut_ids(clear_void(ids), truth.count)))
    if not frames:
        raise S2DInputError(f'{name}: {len(truth.files)} annotated frames; the {task} task needs '
                            'at least three')
    values = np.stack(frames, axis=-1)
    return SequenceResult(match_proposals(values[:, :most]) if matched else values,
                          problems.messages, sorted(late))


def _late_ids(ids: np.ndarray, truth: Truth) -> list[int]:
    """Objects of a frame beyond those of the first."""
    if truth.single or ids.max(initial=0) <= truth.count:
        return []
    return [value for value in np.unique(clear_void(ids)).tolist() if value > truth.count]


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
        gt: See :func:`~.davis_truth.find_sequences`.
        results: One folder of indexed PNGs per sequence, named as the ground truth's.
        task: 'unsupervised' (up to 20 proposals, matched) or 'semi-supervised' (ids agree).
        sequences: Sequences to evaluate; all by default.
        jobs: Processes; all usable cores by default.
        lenient: Treat bad frames as empty, leave unknown sequences out, and warn with a count.

    Returns:
        ``overall`` and ``sequences`` (each with ``objects``): J and F mean, recall and decay;
        ``left_out``, a count, if lenient; and ``not_measured``: by sequence the objects that are
        not in its first frame, which a warning names. DAVIS counts none of them, nor a sequence
        that has no others.

    Raises:
        S2DInputError: At bad input, naming file, sequence and frame.
    """
    check_choice('evaluate_davis', TASKS, task=task)
    check_count('evaluate_davis', jobs=jobs, optional=True)
    results, problems = Path(results), Problems(lenient)
    if not os.path.isdir(results):
        raise S2DInputError(f'results folder {results} does not exist or may not be read')
    found = find_sequences(gt, task)
    for path in list_folders(results):
        if path.name not in found:
            problems.add(f'{path}: no sequence of this name in the ground truth {gt}')
    found = _select(found, sequences, str(gt))
    work = partial(_evaluate_named, results=results, task=task, lenient=lenient)
    values, not_measured = {}, {}
    for name, part in parallel_map(work, list(found.items()), jobs):
        values[name] = part.values
        problems.messages += part.problems
        if part.late_ids or not part.values.shape[1]:
            not_measured[name] = part.late_ids
    problems.warn()
    _warn_not_measured(not_measured, values)
    return dict(task=task, left_out=len(problems.messages), not_measured=not_measured,
                **summarise(values))


def _warn_not_measured(late: dict[str, list[int]], values: dict[str, np.ndarray]) -> None:
    if not late:
        return
    texts = []
    for name, ids in late.items():
        objects = f'objects {", ".join(map(str, ids))}' if ids else 'no object'
        alone = '' if values[name].shape[1] else ', the whole sequence'
        texts.append(f'{name} ({objects}{alone})')
    print_log(f'{len(late)} sequences have objects that are not in their first frame, or none in '
              f'it; DAVIS does not measure these: {", ".join(texts)}', 'current', logging.WARNING)


def _evaluate_named(item, results: Path, task: str, lenient: bool) -> tuple[str, SequenceResult]:
    name, files = item
    return name, evaluate_sequence(name, files, results / name, task, lenient)
