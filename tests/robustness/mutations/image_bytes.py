"""Images that decoders stumble over: wrong headers, other formats, bombs."""

import functools
import io
import random
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from .base import Case, mutator, write_bytes

_EPS = b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 48\n%%EndComments\n(x) print\n%%EOF\n'
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48"><rect width="9"/></svg>'


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def _encode(image: Image.Image, form: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


@functools.cache
def png_bomb(side: int) -> bytes:
    """A whole grey PNG of side x side pixels in few bytes."""
    packer, parts = zlib.compressobj(9), []
    row = bytes(side + 1)
    for _ in range(side):
        parts.append(packer.compress(row))
    parts.append(packer.flush())
    return (b'\x89PNG\r\n\x1a\n'
            + _chunk(b'IHDR', struct.pack('>IIBBBBB', side, side, 8, 0, 0, 0, 0))
            + _chunk(b'IDAT', b''.join(parts)) + _chunk(b'IEND', b''))


@mutator('image')
def header_claims_another_size(case: Case, path: Path, rng: random.Random) -> str | None:
    data = bytearray(path.read_bytes())
    width, height = rng.choice([(60000, 60000), (20000, 20000), (0, 0), (1, 60000), (64, 4000),
                                (2, 2)])
    if data[:4] == b'\x89PNG':
        width, height = rng.choice([(width, height), (2**31 - 1, 2**31 - 1)])
        data[16:24] = struct.pack('>II', width, height)
        data[29:33] = struct.pack('>I', zlib.crc32(bytes(data[12:29])))
    elif (start := max(data.find(b'\xff\xc0'), data.find(b'\xff\xc2'))) >= 0:
        data[start + 5:start + 9] = struct.pack('>HH', height, width)
    else:
        return None
    path.write_bytes(data)
    return f'{width}x{height}'


@mutator('image')
def decompression_bomb(case: Case, path: Path, rng: random.Random) -> str | None:
    side = rng.choice([8000, 12000, 20000])
    path.write_bytes(png_bomb(side))
    return f'PNG of {side}x{side}'


@mutator('image')
def another_size(case: Case, path: Path, rng: random.Random) -> str | None:
    width, height = _size(path)
    size = rng.choice([(height, width), (1, 1), (width + 1, height), (2 * width, 2 * height),
                       (width, 1)])
    with Image.open(path) as image:
        data = _encode(image.convert('RGB').resize(size), 'PNG')
    path.write_bytes(data)
    return f'{size[0]}x{size[1]}'


@mutator('image')
def another_mode(case: Case, path: Path, rng: random.Random) -> str | None:
    mode, form = rng.choice([('L', 'PNG'), ('LA', 'PNG'), ('RGBA', 'PNG'), ('1', 'PNG'),
                             ('P', 'PNG'), ('CMYK', 'JPEG'), ('L', 'JPEG'), ('I;16', 'PNG'),
                             ('F', 'TIFF'), ('RGB', 'PNG'), ('HSV', 'TIFF')])
    width, height = _size(path)
    if mode in ('I;16', 'F', 'HSV'):
        ramp = np.arange(width * height, dtype=np.float32).reshape(height, width) % 65536
        image = Image.fromarray(ramp.astype(np.uint16) if mode == 'I;16' else ramp)
    else:
        with Image.open(path) as original:
            image = original.convert('RGB').convert(mode)
    path.write_bytes(_encode(image, form))
    return f'{form} {mode}'


@mutator('image')
def values_beyond_reason(case: Case, path: Path, rng: random.Random) -> str | None:
    """Every pixel another id."""
    width, height = _size(path)
    ramp = np.arange(width * height, dtype=np.uint32).reshape(height, width)
    return write_bytes(path, _encode(Image.fromarray((ramp % 256).astype(np.uint8)), 'PNG'))


@mutator('image')
def another_format_inside(case: Case, path: Path, rng: random.Random) -> str | None:
    frame = Image.new('RGB', _size(path), (90, 60, 30))
    forms = ['BMP', 'GIF', 'TIFF', 'WEBP', 'PPM', 'ICO', 'PDF', 'EPS', 'SVG', 'PCX', 'TGA']
    form = rng.choice(forms)
    data = {'EPS': _EPS, 'SVG': _SVG}.get(form) or _encode(
        frame, form, **(dict(save_all=True, append_images=[frame]) if form == 'GIF' else {}))
    path.write_bytes(data)
    return form


@mutator('image')
def odd_metadata(case: Case, path: Path, rng: random.Random) -> str | None:
    frame = Image.new('RGB', _size(path), (90, 60, 30))
    if rng.random() < 0.5:
        exif = Image.Exif()
        exif[0x0112] = value = rng.choice([0, 3, 6, 8, 99])
        path.write_bytes(_encode(frame, 'JPEG', exif=exif))
        return f'EXIF orientation {value}'
    data = _encode(frame, 'PNG')
    text = _chunk(b'zTXt', b'c\0\0' + zlib.compress(bytes(80_000_000), 9))
    path.write_bytes(data[:33] + text + data[33:])
    return 'PNG with 80 MB of compressed text'


@mutator('image')
def broken_palette(case: Case, path: Path, rng: random.Random) -> str | None:
    data = _encode(Image.new('P', _size(path), 5), 'PNG')
    start = data.find(b'PLTE')
    if start < 0:
        return None
    length = struct.unpack('>I', data[start - 4:start])[0]
    path.write_bytes(data[:start - 4] + data[start + 8 + length:])
    return 'no PLTE chunk'
