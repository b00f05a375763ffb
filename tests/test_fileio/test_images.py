"""One way to open images: known formats, bearable sizes, turned as EXIF says."""

import struct
import subprocess
import zlib

import numpy as np
import pytest
from PIL import Image

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio import images
from s2d_plugins.fileio.images import MASK_FORMATS, image_size, open_image, read_image

EPS = (b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n'
       b'(owned) print\nshowpage\n%%EOF\n')


def png_that_claims(width, height):
    """A PNG of a few bytes that announces any size."""
    def chunk(kind, data):
        return (struct.pack('>I', len(data)) + kind + data
                + struct.pack('>I', zlib.crc32(kind + data)))
    header = struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0)
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', zlib.compress(b'\0'))
            + chunk(b'IEND', b''))


def refused(path, match):
    for read in (read_image, image_size):
        with pytest.raises(S2DInputError, match=match):
            read(path)


def test_postscript_in_a_jpg_starts_nothing(tmp_path, monkeypatch):
    (tmp_path / '0.jpg').write_bytes(EPS)

    def started(*args, **kwargs):
        raise AssertionError('a program was started')

    for name in ('Popen', 'check_call', 'run', 'check_output'):
        monkeypatch.setattr(subprocess, name, started)
    refused(tmp_path / '0.jpg', r'cannot read frame .*0\.jpg: it is not JPEG or PNG or BMP or WEBP')


@pytest.mark.parametrize('kind', ['GIF', 'TIFF', 'PPM', 'ICO', 'PDF'])
def test_other_formats_are_not_tried(tmp_path, kind):
    Image.new('RGB', (16, 16)).save(tmp_path / '0.png', kind)
    refused(tmp_path / '0.png', 'it is not JPEG or PNG or BMP or WEBP')


def test_masks_are_png_alone(tmp_path):
    Image.new('L', (16, 16)).save(tmp_path / '0.png', 'JPEG')
    with (pytest.raises(S2DInputError, match='cannot read mask .*: it is not PNG, or is cut off'),
          open_image(tmp_path / '0.png', MASK_FORMATS, 'mask')):
        pass


@pytest.mark.parametrize('size', [(60000, 60000), (11586, 11586), (2**31 - 1, 1)])
def test_a_size_that_no_memory_holds(tmp_path, monkeypatch, size):
    (tmp_path / '0.png').write_bytes(png_that_claims(*size))
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', None)  # as some libraries set it
    refused(tmp_path / '0.png', f'it is {size[0]}x{size[1]}, expected at most 134217728 pixels')
    monkeypatch.undo()
    refused(tmp_path / '0.png', r'cannot read frame .*0\.png: ')
    assert Image.MAX_IMAGE_PIXELS is not None


@pytest.mark.parametrize('orientation', range(11))
def test_size_and_pixels_agree_on_orientation(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    for suffix in ('jpg', 'png', 'webp'):
        path = tmp_path / f'0.{suffix}'
        Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(path, exif=exif)
        assert image_size(path) == read_image(path).shape[:2] == (
            (6, 4) if orientation in (5, 6, 7, 8) else (4, 6))


def test_damage_of_any_kind_is_one_line(tmp_path, monkeypatch):
    path = tmp_path / '0.png'
    Image.new('RGB', (16, 16)).save(path)
    for error in (SyntaxError('x'), struct.error('x'), zlib.error('x'), KeyError('x'),
                  MemoryError('x'), OverflowError('x'), AttributeError('x')):
        def fail(image, error=error):
            raise error
        monkeypatch.setattr(images.ImageOps, 'exif_transpose', fail)
        with pytest.raises(S2DInputError, match=r"cannot read frame .*0\.png: '?x'?; replace or"):
            read_image(path)


def test_mpo_of_a_phone_is_a_jpeg(tmp_path):
    first, second = (Image.new('RGB', (8, 4), color) for color in ('red', 'blue'))
    first.save(tmp_path / '0.jpg', 'MPO', save_all=True, append_images=[second])
    assert image_size(tmp_path / '0.jpg') == (4, 8)
    assert read_image(tmp_path / '0.jpg')[0, 0, 0] > 200
