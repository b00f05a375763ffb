"""What the stages of a work dir took, as the pipeline noted it."""

from collections.abc import Collection
from pathlib import Path

from s2d_plugins.pipeline.stage_names import INFER, STAGES, TRAININGS
from s2d_plugins.pipeline.workspace import Workspace


def read_costs(work_dir: str | Path, videos: Collection[str]) -> dict[str, dict]:
    """Seconds and memory of every stage, over the clips of some videos.

    A training is shared by all videos of a run and counted whole.

    Args:
        work_dir: What ``tools/run_s2d.py`` wrote; it is only read.
        videos: Names of videos.

    Returns:
        Stage to ``seconds`` (sum; None if nothing was noted), ``peak_memory_mb`` (most of one
        clip), ``noted`` of ``expected`` clips, videos or trainings, ``steps``, and ``resumed``: a
        training that went on from a checkpoint, whose seconds before that are not in.
    """
    workspace = Workspace(work_dir)
    clips = [clip.name for clip in workspace.clips().values() if clip.video in videos]
    costs = {}
    for stage in STAGES:
        items = [stage] if stage in TRAININGS else list(videos) if stage == INFER else clips
        records = [workspace.state.record(stage, item) for item in items]
        costs[stage] = _sum_up([record for record in records if record], len(items))
    return costs


def _sum_up(records: list[dict], expected: int) -> dict:
    return dict(
        seconds=round(sum(record['seconds'] for record in records), 2) if records else None,
        peak_memory_mb=max((record['peak_memory_mb'] for record in records), default=None),
        noted=len(records), expected=expected,
        steps=records[0].get('steps') if records else None,
        resumed=any(record.get('resumed', False) for record in records))


def total_cost(costs: dict[str, dict]) -> dict:
    """Seconds of all stages together and the largest memory of any."""
    known = [cost for cost in costs.values() if cost['noted']]
    return dict(seconds=round(sum(cost['seconds'] for cost in known), 2) if known else None,
                peak_memory_mb=max((cost['peak_memory_mb'] for cost in known), default=None))
