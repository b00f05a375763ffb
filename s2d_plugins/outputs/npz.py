"""Tracks as NumPy arrays in one file, masks as run-length encodings."""

import io
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

from ..errors import S2DInputError
from ..fileio.plain_files import open_file
from ..fileio.whole_files import write_bytes
from ..labels.mask_reader import read_masks
from ..labels.rle import areas_and_boxes
from .video_tracks import VideoTracks


def write_npz(path: Path, tracks: VideoTracks) -> None:
    """Write N tracks over T frames; no array needs pickle, and none is N x T x H x W.

    ==============  ====================================================================
    ``scores``      (N,) float32
    ``boxes``       (N, T, 4) float32, x1, y1, x2, y2 in pixels; NaN where not seen
    ``areas``       (N, T) int64 pixels; 0 where not seen
    ``rle``         uint8: the compressed COCO counts of all masks, one after the other
    ``rle_ends``    (N, T) int64: where in ``rle`` each one ends; it begins where the
                    one before ends, and is empty where not seen
    ``size``        (2,) height, width
    ``times``       (T + 1,) float64 seconds
    ``frame_names`` (T,) text; ``name``, ``fps`` and ``video_id`` are single values
    ==============  ====================================================================
    """
    count, length = len(tracks.tracks), len(tracks)
    rles = [rle for track in tracks.tracks for rle in track['segmentations']]
    shown = [index for index, rle in enumerate(rles) if rle is not None]
    areas, boxes = np.zeros(count * length, np.int64), np.full((count * length, 4), np.nan)
    if shown:
        found, at = areas_and_boxes([rles[index] for index in shown])
        corners = np.array(at)
        corners[:, 2:] += corners[:, :2]
        areas[shown], boxes[shown] = found, corners
    texts = [b'' if rle is None else _as_bytes(rle['counts']) for rle in rles]
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer, scores=np.array([track['score'] for track in tracks.tracks], np.float32),
        boxes=boxes.reshape(count, length, 4).astype(np.float32),
        areas=areas.reshape(count, length), rle=np.frombuffer(b''.join(texts), np.uint8),
        rle_ends=np.cumsum([len(text) for text in texts], dtype=np.int64).reshape(count, length),
        size=np.array(tracks.size), times=np.asarray(tracks.times, np.float64),
        frame_names=np.array(list(tracks.frame_names), np.str_), name=np.array(tracks.name),
        fps=np.array(float(tracks.fps)), video_id=np.array(tracks.video_id))
    write_bytes(path, buffer.getvalue())


def read_npz(path: str | Path) -> VideoTracks:
    """Read what :func:`write_npz` wrote; the tracks come without frames.

    Raises:
        S2DInputError: If it is no such file, or a mask does not decode.
    """
    try:
        with open_file(path, 'npz file') as file, np.load(file, allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
        ends, texts = arrays['rle_ends'], arrays['rle'].tobytes()
        size = tuple(arrays['size'].tolist())
        rles = [dict(size=list(size), counts=texts[start:stop].decode('ascii'))
                if stop > start else None
                for start, stop in pairwise([0, *ends.ravel().tolist()])]
        names, scores = arrays['frame_names'].tolist(), arrays['scores'].tolist()
        length = len(names)
        if ends.shape != (len(scores), length):
            raise S2DInputError(f'{path}: rle_ends is {ends.shape}, expected '
                                f'{(len(scores), length)}; write it again')
        tracks = [dict(score=score, category_id=1,
                       segmentations=read_masks(rles[number * length:(number + 1) * length], size,
                                                _place(path, number))[0])
                  for number, score in enumerate(scores)]
        return VideoTracks(str(arrays['name']), size, tracks, names, arrays['times'],
                           float(arrays['fps']), int(arrays['video_id']))
    except S2DInputError:
        raise
    except Exception as error:  # NumPy and its zip reader raise nearly anything
        reason = f'no {error}' if isinstance(error, KeyError) else str(error) or type(
            error).__name__
        raise S2DInputError(f'{path} is no .npz of tracks ({reason}); write it again') from error


def _place(path: str | Path, number: int) -> Callable[[int], str]:
    return lambda frame: f'{path}, instance {number + 1}, frame {frame}'


def _as_bytes(counts: str | bytes) -> bytes:
    return counts if isinstance(counts, bytes) else counts.encode('ascii')
