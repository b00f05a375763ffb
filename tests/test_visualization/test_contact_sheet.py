import cv2
import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.visualization import (
    SheetRow,
    contact_sheet,
    instance_color,
    sample_frames,
    score_color,
    write_image,
)


def row(size=(160, 400), score=0.8):
    mask = np.zeros(size, bool)
    mask[10:150, 20:380] = True
    rle = encode_mask(mask)
    return SheetRow('clip, frame 3', np.zeros((*size, 3), np.uint8),
                    [dict(segmentation=rle, score=score)], [(2, rle)])


def test_sample_frames():
    assert sample_frames(10, 2) == [2, 7]
    assert sample_frames(2, 6) == [0, 1]


def test_columns_show_frame_proposals_and_keymasks():
    sheet = contact_sheet([row(), row()])
    assert sheet.shape == (30 + 2 * (160 + 26), 3 * 406 + 6, 3)
    y = 30 + 20
    assert not sheet[y, 6 + 40].any()
    np.testing.assert_allclose(sheet[y, 412 + 40], np.array(score_color(0.8)) / 2, atol=1)
    np.testing.assert_allclose(sheet[y, 818 + 40], np.array(instance_color(2)) / 2, atol=1)


def test_width_is_bounded():
    assert contact_sheet([row((720, 1280))]).shape[1] <= 1600
    assert contact_sheet([row()], max_width=800).shape[1] <= 800
    assert contact_sheet([row((144, 176))]).shape[1] == 3 * 346 + 6  # small ones are enlarged


def test_rows_of_different_sizes_share_one_width():
    assert contact_sheet([row((400, 400)), row((120, 400))]).shape[1] == 3 * 406 + 6


def test_write_image_round_trip_and_error(tmp_path):
    image = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    write_image(tmp_path / 'new' / 'a.png', image)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / 'new' / 'a.png'))[..., ::-1], image)
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['a.png']
    (tmp_path / 'file').write_text('')
    with pytest.raises(S2DInputError, match='cannot write .*a.png'):
        write_image(tmp_path / 'file' / 'a.png', image)
