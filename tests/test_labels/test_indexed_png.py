"""Indexed PNGs and the overlap rule."""

import cv2
import numpy as np
import pytest
from PIL import Image

from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.indexed_png import (
    clear_void,
    davis_palette,
    paint_frame,
    rank_tracks,
    read_davis_png,
    read_indexed_png,
    write_indexed_png,
    write_tracks,
)
from s2d_plugins.labels.rle import encode_mask

IDS = np.arange(12, dtype=np.uint8).reshape(3, 4)


def row(*columns):
    mask = np.zeros((1, 4), bool)
    mask[0, list(columns)] = True
    return encode_mask(mask)


def test_round_trip_with_the_palette_of_davis(tmp_path):
    write_indexed_png(tmp_path / 'cat/0.png', IDS)
    assert (read_indexed_png(tmp_path / 'cat/0.png') == IDS).all()
    with Image.open(tmp_path / 'cat/0.png') as image:
        assert image.mode == 'P'
        assert np.reshape(image.getpalette()[:12], (4, 3)).tolist() == [
            [0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0]]
    assert davis_palette()[255].tolist() == [224, 224, 192]
    assert [path.name for path in (tmp_path / 'cat').iterdir()] == ['0.png']


@pytest.mark.parametrize(('mode', 'values'), [
    ('L', IDS), ('RGB', np.stack([IDS] * 3, axis=2)),
    ('RGBA', np.stack([IDS] * 3 + [np.full_like(IDS, 255)], axis=2))])
def test_grey_images_hold_ids(tmp_path, mode, values):
    Image.fromarray(values, mode).save(tmp_path / '0.png')
    assert (read_indexed_png(tmp_path / '0.png') == IDS).all()


def test_one_bit_images_are_zero_and_one(tmp_path):
    Image.fromarray(np.eye(3, dtype=bool)).save(tmp_path / '0.png')
    assert (read_indexed_png(tmp_path / '0.png') == np.eye(3)).all()


def test_what_holds_no_ids(tmp_path):
    Image.fromarray(np.stack([IDS, IDS, IDS + 1], axis=2)).save(tmp_path / 'colour.png')
    with pytest.raises(S2DInputError, match=r'colour\.png: .*found a colour image; save it with'):
        read_indexed_png(tmp_path / 'colour.png')
    (tmp_path / 'broken.png').write_bytes(b'PNG')
    for name in ('broken.png', 'missing.png'):
        with pytest.raises(S2DInputError, match=f'cannot read mask .*{name}'):
            read_indexed_png(tmp_path / name)


def test_ids_of_16_bits_are_exact(tmp_path):
    deep = np.array([[0, 1, 254, 255], [256, 300, 65534, 65535]], np.uint16)
    Image.fromarray(deep).save(tmp_path / '0.png')
    found = read_indexed_png(tmp_path / '0.png')
    assert found.dtype == np.uint16 and (found == deep).all()
    assert (clear_void(found) == deep).all()  # 255 is an object here
    with pytest.raises(S2DInputError, match=r'0\.png: object id 65535 .* 16 bits, .* at most 254'):
        read_davis_png(tmp_path / '0.png')
    Image.fromarray(deep[:1, :3]).save(tmp_path / '1.png')
    small = read_davis_png(tmp_path / '1.png')
    assert small.dtype == np.uint8 and small.tolist() == [[0, 1, 254]]


def test_void_of_8_bits(tmp_path):
    write_indexed_png(tmp_path / '0.png', np.array([[0, 7, 255]]))
    found = read_davis_png(tmp_path / '0.png')
    assert found.tolist() == [[0, 7, 255]] and clear_void(found).tolist() == [[0, 7, 0]]
    assert clear_void(found).dtype == np.uint8


@pytest.mark.parametrize('channels', [3, 4])
def test_colours_of_16_bits_are_refused(tmp_path, channels):
    """Pillow would give the upper eight bits: 300 would become 1."""
    assert cv2.imwrite(str(tmp_path / '0.png'), np.full((3, 4, channels), 300, np.uint16))
    with pytest.raises(S2DInputError, match=r'0\.png: .* a colour image of 16 bits; save it'):
        read_indexed_png(tmp_path / '0.png')


def test_only_png_is_read(tmp_path):
    Image.fromarray(IDS).save(tmp_path / '0.png', 'BMP')
    with pytest.raises(S2DInputError, match=r'cannot read mask .*0\.png: it is not PNG'):
        read_indexed_png(tmp_path / '0.png')


@pytest.mark.parametrize('ids', [[[256]], [[-1]]])
def test_ids_that_an_indexed_png_cannot_hold(tmp_path, ids):
    with pytest.raises(S2DInputError, match='expected 0 to 255'):
        write_indexed_png(tmp_path / '0.png', np.array(ids))
    assert list(tmp_path.iterdir()) == []


def test_write_failure_is_one_line(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(S2DInputError, match='cannot write .*choose another output folder'):
        write_indexed_png(tmp_path / 'file/0.png', IDS)


def test_an_overlap_belongs_to_the_higher_score(tmp_path):
    tracks = [dict(score=0.3, segmentations=[row(0, 1, 2)]),
              dict(score=0.9, segmentations=[row(2, 3)]),
              dict(score=0.3, segmentations=[row(0)])]
    ranked = rank_tracks(tracks)
    assert [track['score'] for track in ranked] == [0.9, 0.3, 0.3]
    # ids are ranks; of equal scores the earlier track wins
    assert paint_frame(ranked, 0, (1, 4)).tolist() == [[2, 2, 1, 1]]
    write_tracks(tmp_path, tracks, ['00007'], (1, 4), limit=1)
    assert read_indexed_png(tmp_path / '00007.png').tolist() == [[0, 0, 1, 1]]


def test_missing_frames_are_background():
    assert paint_frame([dict(score=1, segmentations=[None])], 0, (1, 4)).tolist() == [[0] * 4]
