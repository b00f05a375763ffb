"""The crosswise numbers as Markdown."""

from crosswise_scores import ALL, MEASURES, ROWS
from stage_report import LABELS, NOTES

from s2d_plugins.evaluation.tables import markdown_table
from s2d_plugins.pipeline.stage_names import INFER, KEYMASKS, SAME_FRAMES, STAGES

CROSSWISE_NOTES = '''\
Mean ± standard deviation over the seeds, without the latter for one seed. Frames, proposals and
keymasks do not depend on the seed; their seconds are those of the one run that made them.
*Proposals on these frames* are those of the frames that have keymasks, per sequence: what keymasks
are to be compared with.
'''


def shown(value: dict | None, scale: float = 100) -> str | None:
    """Mean and spread as text."""
    if value is None:
        return None
    text = f'{value["mean"] * scale:.1f}'
    return text if value['spread'] is None else f'{text} ± {value["spread"] * scale:.1f}'


def stage_table(group: dict) -> str:
    """Quality and seconds of every stage in a group of sequences."""
    rows = []
    stages = [row for stage in STAGES
              for row in ((stage, SAME_FRAMES) if stage == KEYMASKS else (stage,))]
    for stage in stages:
        quality = group['stages'].get(stage, {})
        frames = quality.get('frames')
        rows.append((LABELS.get(stage, stage),
                     f'{frames["mean"]:.0f}/{quality["of_frames"]}' if frames else None,
                     *(shown(quality.get(measure)) for measure in MEASURES),
                     shown(group['seconds'].get(stage), 1)))
    rows.append((ALL, None, *(None for _ in MEASURES), shown(group['seconds'][ALL], 1)))
    return markdown_table(('stage', 'frames', *(name.replace('_', ' ') for name in MEASURES),
                           'seconds'), rows)


def target_table(groups: dict[str, dict]) -> str:
    """Which targets are met, per group of sequences."""
    targets = [target['target'] for target in next(iter(groups.values()))['targets']]
    return markdown_table(
        ('target (J top)', *map(_title, groups)),
        [(name, *(_verdict(group['targets'][number]) for group in groups.values()))
         for number, name in enumerate(targets)])


def _verdict(target: dict) -> str:
    if target['met'] is None:
        return 'not measured'
    return (f'{"yes" if target["met"] else "**no**"}: {100 * target["found"]:.1f}, needed '
            f'{100 * target["needed"]:.1f}')


def sequence_table(sequences: dict[str, dict]) -> str:
    """J per sequence: top where there is one, else track, else best."""
    rows = []
    for name, entry in sequences.items():
        stages, keymasks = entry['stages'], entry['stages'][KEYMASKS]
        frames = keymasks['frames']
        cells = [next((shown(stages[stage][f'J_{reading}']) for reading in
                       ('top', 'track', 'best') if stages[stage][f'J_{reading}']), None)
                 for stage in ROWS]
        rows.append((name, entry['half'],
                     f'{frames["mean"]:.0f}/{keymasks["of_frames"]}' if frames else None, *cells,
                     shown(stages[INFER]['J_track'])))
    return markdown_table(('J', 'half', 'frames with keymasks',
                           *(LABELS.get(stage, stage) for stage in ROWS), 'its best track'), rows)


def _title(group: str) -> str:
    return 'all sequences' if group == ALL else f'half {group}'


def _choice_lines(report: dict) -> list[str]:
    tuning, reported = report['tuning'], report['reported']
    if len(next(iter(tuning.values()))) == 1:
        return ['One candidate, reported on both halves: '
                f'{next(iter(reported.values()))}. Nothing was chosen by this command.']
    rows = [(f'half {half}', *scores.values(), reported[half]) for half, scores in tuning.items()]
    names = next(iter(tuning.values()))
    return ['J top of the final model by candidate. Reported on a half is what is best on the '
            'other one.', markdown_table(('', *names, 'reported here'), rows, scale=100)]


def report_text(report: dict) -> str:
    """The whole report.

    Args:
        report: What ``crosswise.json`` holds.
    """
    groups = report['groups']
    count = len(report['sequences'])
    parts = [f'# S2D crosswise on {count} sequences',
             *_choice_lines(report), '## Targets', target_table(groups)]
    for name, group in groups.items():
        noun = 'seed' if group['seeds'] == 1 else 'seeds'
        title = _title(name)
        parts += [f'## {title[0].upper()}{title[1:]}: {len(group["sequences"])} sequences, '
                  f'{group["seeds"]} {noun}', stage_table(group)]
    parts += [CROSSWISE_NOTES.strip(), NOTES.strip(), '## J per sequence',
              '*Top* for a single object, else *track* (proposals: *best*).',
              sequence_table(report['sequences'])]
    if report['remarks']:
        parts += ['## To be known', '\n'.join(f'* {remark}' for remark in report['remarks'])]
    parts += ['## Setting', '\n'.join(f'* {name}: {value}'
                                      for name, value in report['setting'].items())]
    return '\n\n'.join(parts) + '\n'
