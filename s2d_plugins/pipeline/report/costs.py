"""What a run cost and how its trainings went."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

from ..stage_names import STAGES, TRAININGS
from ..workspace import Workspace

#: Points of a curve at most; more cannot be seen.
MAX_POINTS = 400


def stage_costs(workspace: Workspace, items: dict[str, int]) -> list[dict]:
    """Add up what each stage cost.

    Args:
        workspace: The work dir.
        items: Stage to the number of clips or videos it has to do.

    Raises:
        S2DInputError: If ``stages/state.json`` is broken.
    """
    rows = []
    for stage in STAGES:
        records = list(workspace.state.records(stage).values())
        if records:
            rows.append(dict(
                stage=stage, seconds=sum(one.get('seconds', 0) for one in records),
                memory=max(one.get('peak_memory_mb', 0) for one in records),
                done=len(records), items=1 if stage in TRAININGS else items.get(stage)))
    return rows


def loss_curves(workspace: Workspace) -> dict[str, dict[str, list[list[float]]]]:
    """Return, of each training, the losses by name: ``[step, value]`` in order.

    Those of single decoder layers are left out, for they are many and alike. A training that went
    on has several logs; where they overlap, the later one counts.
    """
    curves = {}
    for stage in TRAININGS:
        by_step: dict[int, dict[str, float]] = {}
        for path in sorted(workspace.stage_folder(stage).glob('*/vis_data/scalars.json')):
            for line in _lines(path):
                if isinstance(line.get('step'), int):
                    by_step[line['step']] = line
        names = dict.fromkeys(name for line in by_step.values() for name in line
                              if 'loss' in name and '.' not in name)
        found = {name: _thin([[step, line[name]] for step, line in sorted(by_step.items())
                              if _is_number(line.get(name))]) for name in names}
        found = {name: points for name, points in found.items() if any(y for _, y in points)}
        if found:
            curves[stage] = found
    return curves


def _lines(path: Path) -> Iterator[dict]:
    """Give the lines of a log; the last may be half-written, as the training goes on."""
    try:
        text = path.read_text(encoding='utf-8', errors='replace')
    except OSError:  # it has just been cleared
        return
    for line in text.splitlines():
        try:
            content = json.loads(line)
        except ValueError:
            continue
        if isinstance(content, dict):
            yield content


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _thin(points: list) -> list:
    stride = math.ceil(len(points) / MAX_POINTS)
    return points if stride < 2 else [*points[:-1:stride], points[-1]]
