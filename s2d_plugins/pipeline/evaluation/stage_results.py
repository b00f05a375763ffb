"""The masks of every stage in a pipeline's work dir, brought to one form."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from ...errors import S2DInputError
from ...evaluation.checks import check_score
from ...fileio.json_files import read_json
from ...fileio.json_kinds import Results
from ...fileio.paths import is_inside
from ...labels.mask_reader import has_mask, read_rle
from ...labels.proposals_file import read_proposals
from ..clip_labels import read_clip_labels
from ..clips import Clip
from ..stage_names import INFER, PROPOSALS, WITH_MASKS
from ..workspace import Workspace


@dataclass(frozen=True)
class Candidate:
    """One mask of one frame.

    Attributes:
        rle: The mask, at working size.
        score: Score of the mask, or of the track it belongs to.
        track: Names the track within the video; None where there are no tracks.
    """

    rle: dict
    score: float
    track: tuple | None = None


#: Frame number of the video to the masks in it; frames of the clip without masks are there too.
Frames = dict[int, list[Candidate]]


def _proposal_frames(path: Path, first: int) -> Frames:
    return {first + index: [Candidate(mask['segmentation'], mask['score']) for mask in masks]
            for index, masks in enumerate(read_proposals(path)['frames'])}


def track_frames(tracks: list[dict], length: int, first: int, clip: str, path: Path) -> Frames:
    """Masks per frame of a clip's tracks.

    Args:
        tracks: ``dict(segmentations, score)``; where there is no score (keymasks), the share of
            frames with a mask stands for it.
        length: Number of frames of the clip.
        first: Number of its first frame in the video.
        clip: Its name.
        path: Where the tracks were read, for messages.

    Raises:
        S2DInputError: If a track is of another length, a mask does not decode or a score is no
            number.
    """
    frames: Frames = {first + index: [] for index in range(length)}
    for number, track in enumerate(tracks):
        masks, place = track['segmentations'], f'{path}, track {number}'
        if len(masks) != length:
            raise S2DInputError(f'{place}: {len(masks)} segmentations, expected one per frame, '
                                f'{length}')
        shown = [index for index, rle in enumerate(masks) if has_mask(rle)]
        score = track.get('score')
        score = len(shown) / length if score is None else check_score(score, place)
        for index in shown:
            rle = read_rle(masks[index], f'{place}, frame {first + index}', keep_empty=True)
            frames[first + index].append(Candidate(rle, score, (clip, number)))
    return frames


def _label_frames(path: Path, first: int) -> Frames:
    labels = read_clip_labels(path)
    return track_frames(labels['annotations'], len(labels['videos'][0]['file_names']), first,
                        path.stem, path)


def _result_frames(path: Path, length: int) -> Frames:
    return track_frames(read_json(path, Results), length, 0, path.parent.name, path)


def read_stages(work_dir: str | Path, lengths: dict[str, int],
                ) -> tuple[dict[str, dict[str, Frames]], list[str]]:
    """Read all stages that a work dir has.

    Args:
        work_dir: What ``tools/run_s2d.py`` wrote.
        lengths: Name to number of frames of the videos with ground truth.

    Returns:
        Stage to video to frames, and the clips without ground truth.

    Raises:
        S2DInputError: If it is no work dir, none of its clips has ground truth, or a mask or
            score is broken.
    """
    workspace = Workspace(work_dir)
    if not workspace.stages.is_dir():
        raise S2DInputError(f'{work_dir}: expected the work dir of a tools/run_s2d.py run, with a '
                            'folder stages; found none')
    clips = workspace.clips()
    stages, unknown = defaultdict(lambda: defaultdict(dict)), set()
    for stage in WITH_MASKS:
        if stage == INFER:
            continue
        read = _proposal_frames if stage == PROPOSALS else _label_frames
        for name, path in workspace.clip_results(stage).items():
            video, first = _place(clips, name)
            if video in lengths:
                stages[stage][video].update(read(path, first))
            else:
                unknown.add(name)
    for name, length in lengths.items():
        path = workspace.results_file(name)
        if is_inside(name) and path.is_file():
            stages[INFER][name] = _result_frames(path, length)
    if not stages:
        raise S2DInputError(f'{work_dir}: no stage has results for a video with ground truth '
                            f'({", ".join(list(lengths)[:5])}, ...); found '
                            f'{", ".join(sorted(unknown)[:5]) or "nothing"}')
    return stages, sorted(unknown)


def _place(clips: dict[str, Clip], name: str) -> tuple[str, int]:
    """Return a clip's video and its first frame in it; without a description the whole video."""
    return (clips[name].video, clips[name].start) if name in clips else (name, 0)
