"""J per frame of every stage, one small panel per sequence."""

import io
import math

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from stage_report import MASK_STAGES, reading_of

COLUMNS = 2
PANEL_INCHES = (5.6, 1.9)
#: Colours that stay apart for colour-blind readers (Okabe and Ito).
COLORS = dict(proposals='#999999', keymasks='#D55E00', dense='#56B4E9', infer='#009E73')
MARK_HEIGHT = -0.07


def frame_series(summary: dict) -> np.ndarray:
    """J of one stage and sequence over its frames; NaN where the stage has no frame.

    Args:
        summary: A stage's entry of ``evaluate_stages(...)['videos'][name]``.

    Returns:
        (T,) of all annotated frames.
    """
    values = np.full(summary['of_frames'], np.nan)
    series = summary.get('per_frame')
    if series is not None:
        values[series['frame']] = series[f'J_{reading_of(summary)}']
    return values


def draw_frames(videos: dict) -> Figure:
    """Draw the panels.

    Args:
        videos: ``evaluate_stages(...)['videos']``: sequence to stage to readings.
    """
    columns = min(COLUMNS, len(videos))
    rows = math.ceil(len(videos) / columns)
    figure = Figure((columns * PANEL_INCHES[0], rows * PANEL_INCHES[1] + 0.6),
                    layout='constrained')
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    handles: dict = {}
    for panel, (name, stages) in zip(panels, videos.items(), strict=False):
        _draw_panel(panel, name, stages)
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    for panel in panels[len(videos):]:
        panel.set_axis_off()
    figure.supylabel('J')
    figure.supxlabel('frame')
    if handles:
        figure.legend(handles.values(), handles, loc='outside upper center', ncols=len(handles),
                      frameon=False)
    return figure


def _draw_panel(panel, name: str, stages: dict) -> None:
    for label, stage in MASK_STAGES:
        if stage not in stages:
            continue
        values, reading = frame_series(stages[stage]), reading_of(stages[stage])
        sparse = stage == 'keymasks'
        panel.plot(values, color=COLORS[stage], label=f'{label} ({reading})',
                   linestyle='none' if sparse else '-', marker='o' if sparse else None,
                   markersize=3, linewidth=1.2)
        if sparse:
            frames = np.flatnonzero(~np.isnan(values))
            panel.plot(frames, np.full(len(frames), MARK_HEIGHT), '|', color=COLORS[stage],
                       markersize=5, label='frames with keymasks')
    panel.set_title(name, fontsize=9)
    panel.set_ylim(-0.13, 1.03)
    panel.grid(alpha=0.3)
    panel.tick_params(labelsize=8)


def plot_bytes(videos: dict) -> bytes:
    """Draw the panels as a PNG."""
    buffer = io.BytesIO()
    draw_frames(videos).savefig(buffer, format='png', dpi=110)
    return buffer.getvalue()
