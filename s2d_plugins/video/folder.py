"""Folders of frames as videos."""

import re
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ..errors import S2DInputError
from .base import Video
from .file import DEFAULT_FPS

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp')


def natural_key(path: Path) -> tuple:
    """Sort key that puts ``frame2`` before ``frame10``."""
    parts = re.split(r'(\d+)', path.name.lower())
    return [int(part) if part.isdecimal() else part for part in parts], path.name


def list_images(folder: Path) -> list[Path]:
    """List a folder's visible image files in natural order."""
    return sorted((path for path in folder.iterdir()
                   if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith('.')
                   and path.is_file()), key=natural_key)


class FolderVideo(Video):
    """A folder of frames in natural order of their names; other files are ignored.

    ``fps`` is 24, since a folder does not say.

    Raises:
        S2DInputError: If there is no image, if sizes differ, or if a frame occurs twice.
    """

    def __init__(self, path: str | Path, name: str | None = None):
        path = Path(path)
        if not path.is_dir():
            raise S2DInputError(f'folder {path} does not exist; check the path')
        self.files = list_images(path)
        if not self.files:
            raise S2DInputError(f'expected a folder of frames ({", ".join(IMAGE_SUFFIXES)}), '
                                f'found no image in {path}')
        _check_names(self.files)
        size = _image_size(self.files[0])
        for file in self.files[1:]:
            found = _image_size(file)
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


def read_image(path: Path) -> np.ndarray:
    """Decode an image, turned as its EXIF orientation says, to (H, W, 3) uint8 RGB.

    Raises:
        S2DInputError: If it is missing, cut off or not an image.
    """
    try:
        with _open_image(path) as image:
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith('I'):  # 16 bits of grey
                grey = np.clip(np.asarray(image), 0, 65535) // 257
                return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
            return np.array(image.convert('RGB'))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _broken(path, error) from error


def _image_size(path: Path) -> tuple[int, int]:
    try:
        with _open_image(path) as image:
            turned = image.getexif().get(0x0112, 1) >= 5
            return image.size if turned else image.size[::-1]
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _broken(path, error) from error


def _open_image(path: Path) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', Image.DecompressionBombWarning)
        return Image.open(path)


def _broken(path: Path, error: Exception) -> S2DInputError:
    if path.exists() and path.stat().st_size == 0:
        reason = 'it is empty (0 bytes)'
    else:
        reason = str(error).replace('\n', ' ')
    return S2DInputError(f'frame {path} does not decode: {reason}; replace or remove it')


def _check_names(files: list[Path]) -> None:
    seen = {}
    for file in files:
        other = seen.setdefault(file.stem, file)
        if other is not file:
            raise S2DInputError(f'{file.parent} holds one frame twice: {other.name} and '
                                f'{file.name}; keep one kind of file')


def _size_error(file: Path, found: tuple, first: Path, size: tuple) -> S2DInputError:
    return S2DInputError(f'expected frames of one size, but {file} is {found[1]}x{found[0]} and '
                         f'{first.name} is {size[1]}x{size[0]}; resize or remove it')
