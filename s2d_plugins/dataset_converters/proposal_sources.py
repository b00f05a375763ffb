"""Single-frame masks of other programs, as the frames of a proposals file.

Masks without a score get one given for all. Overlaps stay where the source has them: COCO results
and ``masks`` of an .npz; an image or an id map has one mask a pixel.
"""

import math
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from ..errors import S2DInputError
from ..fileio.folders import by_stem, list_masks
from ..fileio.json_files import read_json
from ..fileio.plain_files import open_file
from ..labels.indexed_png import read_mask_png
from ..labels.mask_reader import read_mask
from ..labels.rle import encode_masks
from .masks import split_ids

Masks = list[dict]


def read_png_folder(folder: Path, names: Sequence[str], size: tuple[int, int], score: float = 1.0,
                    void: int | None = None, sparse: bool = False) -> list[Masks]:
    """Read one mask image per frame: every value (or colour) but 0 (black) is a mask.

    Args:
        folder: PNGs with palette, grey or in colour, named like the frames.
        names: The frames' names without suffix.
        size: (height, width) of the frames.
        score: What each mask gets.
        void: A value of palette or grey images that is no mask either.
        sparse: Frames without an image have no masks.

    Raises:
        S2DInputError: If an image does not fit, or is missing and not ``sparse``.
    """
    files = by_stem(list_masks(folder))
    if not files:
        raise S2DInputError(f'{folder}: expected mask images (*.png), found none; give the folder '
                            'that has one folder of them per video')
    strangers = sorted(files.keys() - set(names))
    if strangers:
        raise S2DInputError(f'{files[strangers[0]]}: the video has no frame {strangers[0]!r}; '
                            'name the images like the frames (of a video file 00000, 00001, ...)')
    missing = [name for name in names if name not in files]
    if missing and not sparse:
        raise S2DInputError(f'{folder}: {missing[0]}.png is missing; add it, or say --sparse if '
                            'only some frames have masks')
    return [_split(files[name], size, score, void) if name in files else [] for name in names]


def _split(path: Path, size: tuple[int, int], score: float, void: int | None) -> Masks:
    ids = read_mask_png(path)
    _check_size(path, ids.shape[:2], size)
    if ids.ndim == 3:
        ids = ids.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    elif void is not None:
        ids = np.where(ids == void, 0, ids)
    return [dict(segmentation=rle, score=score) for rle in split_ids(ids).values()]


def read_npz(path: Path, length: int, size: tuple[int, int], score: float = 1.0) -> list[Masks]:
    """Read the arrays of one video: ``masks`` with ``frames`` and ``scores``, or ``ids``.

    Args:
        path: ``masks`` (N, H, W) bool or 0 and 1 with ``frames`` (N,), the number of each one's
            frame from 0, and ``scores`` (N,) from 0 to 1; or ``ids`` (T, H, W) with 0 for none.
        length: Number of frames T.
        size: (height, width) of the frames.
        score: What masks without ``scores`` get.

    Raises:
        S2DInputError: If the file is no .npz of plain arrays or they do not fit the video.
    """
    arrays = _load(path)
    if 'ids' in arrays:
        ids = arrays['ids']
        _check_array(path, 'ids', ids, (length, *size), 'iu')
        if ids.min(initial=0) < 0:
            raise S2DInputError(f'{path}: ids: expected 0 and above, found {ids.min()}; number '
                                'the masks from 1')
        return [[dict(segmentation=rle, score=score) for rle in split_ids(frame).values()]
                for frame in ids]
    for key in ('masks', 'frames'):
        if key not in arrays:
            raise S2DInputError(f'{path}: expected arrays masks and frames, or ids, found '
                                f'{", ".join(sorted(arrays)) or "none"}; save them by these names')
    masks, places = arrays['masks'], arrays['frames']
    scores = arrays.get('scores', np.full(len(places) if places.ndim else 0, score))
    _check_array(path, 'masks', masks, (len(masks) if masks.ndim else 0, *size), 'biu')
    _check_array(path, 'frames', places, (len(masks),), 'iu')
    _check_array(path, 'scores', scores, (len(masks),), 'iuf')
    if masks.max(initial=0) > 1 or masks.min(initial=0) < 0:
        raise S2DInputError(f'{path}: masks: expected 0 and 1, found {masks.min()} to '
                            f'{masks.max()}; save them as bool')
    if len(places) and not 0 <= places.min() <= places.max() < length:
        raise S2DInputError(f'{path}: frames: expected 0 to {length - 1}, found {places.min()} to '
                            f'{places.max()}; count the frames of this video from 0')
    frames: list[Masks] = [[] for _ in range(length)]
    for number, (mask, place) in enumerate(zip(masks, places.tolist(), strict=True)):
        checked = _score(scores[number].item(), f'{path}: scores[{number}]')
        if mask.any():
            frames[place].append(dict(segmentation=encode_masks(mask.astype(bool)[None])[0],
                                      score=checked))
    return best_first(frames)


def _load(path: Path) -> dict[str, np.ndarray]:
    with open_file(path, 'masks') as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                return {key: archive[key] for key in ('masks', 'frames', 'scores', 'ids')
                        if key in archive.files}
        except (AttributeError, EOFError, OSError, TypeError, ValueError, MemoryError,
                zipfile.BadZipFile, zipfile.zlib.error) as error:
            raise S2DInputError(f'{path}: expected an .npz file of plain arrays ({error}); save '
                                'it with numpy.savez_compressed') from error


