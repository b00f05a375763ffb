"""Table and picture of the ablation."""

import statistics
from collections.abc import Sequence

import cv2
import numpy as np
from ablation_run import Run
from ablation_scores import decode_tracks, match_objects, tube_j

from s2d_plugins.evaluation.tables import markdown_table
from s2d_plugins.fileio.images import read_image
from s2d_plugins.fileio.json_files import read_json
from s2d_plugins.fileio.json_kinds import Results
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import read_labels, videos_by_name
from s2d_plugins.visualization.colors import instance_color
from s2d_plugins.visualization.overlay import ColoredMask, draw_masks, write_text

HEADER = ('variant', 'dense J', 'difference', 'AP', 'AP50', 'CPU s a run')
ROWS = 5
_ZOOM = 2
_GAP = 4
_TITLE = 20


def summarise(results: Sequence[dict], variants: dict[str, str]) -> list[tuple]:
    """Make the rows of the table: mean and standard deviation over seeds, in percent.

    The difference is to the first variant that has results, seed by seed.

    Args:
        results: Results of runs, see :func:`ablation_run.execute`.
        variants: Name to description, in the order of the rows.
    """
    by_variant = {name: {result['seed']: result for result in results
                         if result['variant'] == name} for name in variants}
    by_variant = {name: runs for name, runs in by_variant.items() if runs}
    base = next(iter(by_variant.values()), {})
    rows = []
    for name, runs in by_variant.items():
        gaps = [run['j'] - base[seed]['j'] for seed, run in runs.items() if seed in base]
        rows.append((variants[name], _percent([run['j'] for run in runs.values()]),
                     '-' if runs is base else _percent(gaps, signed=True),
                     *(_percent([run[key] for run in runs.values()]) for key in ('ap', 'ap50')),
                     f'{statistics.mean(run["cpu_seconds"] for run in runs.values()):.0f}'))
    return rows


def _percent(values: Sequence[float], signed: bool = False) -> str:
    """Format mean ± sample standard deviation; no deviation where there is one value."""
    if not values:
        return '-'
    rounded = round(100 * statistics.mean(values), 1) + 0.0  # no minus before a zero
    mean = f'{rounded:{"+" if signed else ""}.1f}'
    return mean if len(values) == 1 else f'{mean} ± {100 * statistics.stdev(values):.1f}'


def report_text(results: Sequence[dict], variants: dict[str, str], setting: dict) -> str:
    """Write the report as Markdown."""
    lines = [markdown_table(HEADER, summarise(results, variants)), '']
    return '\n'.join(lines + [f'* {name}: {value}' for name, value in setting.items()]) + '\n'


def choose_video(results: Sequence[dict]) -> str:
    """Return the video that looks most like the table.

    That is the one whose dense J, run by run, deviates least from the runs' means (sum of absolute
    deviations): it shows the usual difference between the runs, neither the best nor the worst.
    """
    def deviation(name: str) -> float:
        return sum(abs(statistics.mean(result['videos'][name]) - result['j'])
                   for result in results)
    return min(results[0]['videos'], key=deviation)


def draw_figure(runs: Sequence[Run], video_name: str, titles: Sequence[str]) -> np.ndarray:
    """Draw frames of a held-out video: as they are, with the true masks, and per run.

    What is drawn of a run are the tracks that dense J measures, in the colours of their objects.

    Args:
        runs: Complete runs that share their held-out videos.
        video_name: Which of them.
        titles: A short title per run.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    data = runs[0].held_out_data
    labels = read_labels(data / 'held_out.json')
    video = videos_by_name(labels['videos'], str(data / 'held_out.json'))[video_name]
    truth = decode_tracks(labels['annotations'], video, data / 'held_out.json')
    columns = [('frame', truth[:0]), ('true masks', truth)]
    for run, title in zip(runs, titles, strict=True):
        masks = decode_tracks(read_json(run.tracks_file, Results), video, run.tracks_file)
        values = tube_j(truth, masks)
        chosen = match_objects(values)
        j = values[np.arange(len(truth)), chosen].mean() if len(masks) else 0
        matched = np.where((chosen >= 0)[:, None, None, None], masks[chosen], False)
        columns.append((f'{title}: J {100 * j:.0f}', matched))
    frames = [read_image(data / 'frames' / name) for name in video['file_names']]
    return _sheet(frames, columns)


def _sheet(frames: list[np.ndarray], columns: Sequence[tuple[str, np.ndarray]]) -> np.ndarray:
    height, width = (_ZOOM * side for side in frames[0].shape[:2])
    shown = np.linspace(0, len(frames) - 1, min(ROWS, len(frames))).round().astype(int)
    canvas = np.full((_TITLE + len(shown) * (height + _GAP), len(columns) * (width + _GAP), 3), 32,
                     np.uint8)
    for column, (title, masks) in enumerate(columns):
        left = column * (width + _GAP)
        write_text(canvas, title, (left + 2, _TITLE - 6), 0.38)
        for row, frame in enumerate(shown):
            image = cv2.resize(frames[frame], (width, height), interpolation=cv2.INTER_NEAREST)
            image = draw_masks(image, [ColoredMask(encode_mask(mask), instance_color(number))
                                       for number, mask in enumerate(masks[:, frame])], 0.6)
            top = _TITLE + row * (height + _GAP)
            canvas[top:top + height, left:left + width] = image
    return canvas
