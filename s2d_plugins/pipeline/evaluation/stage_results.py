"""The masks of every stage in a pipeline's work dir, brought to one form."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from ...errors import S2DInputError
from ...evaluation.checks import check_score
from ...fileio.json_files import read_json
from ...labels.mask_reader import read_mask
from ...labels.proposals_file import read_proposals

STAGES = ('proposals', 'keymasks', 'dense', 'final')
#: Stages whose missing frames are unknown, not empty.
SPARSE = ('keymasks',)
#: Stages whose masks belong to tracks.
TRACKED = ('keymasks', 'dense', 'final')


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


def _read_clips(folder: Path) -> dict[str, tuple[str, int]]:
    """Clip name to its video and the number of its first frame in it."""
    clips = {}
    for path in sorted((folder / 'frames').glob('*.json')):
        content = read_json(path)
        if not {'video', 'start'} <= content.keys():
            raise S2DInputError(f'{path} is not the description of a clip: expected the keys video '
                                'and start; run the frames stage again')
        clips[path.stem] = (content['video'], int(content['start']))
    return clips


def _check_candidates(frames: Frames, path: Path) -> Frames:
    """Raise S2DInputError if a mask does not decode or a score is no number."""
    for number, candidates in frames.items():
        for candidate in candidates:
            check_score(candidate.score, f'{path}, frame {number}')
            size = candidate.rle.get('size') if isinstance(candidate.rle, dict) else None
            known = isinstance(size, list) and len(size) == 2
            read_mask(candidate.rle, size if known else (1, 1), f'{path}, frame {number}')
    return frames


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
        S2DInputError: If a track is of another length.
    """
    frames: Frames = {first + index: [] for index in range(length)}
    for number, track in enumerate(tracks):
        masks = track.get('segmentations') if isinstance(track, dict) else None
        if not isinstance(masks, list) or len(masks) != length:
            found = len(masks) if isinstance(masks, list) else 'no'
            raise S2DInputError(f'{path}, track {number}: {found} segmentations, expected one per '
                                f'frame, {length}')
        score = track.get('score', sum(rle is not None for rle in masks) / length)
        for index, rle in enumerate(masks):
            if rle is not None:
                frames[first + index].append(Candidate(rle, score, (clip, number)))
    return frames


def _label_frames(path: Path, first: int) -> Frames:
    content = read_json(path)
    if not isinstance(content, dict) or len(content.get('videos', ())) != 1:
        raise S2DInputError(f'{path}: expected the YouTube-VIS labels of one clip; run the stage '
                            'again')
    return track_frames(content['annotations'], int(content['videos'][0]['length']), first,
                        path.stem, path)


def _result_frames(path: Path, length: int) -> Frames:
    tracks = read_json(path)
    if not isinstance(tracks, list):
        raise S2DInputError(f'{path}: expected a list of tracks; run the pipeline again')
    return track_frames(tracks, length, 0, path.parent.name, path)


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
    work_dir = Path(work_dir)
    folder = work_dir / 'stages'
    if not folder.is_dir():
        raise S2DInputError(f'{work_dir}: expected the work dir of a tools/run_s2d.py run, with a '
                            'folder stages; found none')
    clips, stages, unknown = _read_clips(folder), defaultdict(lambda: defaultdict(dict)), set()
    for stage in STAGES[:-1]:
        read = _proposal_frames if stage == 'proposals' else _label_frames
        for path in sorted((folder / stage).glob('*.json')):
            video, first = clips.get(path.stem, (path.stem, 0))
            if video in lengths:
                stages[stage][video].update(_check_candidates(read(path, first), path))
            else:
                unknown.add(path.stem)
    for name, length in lengths.items():
        path = work_dir / name / 'results.json'
        if path.is_file():
            stages['final'][name] = _check_candidates(_result_frames(path, length), path)
    if not stages:
        raise S2DInputError(f'{work_dir}: no stage has results for a video with ground truth '
                            f'({", ".join(list(lengths)[:5])}, ...); found '
                            f'{", ".join(sorted(unknown)[:5]) or "nothing"}')
    return stages, sorted(unknown)
