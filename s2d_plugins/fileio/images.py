"""Image files opened in one way: known formats alone, turned as EXIF says, of a bearable size."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ..errors import S2DInputError
from .plain_files import open_file

#: Pillow's other formats are never tried: some start programs, as EPS does Ghostscript.
FRAME_FORMATS = ('JPEG', 'PNG', 'BMP', 'WEBP')
MASK_FORMATS = ('PNG',)
#: Largest image, frame or mask in pixels, 16384 x 8192; decoded and turned it takes about 1 GB.
MAX_PIXELS = 2**27
_ORIENTATION = 0x0112


@contextlib.contextmanager
def open_image(path: str | Path, formats: tuple[str, ...] = FRAME_FORMATS,
               what: str = 'frame') -> Iterator[Image.Image]:
    """Open an image; its pixels are decoded when they are asked for.

    Args:
        path: The file.
        formats: Pillow's names of the formats that are taken, whatever the suffix.
        what: What it is to the user, for messages.

    Raises:
        S2DInputError: If it is no plain file, is of no such format, is cut off or damaged, also
            where that shows in the body, or has more than :data:`MAX_PIXELS`.
    """
    with open_file(path, what) as file:
        try:
            with Image.open(file, formats=formats) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise ValueError(f'it is {image.width}x{image.height}, expected at most '
                                     f'{MAX_PIXELS} pixels')
                yield image
        except S2DInputError:
            raise
        except Exception as error:  # at damaged bytes Pillow raises nearly anything
            raise S2DInputError(f'cannot read {what} {path}: {_reason(file, error, formats)}; '
                                'replace or remove it') from error


def _reason(file, error: Exception, formats: tuple[str, ...]) -> str:
    if file.seek(0, 2) == 0:
        return 'it is empty (0 bytes)'
    if isinstance(error, Image.UnidentifiedImageError):
        return f'it is not {" or ".join(formats)}, or is cut off'
    return str(error) or type(error).__name__


def image_size(path: str | Path) -> tuple[int, int]:
    """Return an image's (height, width), turned as EXIF says, without decoding it.

    Raises:
        S2DInputError: See :func:`open_image`.
    """
    with open_image(path) as image:
        turned = image.getexif().get(_ORIENTATION, 1) in range(5, 9)
        return image.size if turned else image.size[::-1]


def read_image(path: str | Path) -> np.ndarray:
    """Decode an image, turned as EXIF says, to (H, W, 3) uint8 RGB.

    Raises:
        S2DInputError: See :func:`open_image`.
    """
    with open_image(path) as image:
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith('I'):  # 16 bits of grey
            grey = np.clip(np.asarray(image), 0, 65535) // 257
            return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
        return np.array(image.convert('RGB'))
