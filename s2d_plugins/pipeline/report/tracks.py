"""What the stages found in one video, as rows of a timeline and masks by frame."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...fileio.json_files import read_json
from ...fileio.json_kinds import Results
from ...labels.mask_reader import has_mask, read_rle
from ...labels.proposals_file import read_proposals
from ...visualization import instance_color, score_color
from ..clip_labels import read_clip_labels
from ..clips import Clip
from ..stage_names import INFER, PROPOSALS
from .pictures import hex_color


@dataclass
class StageFinds:
    """What one stage found in a video.

    Attributes:
        rows: Per track ``label``, ``color``, ``runs`` (first and last frame of each stretch with
            a mask) and, where it has them, ``score``, ``ranges`` and ``one2x``.
        masks: Frame of the video to ``(rle, color, label)`` of its masks.
        counts: Masks per frame of the video.
    """

    rows: list[dict] = field(default_factory=list)
    masks: dict[int, list[tuple[dict, str, str]]] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)

    def add_track(self, number: int, segmentations: Sequence, first: int, place: str,
                  **extra: object) -> None:
        """Add a track whose first entry is of frame ``first`` of the video."""
        color = hex_color(instance_color(number))
        shown = [index for index, mask in enumerate(segmentations) if has_mask(mask)]
        self.rows.append(dict(label=str(number), color=color, frames=len(shown),
                              runs=to_runs([first + index for index in shown]), **extra))
        for index in shown:
            rle = read_rle(segmentations[index], f'{place}, frame {first + index}')
            if rle is not None:
                self.masks.setdefault(first + index, []).append((rle, color, str(number)))


def to_runs(frames: Sequence[int]) -> list[list[int]]:
    """Join ascending frame numbers to stretches of first and last.

    >>> to_runs([0, 1, 2, 5])
    [[0, 2], [5, 5]]
    """
    runs: list[list[int]] = []
    for frame in frames:
        if runs and frame == runs[-1][1] + 1:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame])
    return runs


def read_clip_finds(stage: str, path: Path, clip: Clip, finds: StageFinds) -> None:
    """Add what a stage found in one clip.

    Raises:
        S2DInputError: If its file is broken.
    """
    if stage == PROPOSALS:
        for index, masks in enumerate(read_proposals(path)['frames']):
            finds.counts[clip.start + index] = len(masks)
            finds.masks[clip.start + index] = [
                (mask['segmentation'], hex_color(score_color(mask['score'])),
                 f'{mask["score"]:.2f}') for mask in masks]
        return
    for number, one in enumerate(read_clip_labels(path)['annotations'], len(finds.rows) + 1):
        extra = {key: one[key] for key in ('score', 'one2x', 'proposal_score')
                 if one.get(key) is not None}
        if one.get('visibility_ranges'):
            extra['ranges'] = [[clip.start + first, clip.start + last]
                               for first, last in one['visibility_ranges']]
        finds.add_track(number, one['segmentations'], clip.start, f'{path}, track {number}',
                        **extra)


def read_results(path: Path, quality: dict) -> StageFinds:
    """Read the final tracks of a video.

    Args:
        path: Its ``results.json``.
        quality: What its summary says of them, or empty.

    Raises:
        S2DInputError: If the file is broken.
    """
    judged = {one.get('instance'): one for one in quality.get('instances') or []}
    finds = StageFinds()
    for number, track in enumerate(read_json(path, Results), 1):
        finds.add_track(number, track['segmentations'], 0, f'{path}, {INFER} {number}',
                        score=track['score'], quality=judged.get(number))
    return finds
