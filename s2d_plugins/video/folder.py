"""Folders of frames as videos."""

import os
from pathlib import Path

import numpy as np

from ..errors import S2DInputError
from ..fileio.folders import IMAGE_SUFFIXES, by_stem, list_images
from ..fileio.images import image_size, read_image
from .base import Video
from .file import DEFAULT_FPS


class FolderVideo(Video):
    """A folder of frames in natural order of their names; other files are ignored.

    ``fps`` is 24, since a folder does not say.

    Raises:
        S2DInputError: If there is no image, if one cannot be read, if sizes differ, or if a
            frame occurs twice.
    """

    def __init__(self, path: str | Path, name: str | None = None):
        path = Path(path)
        if not os.path.isdir(path):
            raise S2DInputError(f'folder {path} does not exist; check the path')
        self.files = list_images(path)
        if not self.files:
            raise S2DInputError(f'expected a folder of frames ({", ".join(IMAGE_SUFFIXES)}), '
                                f'found no image in {path}')
        by_stem(self.files)
        size = image_size(self.files[0])
        for file in self.files[1:]:
            found = image_size(file)
            if found != size:
                raise _size_error(file, found, self.files[0], size)
        super().__init__(path, name, size, DEFAULT_FPS)

    def __len__(self) -> int:
        return len(self.files)

    def _read(self, index: int) -> np.ndarray:
        frame = read_image(self.files[index])
        if frame.shape[:2] != self.size:
            raise _size_error(self.files[index], frame.shape[:2], self.files[0], self.size)
        return frame


def _size_error(file: Path, found: tuple, first: Path, size: tuple) -> S2DInputError:
    return S2DInputError(f'expected frames of one size, but {file} is {found[1]}x{found[0]} and '
                         f'{first.name} is {size[1]}x{size[0]}; resize or remove it')
