import numpy as np
import pytest
import torch
from small_model import build_small, make_batch, make_clip

from s2d_plugins.labels.rle import decode_mask


@pytest.fixture
def model():
    """A segmenter whose two queries see a box in all frames, and one that vanishes."""
    model = build_small('final/final_small.py').eval()
    logits = torch.full((2, 4, 16, 16), -9.0)
    logits[0, :, 4:8, 2:10] = 9.0
    logits[1, :2, 10:14, 10:14] = 9.0
    model.segment_window = lambda inputs: (torch.tensor([0.9, 0.6]), logits, None)
    return model


def predict(model):
    data = model.data_preprocessor(make_batch(make_clip([{}] * 4)), False)
    return [frame.pred_track_instances for frame in model.predict(**data)[0]]


def test_predictions_hold_masks_rles_and_boxes_of_the_same_tubes(model):
    frames = predict(model)
    assert len(frames) == 4
    for index, frame in enumerate(frames):
        assert frame.instances_id.tolist() == [0, 1]
        assert frame.scores.tolist() == pytest.approx([0.9, 0.6])
        # a cell is 4 pixels; rows 16 to 32, columns 8 to 40
        np.testing.assert_allclose(frame.bboxes[0], [8, 16, 40, 32], atol=1)
        assert np.array_equal(decode_mask(frame.segmentations[0]), frame.masks[0].numpy())
        assert (frame.segmentations[1] is None) == (index >= 2)
        assert bool(frame.masks[1].any()) == (index < 2)
        assert frame.bboxes[1].any() == (index < 2)


def test_dense_masks_can_be_left_out(model):
    model.dense_masks = False
    frames = predict(model)
    assert 'masks' not in frames[0] and len(frames[0].segmentations) == len(frames[0]) == 2


def test_a_video_without_instances(model):
    model.test_cfg = dict(score_thr=0.95)
    frames = predict(model)
    assert frames[0].masks.shape == (0, 64, 64) and frames[0].bboxes.shape == (0, 4)
