"""The numbers and the text of benchmark_training.py."""

import os
import platform
from statistics import median

import torch
from attention_paths import usual_attention
from training_variants import FRAMES, INSTANCES, SIZES

from s2d_plugins.evaluation.tables import markdown_table

#: What rows are held against, and how a column says so.
ALTERNATIVES = dict(mmdet="mmdet's", transfers='a transfer per layer')
#: Most that a step may cost, in steps of mmdet's.
TARGETS = dict(ours=1.0, teacher=1.4)
#: What a choice gains: the row without it, the row with it, and how to say so.
GAINS = (('points', 'ours', 'the whole grid instead of 160,000 points'),
         ('transfers', 'ours', 'one transfer for all matchings instead of one per layer'))


def summarise(times: dict[str, dict], images: int) -> dict[str, dict]:
    """Compute each row's numbers from its times.

    Args:
        times: Of ``benchmark_training.time_rows``; entry n of every list is of the same round.
        images: Frames in a batch.

    Returns:
        Per row the median and least seconds of a step, images per second, median seconds of the
        losses alone and, against each of :data:`ALTERNATIVES` that was measured too, the median
        over rounds of the ratio within the round (``ratio``) and the ratio of the least times
        (``ratio_of_least``).
    """
    bases = {name: times[name]['steps'] for name in ALTERNATIVES if name in times}
    rows = {}
    for key, measured in times.items():
        steps = measured['steps']
        rows[key] = dict(seconds=steps, median=median(steps), least=min(steps),
                         images_per_second=images / median(steps),
                         losses=median(measured['losses']),
                         ratio={name: median(a / b for a, b in zip(steps, base, strict=True))
                                for name, base in bases.items()},
                         ratio_of_least={name: min(steps) / min(base)
                                         for name, base in bases.items()})
    return rows


def find_gains(rows: dict[str, dict]) -> list[str]:
    """Say what our choices gain, and whether the targets are met."""
    lines = []
    for without, chosen, name in GAINS:
        if without in rows and chosen in rows:
            a, b = rows[without], rows[chosen]
            text = (f'{name}: {a["median"]:.3f} s -> {b["median"]:.3f} s a step '
                    f'({a["median"] / b["median"]:.2f} times as fast)')
            if a.get('memory_mb') and b.get('memory_mb'):
                text += f', peak memory {a["memory_mb"]:.0f} MB -> {b["memory_mb"]:.0f} MB'
            lines.append(text)
    for key, most in TARGETS.items():
        ratio = rows.get(key, {}).get('ratio', {}).get('mmdet')
        if ratio is not None:
            lines.append(f'{key}: {ratio:.2f} steps of mmdet\'s, at most {most:.1f} wanted: '
                         f'{"met" if ratio <= most else "missed"}')
    return lines


def report_text(size: str, rows: dict[str, dict], missing: dict[str, str], setting: dict,
                labels: dict[str, str]) -> str:
    """Write one size's table and what follows from it as Markdown."""
    def show(value, form):
        return None if value is None else format(value, form)
    lines = [(labels[key], show(row['median'], '.3f'), show(row['least'], '.3f'),
              *(show(row[kind].get(name), '.2f') for name in ALTERNATIVES
                for kind in ('ratio', 'ratio_of_least')),
              show(row['images_per_second'], '.2f'), show(row['losses'], '.3f'),
              show(row.get('memory_mb'), '.0f')) for key, row in rows.items()]
    lines += [(labels[key], f'not available: {reason}', *[None] * (4 + 2 * len(ALTERNATIVES)))
              for key, reason in missing.items()]
    ratios = [text for name in ALTERNATIVES.values()
              for text in (f'ratio to {name}', f'of least to {name}')]
    table = markdown_table((size, 's/step', 'least', *ratios, 'images/s', 'losses alone s',
                            'peak MB'), lines)
    return '\n\n'.join([table, '\n'.join(f'* {line}' for line in find_gains(rows)),
                        '\n'.join(f'* {name}: {value}' for name, value in setting.items())])


def describe(setting: dict) -> dict:
    """What the numbers depend on."""
    device = setting['device']
    clips, height, width = setting['shape']
    return {
        'config': SIZES[setting['size']][0],
        'batch': f'{clips} clips of {FRAMES} frames of {height} x {width}, {INSTANCES} instances',
        'teacher masks per clip': setting['teacher_instances'],
        'device': torch.cuda.get_device_name() if device == 'cuda' else 'cpu',
        'threads': torch.get_num_threads(), 'cores': os.cpu_count(),
        'machine': platform.machine(), 'mixed precision': setting['amp'] and device == 'cuda',
        'deformable attention': usual_attention(device), 'torch': torch.__version__}
