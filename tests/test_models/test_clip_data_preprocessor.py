import pytest
import torch
from mmdet.models import TrackDataPreprocessor
from small_model import make_batch, make_clip

from s2d_plugins.models import ClipDataPreprocessor

SETTINGS = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], pad_mask=True,
                pad_size_divisor=48)


def batch():
    made = make_batch(make_clip([{1: (0, 0, 8, 8)}, {}]), make_clip([{}, {2: (0, 0, 8, 8)}]))
    made['inputs'][1] = made['inputs'][1][:, :, :40]  # clips may differ in size
    return made


@pytest.mark.parametrize('bgr_to_rgb', [True, False])
@pytest.mark.parametrize('training', [True, False])
def test_it_gives_what_mmdets_gives(bgr_to_rgb, training):
    ours, theirs = (kind(bgr_to_rgb=bgr_to_rgb, **SETTINGS)(batch(), training)
                    for kind in (ClipDataPreprocessor, TrackDataPreprocessor))
    assert torch.equal(ours['inputs'], theirs['inputs'])
    for clip, other in zip(ours['data_samples'], theirs['data_samples'], strict=True):
        for t in range(2):
            assert clip[t].metainfo == other[t].metainfo
            assert (clip[t].gt_instances.masks.masks.shape
                    == other[t].gt_instances.masks.masks.shape)


def test_frames_without_samples():
    inputs = [torch.zeros(4, 3, 16, 16, dtype=torch.uint8)]
    out = ClipDataPreprocessor(pad_size_divisor=32)(dict(inputs=inputs, data_samples=None))
    assert out['inputs'].shape == (1, 4, 3, 32, 32) and out['data_samples'] is None