def read_coco_results(results: Path, images: Path) -> dict[str, dict[str, list[tuple]]]:
    """Sort COCO results by video and frame: ``{video: {frame name: [(segmentation, score)]}}``.

    Args:
        results: List of ``dict(image_id, segmentation, score)``.
        images: JSON whose ``images`` give each id its ``file_name``, ``VIDEO/FRAME.jpg``.

    Raises:
        S2DInputError: If either is of another form, or a result of an image that is not listed.
    """
    places = {}
    content = read_json(images)
    for image in content.get('images', []) if isinstance(content, dict) else []:
        name = image.get('file_name') if isinstance(image, dict) else None
        if not isinstance(name, str) or not isinstance(image.get('id'), int | str):
            raise S2DInputError(f'{images}: expected images with id and file_name, found '
                                f'{str(image)[:80]}; correct it')
        path = PurePosixPath(name)
        places[image['id']] = path.parent.name, path.stem
    if not places:
        raise S2DInputError(f'{images}: expected COCO JSON with images, found none; give the file '
                            'that the detector was run on')
    found: dict[str, dict[str, list[tuple]]] = {video: {} for video, _ in places.values()}
    entries = read_json(results)
    if not isinstance(entries, list):
        raise S2DInputError(f'{results}: expected COCO results, a list of dict(image_id, '
                            'segmentation, score), found no list; give the results file')
    for number, entry in enumerate(entries):
        key = entry.get('image_id') if isinstance(entry, dict) else None
        if not isinstance(key, int | str) or key not in places or 'segmentation' not in entry:
            raise S2DInputError(f'{results}: entry {number}: expected a segmentation and an '
                                f'image_id of {images}, found {str(entry)[:80]}; correct it')
        video, frame = places[key]
        score = _score(entry.get('score'), f'{results}: entry {number}: score')
        found[video].setdefault(frame, []).append((entry['segmentation'], score))
    return found


def frames_of_coco(found: Mapping[str, Sequence[tuple]], names: Sequence[str],
                   size: tuple[int, int], place: str) -> list[Masks]:
    """Make one video's frames of what :func:`read_coco_results` sorted.

    Raises:
        S2DInputError: If a mask is of a frame that the video lacks, or does not decode.
    """
    strangers = sorted(found.keys() - set(names))
    if strangers:
        raise S2DInputError(f'{place}: masks of frame {strangers[0]!r}, which the video does not '
                            'have; name the images like the frames')
    frames = []
    for name in names:
        read = [(read_mask(mask, size, f'{place}, frame {name}, mask {number}'), score)
                for number, (mask, score) in enumerate(found.get(name, ()))]
        frames.append([dict(segmentation=rle, score=score) for rle, score in read
                       if rle is not None])
    return best_first(frames)


def best_first(frames: Sequence[Masks]) -> list[Masks]:
    """Sort the masks of each frame by their scores."""
    return [sorted(masks, key=lambda mask: -mask['score']) for masks in frames]


def _score(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not (
            math.isfinite(value) and 0 <= value <= 1):
        raise S2DInputError(f'{place}: expected a number from 0 to 1, found {str(value)[:40]}; '
                            'correct it')
    return float(value)


def _check_array(path: Path, key: str, array: np.ndarray, shape: tuple, kinds: str) -> None:
    if array.shape != shape or array.dtype.kind not in kinds:
        raise S2DInputError(f'{path}: {key}: expected an array of {shape}, found {array.shape} of '
                            f'{array.dtype}; make it from this video')


def _check_size(path: Path, found: tuple[int, ...], size: tuple[int, int]) -> None:
    if tuple(found) != tuple(size):
        raise S2DInputError(f'{path}: expected {size[1]}x{size[0]} as the frames, found '
                            f'{found[1]}x{found[0]}; get masks and frames of one resolution')


def source_reader(source: Path, images: Path | None, score: float, void: int | None,
                  sparse: bool) -> Callable[[str, Sequence[str], tuple[int, int]], list[Masks]]:
    """Return what reads one video's masks from a source: name, names of frames, (height, width).

    Args:
        source: COCO results, or a folder with ``VIDEO.npz`` or a folder ``VIDEO`` of PNGs each.
        images: For COCO results, see :func:`read_coco_results`.
        score: See :func:`read_png_folder`, as ``void`` and ``sparse``.
        void: As there.
        sparse: As there.

    Raises:
        S2DInputError: If the source is neither.
    """
    _score(score, '--score')
    if source.is_dir():
        def read(name: str, names: Sequence[str], size: tuple[int, int]) -> list[Masks]:
            if (source / f'{name}.npz').exists():
                return read_npz(source / f'{name}.npz', len(names), size, score)
            if not (source / name).is_dir():
                raise S2DInputError(f'{source}: expected {name}.npz or a folder {name} of PNGs, '
                                    'found neither; name them like the videos')
            return read_png_folder(source / name, names, size, score, void, sparse)
        return read
    if images is None:
        raise S2DInputError(f'{source}: expected a folder, or COCO results with --images FILE, '
                            'the COCO JSON that names their images')
    found = read_coco_results(source, images)

    def read_coco(name: str, names: Sequence[str], size: tuple[int, int]) -> list[Masks]:
        if name not in found:
            raise S2DInputError(f'{images}: no image is in a folder {name}; its file names must '
                                'be VIDEO/FRAME.jpg')
        return frames_of_coco(found[name], names, size, f'{source}, video {name}')
    return read_coco
