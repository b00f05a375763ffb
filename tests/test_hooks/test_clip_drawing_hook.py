"""Pictures of a training: what is on them, and that the training is the same."""

import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData
from torch import nn

from s2d_plugins.fileio.checkpoints import load_checkpoint
from s2d_plugins.hooks import ClipDrawingHook
from s2d_plugins.models import ClipDataPreprocessor

sys.path.append(str(Path(__file__).parents[1] / 'test_models'))
from tiny_training import train, training_config, write_videos  # noqa: E402

SIZE = (240, 320)


class Half(nn.Module):
    """Sees the left or right half, at a quarter of the size, and nothing with a low score."""

    def __init__(self, left):
        super().__init__()
        self.left = left
        self.drop = nn.Dropout()

    def segment_window(self, inputs):
        assert not self.training and not self.drop.training
        logits = torch.full((2, len(inputs), inputs.shape[-2] // 4, inputs.shape[-1] // 4), -1.0)
        half = SIZE[1] // 8
        logits[0, ..., :half] = 1.0 if self.left else -1.0
        logits[0, ..., half:] = -1.0 if self.left else 1.0
        logits[1] = 1.0
        return torch.tensor([0.9, 0.2]), logits, None


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.data_preprocessor = ClipDataPreprocessor(
            mean=[0, 0, 0], std=[255, 255, 255], bgr_to_rgb=True, pad_mask=True,
            pad_size_divisor=32)
        self.student, self.teacher = Half(True), Half(False)


def clip():
    """Two blue frames (BGR, as mmdet loads them) with a label in the upper half of the first."""
    images = torch.zeros(2, 3, *SIZE, dtype=torch.uint8)
    images[:, 0] = 200
    sample = TrackDataSample()
    frames = []
    for index in range(2):
        masks = np.zeros((1, 256, 320), np.uint8)  # padded by a step before
        masks[0, :120] = index == 0
        frame = DetDataSample(metainfo=dict(img_shape=SIZE, ori_shape=SIZE))
        frame.gt_instances = InstanceData(masks=BitmapMasks(masks, 256, 320),
                                          instances_ids=torch.tensor([3]))
        frames.append(frame)
    sample.video_data_samples = frames
    return images, sample


def cell(picture, row, column):
    """One drawn frame: 320 x 240, below a title of 30 and a caption of 26."""
    top, left = 30 + row * (240 + 26), 6 + column * (320 + 6)
    return picture[top:top + 240, left:left + 320].astype(int)


def is_drawn(part):
    return np.abs(np.median(part, axis=(0, 1)) - (0, 0, 200)).max() > 30


def test_labels_student_and_teacher_side_by_side():
    model = Pair().train()
    model.teacher.eval()
    picture = ClipDrawingHook().draw(model, *clip())
    assert picture.shape == (30 + 2 * 266, 6 + 3 * 326, 3)
    assert is_drawn(cell(picture, 0, 0)[:120]) and not is_drawn(cell(picture, 0, 0)[125:])
    assert not is_drawn(cell(picture, 1, 0))
    for row in (0, 1):
        student, teacher = cell(picture, row, 1), cell(picture, row, 2)
        assert is_drawn(student[:, :150]) and not is_drawn(student[:, 170:])
        assert is_drawn(teacher[:, 170:]) and not is_drawn(teacher[:, :150])
    assert model.student.drop.training and not model.teacher.drop.training


def test_a_model_without_teacher_and_low_scores():
    model = Half(True)
    model.data_preprocessor = Pair().data_preprocessor
    picture = ClipDrawingHook(score_thr=0.95).draw(model, *clip())
    assert picture.shape[1] == 6 + 2 * 326 and not is_drawn(cell(picture, 0, 1))
    everything = ClipDrawingHook(score_thr=0.1).draw(model, *clip())
    assert is_drawn(cell(everything, 0, 1)[:, 170:])
    one = ClipDrawingHook(score_thr=0.1, max_instances=1).draw(model, *clip())
    assert not is_drawn(cell(one, 0, 1)[:, 170:])


@pytest.mark.parametrize('rank', [0, 1])
def test_at_intervals_in_the_first_process(rank):
    drawn = []
    runner = SimpleNamespace(rank=rank, iter=0, model=Pair(), visualizer=SimpleNamespace(
        add_image=lambda name, image, step: drawn.append((name, step))))
    images, sample = clip()
    hook = ClipDrawingHook(interval=2, name='seen')
    for runner.iter in range(5):
        hook.after_train_iter(runner, runner.iter, dict(inputs=[images], data_samples=[sample]))
    assert drawn == [] if rank else drawn == [('seen', 2), ('seen', 4)]


def test_the_training_is_the_same(tmp_path):
    write_videos(tmp_path)
    train(training_config(tmp_path, 'plain', 4))
    train(training_config(tmp_path, 'drawn', 4, **{
        'visualizer.name': 'drawn',  # else it is that of the first training
        'default_hooks.clips': dict(type='ClipDrawingHook', interval=2, score_thr=0.0)}))
    plain, drawn = (load_checkpoint(tmp_path / name / 'iter_4.pth')['state_dict']
                    for name in ('plain', 'drawn'))
    assert plain.keys() == drawn.keys()
    assert all(torch.equal(plain[name], drawn[name]) for name in plain)
    pictures = sorted((tmp_path / 'drawn').rglob('train_clip_*.png'))
    assert [path.stem for path in pictures] == ['train_clip_2', 'train_clip_4']
    assert cv2.imread(str(pictures[0])).any()
