"""Videos as a folder of frames beside a folder of mask images: DAVIS, MOSE, YouTube-VOS."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..errors import S2DInputError
from ..fileio.folders import by_stem, list_masks
from ..fileio.images import image_size
from ..labels.indexed_png import clear_void, read_indexed_png
from .frame_files import list_frames
from .masks import Tracks, split_ids
from .source import Instance, SourceVideo


def read_mask_folder(name: str, frames: Path, masks: Path, image_root: Path, sparse: bool,
                     read_ids: Callable[[Path], np.ndarray] = read_indexed_png,
                     ) -> SourceVideo:
    """Read one video whose masks are images of ids with the names of its frames.

    Args:
        name: Name of the video.
        frames: Folder of its frames.
        masks: Folder of its mask images.
        image_root: Folder that file names are relative to.
        sparse: A frame may lack its mask image; nothing is known there.
        read_ids: Reads a mask image to (H, W) ids; 0 is no object, nor is void.

    Raises:
        S2DInputError: If a frame has no mask, a mask no frame, or their sizes differ.
    """
    files = list_frames(frames, name)
    size = image_size(files[0])
    mask_files = by_stem(list_masks(masks))
    _check_pairs(name, files, mask_files, masks, sparse)
    tracks = Tracks(len(files))
    for frame, file in enumerate(files):
        if file.stem not in mask_files:
            continue
        ids = read_ids(mask_files[file.stem])
        if ids.shape != size:
            raise S2DInputError(
                f'video {name}, frame {frame}: {mask_files[file.stem]} is '
                f'{ids.shape[0]}x{ids.shape[1]} (height x width), the frames are '
                f'{size[0]}x{size[1]}; get masks and frames of one resolution')
        tracks.add(frame, split_ids(clear_void(ids)))
    return SourceVideo(name, size, [file.relative_to(image_root).as_posix() for file in files],
                       [Instance(masks) for _, masks in tracks.items()])


def _check_pairs(name: str, files: list[Path], masks: dict[str, Path], folder: Path,
                 sparse: bool) -> None:
    stems = list(by_stem(files))
    strangers = [path for stem, path in masks.items() if stem not in stems]
    if strangers:
        raise S2DInputError(f'video {name}: mask {strangers[0]} has no frame of this name; '
                            'get the frames of the dataset')
    if not masks:
        raise S2DInputError(f'video {name}: expected mask images (*.png) in {folder}, found none')
    missing = [frame for frame, stem in enumerate(stems) if stem not in masks]
    if missing and not sparse:
        raise S2DInputError(
            f'video {name}, frame {missing[0]}: {folder / stems[missing[0]]}.png is missing; get '
            'it, or say --sparse if only some frames are annotated')
