"""The benchmark's numbers as one table and one text."""

from s2d_plugins.evaluation.tables import markdown_table
from s2d_plugins.pipeline.stage_names import DENSE, DISTILL, FINAL, INFER, STAGES, WITH_MASKS

#: What the rows of some stages are called.
LABELS = {DISTILL: 'sparse-to-dense training', DENSE: 'dense labels', FINAL: 'final training',
          INFER: 'final model'}
MASK_STAGES = tuple((LABELS.get(stage, stage), stage) for stage in WITH_MASKS)
READINGS = ('top', 'track', 'best')

NOTES = '''\
J and F in percent, averaged over the frames of a sequence and then over sequences. *top*: per
frame the mask of the highest score, no oracle (single objects only; keymasks have no score, so
the instance with most of them counts). *track*: the one track that fits an object best over the
sequence, as DAVIS matches proposals. *best*: an oracle's choice per frame. Keymasks are sparse:
only frames that have any count, so their row stands for fewer frames than the others.
Seconds are wall time. Memory is the peak of the process and its children, an upper bound.
'''


def stage_rows(scores: dict, costs: dict[str, dict]) -> list[dict]:
    """One row per stage: what it cost and how good its masks are.

    Args:
        scores: Of :func:`s2d_plugins.evaluation.evaluate_stages`.
        costs: Of :func:`stage_costs.read_costs`.
    """
    rows = []
    for stage in STAGES:
        row = dict(stage=LABELS.get(stage, stage), **costs[stage])
        if stage in WITH_MASKS:
            quality = scores['stages'].get(stage, {})
            row.update(quality)
            for reading in READINGS:
                pair = [quality.get(f'{measure}_{reading}') for measure in 'JF']
                row[f'J&F_{reading}'] = None if None in pair else sum(pair) / 2
        rows.append(row)
    return rows


def _number(value: float | None, form: str) -> str | None:
    return None if value is None else format(value, form)


def stage_table(rows: list[dict], total: dict) -> str:
    """The stages as a Markdown table, with a last row for the whole recipe."""
    columns = [f'{measure}_{reading}' for reading in READINGS for measure in ('J&F', 'J', 'F')]
    lines = []
    for row in [*rows, dict(stage='all', **total)]:
        frames = f'{row["frames"]}/{row["of_frames"]}' if 'frames' in row else None
        lines.append((row['stage'], frames, *(row.get(name) for name in columns),
                      _number(row['seconds'], '.1f'), _number(row['peak_memory_mb'], '.0f')))
    return markdown_table(('stage', 'frames', *(name.replace('_', ' ') for name in columns),
                           'seconds', 'peak MB'), lines, scale=100)


def sequence_table(videos: dict) -> str:
    """J per sequence and stage: top where there is one, else track, else best."""
    lines = []
    for name, stages in videos.items():
        cells = [stages.get(stage, {}) for _, stage in MASK_STAGES]
        sparse = stages.get('keymasks', {})
        lines.append((name, f'{sparse["frames"]}/{sparse["of_frames"]}' if sparse else None,
                      *(cell.get(f'J_{reading_of(cell)}') for cell in cells)))
    return markdown_table(('J', 'frames with keymasks', *(label for label, _ in MASK_STAGES)),
                          lines, scale=100)


def reading_of(summary: dict) -> str:
    """The reading that stands for a stage of a sequence: the first there is, else ``'best'``."""
    return next((reading for reading in READINGS if f'J_{reading}' in summary), 'best')


def cost_notes(rows: list[dict]) -> list[str]:
    """What must be known of the numbers: trainings that went on, stages timed in part or not."""
    notes = []
    for row in rows:
        if row['resumed']:
            notes.append(f'{row["stage"]}: went on from a checkpoint; the seconds before are not '
                         'counted')
        if 0 < row['noted'] < row['expected']:
            notes.append(f'{row["stage"]}: only {row["noted"]} of {row["expected"]} have been '
                         'timed')
        if not row['noted'] and row.get('frames'):
            notes.append(f'{row["stage"]}: there are masks, but no note of their making; they may '
                         'be of an earlier run')
    return notes


def report_text(rows: list[dict], total: dict, scores: dict, setting: dict,
                failures: dict[str, str], plot: str) -> str:
    """The whole report as Markdown.

    Args:
        rows: Of :func:`stage_rows`.
        total: Of :func:`stage_costs.total_cost`.
        scores: Of :func:`s2d_plugins.evaluation.evaluate_stages`.
        setting: Name to value of what the run depends on.
        failures: Sequence to why it has a problem.
        plot: File name of the plot.
    """
    remarks = cost_notes(rows) + [f'{name}: {reason}' for name, reason in failures.items()]
    parts = [f'# S2D stage by stage on {len(scores["videos"])} sequences',
             stage_table(rows, total), NOTES.strip(), *(f'* {remark}' for remark in remarks),
             'J per sequence: *top* for a single object, else *track* (proposals: *best*).',
             sequence_table(scores['videos']), f'![J per frame]({plot})',
             '\n'.join(f'* {name}: {value}' for name, value in setting.items())]
    return '\n\n'.join(parts) + '\n'
