"""A small work dir as a run leaves it: a square that moves over eight frames, in three videos."""

import json
import time
from pathlib import Path

import cv2
import numpy as np

from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.proposals_file import write_proposals
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video
from s2d_plugins.pipeline.clips import Clip
from s2d_plugins.pipeline.workspace import Workspace
from s2d_plugins.visualization import write_overlay

SIZE = (48, 64)
LENGTH = 8
#: What would run, were names not escaped.
HOSTILE = '<script>document.title = "run by a name"<'
REASON = 'its source is </script><script>document.title = "run by a reason"</script>'


def square(index: int) -> dict:
    mask = np.zeros(SIZE, bool)
    mask[10:30, 5 + 4 * index:25 + 4 * index] = True
    return encode_mask(mask)


SQUARES = [square(index) for index in range(LENGTH)]


def frame(index: int) -> np.ndarray:
    image = np.full((*SIZE, 3), 60, np.uint8)
    image[10:30, 5 + 4 * index:25 + 4 * index] = 220
    return image


def add_video(workspace: Workspace, name: str, quality: float | None = 0.8,
              overlay: bool = True) -> None:
    """Add a video with all its results; without a quality it has frames and proposals alone."""
    names = [f'{index:05d}.jpg' for index in range(LENGTH)]
    clip = Clip(name, name, f'videos/{name}.mp4', 'stamp', 0, 1, 0, LENGTH, 4.0, SIZE, SIZE, names)
    (workspace.frames / name).mkdir(parents=True)
    for index, file_name in enumerate(names):
        cv2.imwrite(str(workspace.frames / name / file_name), frame(index))
    workspace.write_clip(clip)
    write_proposals(workspace.clip_file('proposals', name), name, SIZE,
                    [[dict(segmentation=mask, score=0.5)] for mask in SQUARES])
    state = workspace.state
    for stage in ('frames', 'proposals'):
        state.set_record(stage, name, dict(seconds=2.0, peak_memory_mb=100.0))
    if quality is None:
        return
    video = make_video(1, name, SIZE, clip.frame_paths)
    sparse = [*SQUARES[:3], None, *SQUARES[4:6], None, None]
    write_json(workspace.clip_file('keymasks', name), make_labels([video], [
        make_annotation(1, 1, sparse, one2x=0.0, visibility_ranges=[[0, 6]])]))
    write_json(workspace.clip_file('dense', name), make_labels([video], [
        make_annotation(1, 1, SQUARES, score=0.9)]))
    write_json(workspace.results_file(name), [
        dict(video_id=1, score=0.9, category_id=1, segmentations=SQUARES)])
    low = quality < 0.3
    write_json(workspace.summary_file(name), dict(
        num_frames=LENGTH, fps=4.0, seconds=6.0, quality=dict(
            quality=quality, low=low, why='hardly any agreement' if low else None,
            instances=[dict(instance=1, quality=quality, low=low)])))
    state.set_record('infer', name, dict(seconds=2.0, peak_memory_mb=200.0, instances=1,
                                         masks=LENGTH, low_quality=[1] * low))
    if overlay:
        write_overlay(workspace.overlay_file(name), map(frame, range(LENGTH)), SIZE, 4.0,
                      [SQUARES])


def add_losses(workspace: Workspace) -> None:
    """Add the log of a training that is going on: its last line is half-written."""
    path = workspace.stage_folder('distill') / '20260101_000000/vis_data/scalars.json'
    path.parent.mkdir(parents=True)
    lines = [json.dumps({'loss': 9.0 - step, 'loss_mask': 4.0, 'd0.loss_mask': 5.0, 'lr': 0.1,
                         'step': step}) for step in (1, 2, 3)]
    path.write_text('\n'.join([*lines, '{"loss": 5.']))


def note(videos: list[str], failures: dict[str, str], ended: bool = True) -> dict:
    start = time.time() - 60
    return dict(started=start, ended=start + 50 if ended else None, stage='infer', error=None,
                device='cpu', config='demo.py', videos={name: name for name in videos},
                failures=failures)


def make_run(folder: Path) -> Workspace:
    """A finished run: one video is good, one doubtful (and hostile), one failed at its frames."""
    workspace = Workspace(folder)
    add_video(workspace, 'good')
    add_video(workspace, HOSTILE, quality=0.1)
    add_losses(workspace)
    write_json(workspace.run_file, note(['good', HOSTILE, 'broken'], {'broken': REASON}))
    return workspace
