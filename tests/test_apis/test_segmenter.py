import numpy as np
import pytest
import torch
from bright_model import red_squares, write_model

from s2d_plugins.apis.segmenter import VideoSegmenter, find_test_resize, load_model
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


def test_full_size_resizing_without_a_test_pipeline(tmp_path):
    (tmp_path / 'empty.py').write_text('a = 1')
    assert find_test_resize(load_config(tmp_path / 'empty.py')) == dict(
        scale=(1333, 360), resize_backend='pillow')


def resized_noise(segmenter) -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    return segmenter._prepare(noise).astype(float)


def test_frames_are_resized_as_in_the_test_pipeline(tmp_path):
    """Pillow takes the mean of 2 x 2 pixels and more, so of noise less is left."""
    model = write_model(tmp_path)
    config = model[0].read_text()
    found = {}
    for backend in ('cv2', 'pillow'):
        model[0].write_text(config.replace('keep_ratio=True', f"backend='{backend}'"))
        segmenter = VideoSegmenter.from_files(*model, scale=(50, 50))
        assert segmenter.resize_backend == backend
        found[backend] = resized_noise(segmenter)
    assert found['pillow'].std() < 0.7 * found['cv2'].std()
    model[0].write_text(config)  # mmcv's default
    assert VideoSegmenter.from_files(*model).resize_backend == 'cv2'
    chosen = VideoSegmenter.from_files(*model, resize_backend='pillow', scale=(50, 50))
    np.testing.assert_array_equal(resized_noise(chosen), found['pillow'])


@pytest.mark.parametrize('steps', ['', "dict(type='Resize', scale=(64, 32)), "
                                   "dict(type='Resize', scale=(32, 16))"])
def test_an_unclear_test_pipeline_needs_a_scale(tmp_path, steps):
    path = tmp_path / 'unclear.py'
    path.write_text(f"test_pipeline = [dict(type='LoadImageFromFile'), {steps}]")
    with pytest.raises(S2DInputError, match='expected one Resize with a scale in test_pipeline'):
        find_test_resize(load_config(path))
    assert find_test_resize(load_config(path), ['scale']) == {}


@pytest.mark.parametrize('kind', ["'mmdet.Resize'", "'mmcv.transforms.Resize'", 'Resize'])
def test_the_test_pipeline_counts_however_its_types_are_written(tmp_path, kind):
    path = tmp_path / 'typed.py'
    path.write_text('from mmcv.transforms import Resize, TransformBroadcaster\n'
                    'test_pipeline = [dict(type=TransformBroadcaster, transforms=['
                    f"dict(type={kind}, scale=(64, 48), backend='pillow')])]\n")
    assert find_test_resize(load_config(path)) == dict(scale=(64, 48), resize_backend='pillow')


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
    (dict(threshold=1), 'threshold is not a setting of inference; expected scale, resize'),
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
    (dict(resize_backend='PIL'), "resize_backend: expected pillow or cv2, found 'PIL'"),
    (dict(scale=(0, 64)), r'scale: expected \(long side, short side\) in pixels, found'),
])
def test_wrong_settings(tmp_path, settings, expected):
    with pytest.raises(S2DInputError, match=expected):
        VideoSegmenter.from_files(*write_model(tmp_path), **settings)
