"""Means and spreads over seeds, the choice between candidates, and which targets are met.

J and F are shares of 1, spreads are standard deviations of samples (None with a single seed).
"""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from stage_costs import total_cost

from s2d_plugins.errors import S2DInputError
from s2d_plugins.pipeline.evaluation.stage_table import READINGS
from s2d_plugins.pipeline.stage_names import DENSE, INFER, KEYMASKS, PROPOSALS, SAME_FRAMES

MEASURES = tuple(f'{measure}_{reading}' for reading in READINGS for measure in 'JF')
#: What has masks, in the order of the tables.
ROWS = (PROPOSALS, SAME_FRAMES, KEYMASKS, DENSE, INFER)
ALL = 'all'
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Measured:
    """One run's scores and costs.

    Attributes:
        videos: Sequence to stage to readings, of ``evaluate_stages``.
        costs: Stage to costs, of :func:`stage_costs.read_costs`.
    """

    videos: dict[str, dict]
    costs: dict[str, dict]


def spread(values: Iterable[float | None]) -> dict | None:
    """Mean, standard deviation and number of what is known; None if nothing is."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return dict(mean=statistics.fmean(known), n=len(known),
                spread=statistics.stdev(known) if len(known) > 1 else None)


def stage_means(videos: dict[str, dict]) -> dict[str, dict]:
    """Every stage's measures, averaged over the sequences that have them."""
    means = {}
    for stage in ROWS:
        parts = [stages[stage] for stages in videos.values() if stage in stages]
        found = {measure: spread(part.get(measure) for part in parts) for measure in MEASURES}
        means[stage] = dict(
            frames=sum(part['frames'] for part in parts),
            of_frames=sum(part['of_frames'] for part in parts),
            **{measure: value['mean'] for measure, value in found.items() if value})
    return means


def over_seeds(parts: Sequence[dict]) -> dict[str, dict]:
    """Mean and spread of every measure of every stage.

    Args:
        parts: Per seed stage to measures.
    """
    return {stage: dict(frames=spread(part[stage]['frames'] for part in parts if stage in part),
                        of_frames=max((part[stage]['of_frames'] for part in parts
                                       if stage in part), default=0),
                        **{measure: spread(part.get(stage, {}).get(measure) for part in parts)
                           for measure in MEASURES}) for stage in ROWS}


def final_score(runs: Iterable[Measured]) -> float | None:
    """What candidates are chosen by: J top of the final model, averaged over seeds."""
    found = spread(stage_means(run.videos)[INFER].get('J_top') for run in runs)
    return found['mean'] if found else None


def choose(tuning: dict[str, dict[str, float | None]]) -> dict[str, str]:
    """For each of two halves the candidate that is the best on the other one.

    Args:
        tuning: Half to candidate to :func:`final_score`.

    Raises:
        S2DInputError: If there is a choice, but a half has no final masks to choose by.
    """
    chosen = {}
    for half, scores in tuning.items():
        other = next(name for name in tuning if name != half)
        known = {name: value for name, value in scores.items() if value is not None}
        if not known and len(scores) > 1:
            raise S2DInputError(f'half {half} has no final masks of any of '
                                f'{", ".join(scores)}, so there is nothing to choose by for half '
                                f'{other}; run it first')
        chosen[other] = max(known, key=known.__getitem__) if known else next(iter(scores))
    return {half: chosen[half] for half in tuning}


def summarise(runs: Sequence[Sequence[Measured]]) -> dict:
    """Quality, seconds and targets of a group of sequences.

    Args:
        runs: Per seed the runs that the group's sequences are in, one per half.
    """
    videos = [{name: video for run in seed for name, video in run.videos.items()} for seed in runs]
    stages = over_seeds([stage_means(part) for part in videos])
    seconds = {stage: spread(_sum(run.costs[stage]['seconds'] for run in seed) for seed in runs)
               for stage in (runs[0][0].costs if runs else ())}
    seconds[ALL] = spread(_sum(total_cost(run.costs)['seconds'] for run in seed) for seed in runs)
    return dict(sequences=sorted({name for part in videos for name in part}), seeds=len(runs),
                stages=stages, seconds=seconds, targets=check_targets(stages))


def _sum(values: Iterable[float | None]) -> float | None:
    values = list(values)
    return None if None in values else sum(values)


def check_targets(stages: dict[str, dict]) -> list[dict]:
    """Compare the means with what the recipe is meant to reach.

    Returns:
        Per target ``target``, ``found`` and ``needed`` (J, shares of 1) and ``met``; None where
        something was not measured.
    """
    def value(stage: str, measure: str = 'J_top') -> float | None:
        found = stages[stage][measure]
        return found and found['mean']

    def line(target: str, found: float | None, needed: float | None, more: float,
             meets: Callable[[float, float], bool]) -> dict:
        if found is None or needed is None:
            return dict(target=target, found=found, needed=None, met=None)
        return dict(target=target, found=found, needed=needed + more,
                    met=meets(found, needed + more))

    def reaches(found: float, needed: float) -> bool:
        return found >= needed - _ROUNDING

    def exceeds(found: float, needed: float) -> bool:
        return found > needed + _ROUNDING

    proposals, final = value(PROPOSALS), value(INFER)
    return [
        line('keymasks: at least the proposals on the same frames + 5', value(KEYMASKS),
             value(SAME_FRAMES), 0.05, reaches),
        line('dense labels: above the proposals', value(DENSE), proposals, 0, exceeds),
        line('final model: above the proposals', final, proposals, 0, exceeds),
        line('final model: at least the proposals + 5', final, proposals, 0.05, reaches),
        line('final model: top within 3 of the best-fitting track', final,
             value(INFER, 'J_track'), -0.03, reaches),
        line('final model: at least 60', final, 0.6, 0, reaches)]


def sequence_scores(runs: Sequence[Measured]) -> dict[str, dict]:
    """Mean and spread over seeds for every sequence: name to stage to measures."""
    names = dict.fromkeys(name for run in runs for name in run.videos)
    return {name: over_seeds([run.videos[name] for run in runs if name in run.videos])
            for name in names}
