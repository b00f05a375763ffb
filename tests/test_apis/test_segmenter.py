import numpy as np
import pytest
import torch
from bright_model import red_squares, write_model

from s2d_plugins.apis.segmenter import VideoSegmenter, find_test_scale, load_model
from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.configs import load_config
from s2d_plugins.labels.rle import decode_mask


def test_masks_follow_the_object_in_rgb_with_padding_removed(tmp_path):
    segmenter = VideoSegmenter.from_files(*write_model(tmp_path), scale=(56, 40), score_thr=0.5)
    frames = red_squares()
    tube, = segmenter.segment(frames)
    # 40 x 56 is padded to 64 x 64; the first call looks at one frame for the sizes
    assert segmenter.model.seen == [(6, 3, 64, 64)]
    assert tube.score == pytest.approx(0.9)
    for frame, rle in zip(frames, tube.segmentations, strict=True):
        np.testing.assert_array_equal(decode_mask(rle), frame[..., 0] > 140)


def test_output_size_is_free_and_scale_is_that_of_the_test_pipeline(tmp_path):
    segmenter = VideoSegmenter.from_files(*write_model(tmp_path), window=4, overlap=2)
    assert segmenter.scale == (64, 64)
    best, everything = segmenter.segment(red_squares(), out_size=(80, 112))
    assert {shape[0] for shape in segmenter.model.seen} == {4}
    assert everything.score == pytest.approx(0.1)
    assert decode_mask(everything.segmentations[0]).all()
    mask = decode_mask(best.segmentations[0])
    assert mask.shape == (80, 112) and mask[20:44, 2:28].all() and not mask[:, 40:].any()


def test_full_size_scale_without_a_test_pipeline(tmp_path):
    (tmp_path / 'empty.py').write_text('a = 1')
    assert find_test_scale(load_config(tmp_path / 'empty.py')) == (1333, 360)


def test_the_teacher_of_a_distiller_is_taken(tmp_path):
    assert load_model(*write_model(tmp_path, 'teacher.')).weight.item() == 2


def test_weights_that_do_not_fit_are_refused(tmp_path):
    config, checkpoint = write_model(tmp_path, 'backbone.')
    with pytest.raises(S2DInputError, match='model.pth does not fit .*: 1 weights missing, 1 left '
                       'over, for example weight'):
        load_model(config, checkpoint)


def test_weights_of_another_shape_are_refused(tmp_path):
    config, checkpoint = write_model(tmp_path)
    torch.save(dict(weight=torch.ones(3)), checkpoint)
    with pytest.raises(S2DInputError, match='model.pth does not fit .*size mismatch for weight'):
        load_model(config, checkpoint)


def test_a_list_is_no_checkpoint(tmp_path):
    config, checkpoint = write_model(tmp_path)
    torch.save([torch.ones(3)], checkpoint)
    with pytest.raises(S2DInputError, match='model.pth holds no weights'):
        load_model(config, checkpoint)


@pytest.mark.parametrize(('settings', 'expected'), [
    (dict(threshold=1), 'threshold is not a setting of inference; expected scale, window'),
    (dict(window=4), 'overlap of at least 1 and below the window of 4 frames, found 0'),
    (dict(window=4, overlap=4), 'below the window of 4 frames, found 4'),
    (dict(window=1, overlap=1), 'window: expected a whole number, at least 2, found 1'),
    (dict(window=4.5, overlap=1), 'window: expected a whole number, at least 2, found 4.5'),
    (dict(overlap=-1), 'overlap: expected a whole number, at least 0, found -1'),
    (dict(top_k=0), 'top_k: expected a whole number, at least 1, found 0'),
    (dict(top_k=True), 'top_k: expected a whole number, at least 1, found True'),
    (dict(score_thr=float('nan')), 'score_thr: expected a number from 0 to 1, found nan'),
    (dict(tube_nms_iou=-0.1), 'tube_nms_iou: expected a number from 0 to 1, found -0.1'),
    (dict(link_iou=None), 'link_iou: expected a number from 0 to 1, found None'),
    (dict(scale=(0, 64)), r'scale: expected \(long side, short side\) in pixels, found'),
])
def test_wrong_settings(tmp_path, settings, expected):
    with pytest.raises(S2DInputError, match=expected):
        VideoSegmenter.from_files(*write_model(tmp_path), **settings)
