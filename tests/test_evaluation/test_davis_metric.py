"""J and F of predicted tracks through mmengine's evaluator."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.indexed_png import read_indexed_png, write_indexed_png
from s2d_plugins.registry import METRICS

SIZE = (10, 20)


def columns(start, stop):
    mask = np.zeros(SIZE, bool)
    mask[:, start:stop] = True
    return mask


def sample(masks, scores, sequence='cat', **meta):
    images = []
    for frame in range(2):
        image = DetDataSample(metainfo={
            'video_id': 1, 'frame_id': frame, 'ori_shape': SIZE, 'ori_video_length': 2,
            'img_path': f'data/{sequence}/{frame:05d}.jpg', **meta})
        image.pred_track_instances = InstanceData(
            masks=torch.as_tensor(np.array(masks).reshape(-1, *SIZE)),
            scores=torch.as_tensor(scores), instances_id=torch.arange(len(scores)))
        images.append(image)
    track = TrackDataSample()
    track.video_data_samples = images
    return track


@pytest.fixture
def gt_dir(tmp_path):
    for name in ('cat', 'dog'):
        for frame in range(2):
            write_indexed_png(tmp_path / f'DAVIS/Annotations_unsupervised/480p/{name}'
                              f'/{frame:05d}.png', columns(0, 5) + 2 * columns(12, 20))
    return str(tmp_path / 'DAVIS')


def build(**kwargs):
    return METRICS.build(dict(type='s2d_plugins.DAVISMetric', jobs=1, **kwargs))


def test_overlaps_go_to_the_higher_score(gt_dir, tmp_path):
    evaluator = Evaluator([build(gt_dir=gt_dir, results_dir=str(tmp_path / 'png'))])
    # the worse track covers all; only what the better one leaves is its own: J 8/15 and 1
    evaluator.process([sample([columns(0, 20), columns(0, 5)], [0.4, 0.8])])
    result = evaluator.evaluate(1)
    assert result['davis/J_mean'] == pytest.approx((1 + 8 / 15) / 2)
    assert np.unique(read_indexed_png(tmp_path / 'png/cat/00001.png')).tolist() == [1, 2]


def test_no_track_scores_zero(gt_dir):
    evaluator = Evaluator([build(gt_dir=gt_dir)])
    evaluator.process([sample([], [])])
    result = evaluator.evaluate(1)
    assert result['davis/J_mean'] == result['davis/F_mean'] == 0


def test_bad_input(gt_dir, tmp_path):
    with pytest.raises(S2DInputError, match='expected a DAVIS folder'):
        build(gt_dir=str(tmp_path / 'nothing'))
    metric = build(gt_dir=gt_dir)
    metric.process({}, [sample([], [], sequence='bird')])
    with pytest.raises(S2DInputError, match='bird: no sequence of this name'):
        metric.evaluate(1)
    metric = build(gt_dir=gt_dir)
    metric.process({}, [sample([], [], img_path=None)])
    with pytest.raises(S2DInputError, match='needs img_path'):
        metric.evaluate(1)


@pytest.mark.parametrize(('scores', 'masks', 'message', 'expected'), [
    ([0.9, float('nan')], [columns(0, 5), columns(12, 20)],
     'video 1, track 1: score nan is not a finite number', 0.5),
    ([0.9, 0.8], [columns(0, 5)[:9], columns(12, 20)[:9]],
     r'video 1, frame 0: mask of size \(9, 20\), expected .* \(10, 20\)', 0)])
def test_bad_tracks(gt_dir, scores, masks, message, expected):
    frames = sample([columns(0, 1)] * 2, scores)
    for image in frames.video_data_samples:
        image.pred_track_instances = InstanceData(
            masks=torch.as_tensor(np.array(masks)), scores=torch.as_tensor(scores),
            instances_id=torch.arange(2))
    for lenient in (False, True):
        metric = build(gt_dir=gt_dir, lenient=lenient)
        metric.process({}, [frames])
        if lenient:
            assert metric.evaluate(1)['davis/J_mean'] == expected
        else:
            with pytest.raises(S2DInputError, match=message):
                metric.evaluate(1)


def test_missing_frames(gt_dir):
    part = sample([columns(0, 5), columns(12, 20)], [0.9, 0.8])
    part.video_data_samples = part.video_data_samples[:1]
    metric = build(gt_dir=gt_dir)
    metric.process({}, [part])
    with pytest.raises(S2DInputError, match='video 1, frame 1: no prediction'):
        metric.evaluate(1)


def test_of_an_id_given_twice_the_best_mask_counts(gt_dir):
    twice = sample([columns(12, 20), columns(0, 5)], [0.8, 0.9])
    for image in twice.video_data_samples:
        image.pred_track_instances.instances_id[:] = 4
    metric = build(gt_dir=gt_dir)
    metric.process({}, [twice])
    assert metric.evaluate(1)['davis/J_mean'] == 0.5


@pytest.mark.parametrize('folder', ['DAVIS', 'DAVIS/Annotations_unsupervised/480p'])
def test_results_spare_the_annotations(gt_dir, tmp_path, folder):
    with pytest.raises(S2DInputError, match='is the input'):
        build(gt_dir=gt_dir, results_dir=str(tmp_path / folder))


def test_results_spare_the_frames(gt_dir, tmp_path):
    metric = build(gt_dir=gt_dir, results_dir=str(tmp_path / 'frames'))
    frame = tmp_path / 'frames/cat/00000.png'
    write_indexed_png(frame, columns(0, 5))
    before = frame.read_bytes()
    track = sample([columns(0, 5)], [0.8])
    for image in track.video_data_samples:
        image.set_metainfo(dict(img_path=str(frame.with_name(Path(image.img_path).name))))
    metric.process({}, [track])
    with pytest.raises(S2DInputError, match='the output folder .*cat is the input'):
        metric.compute_metrics(metric.results)
    assert frame.read_bytes() == before


@pytest.mark.parametrize('count', [255, 256, 1000])
def test_any_number_of_tracks(gt_dir, count):
    """The 20 best count: the two right ones and those after them, in any frame and id."""
    scores = [0.9, 0.8, *np.linspace(0.5, 0.1, count - 2)]
    masks = [columns(0, 5), columns(12, 20), *[columns(7, 8)] * (count - 2)]
    metric = build(gt_dir=gt_dir)
    track = sample(masks, scores, video_id=2**63)
    for image in track.video_data_samples:
        image.pred_track_instances.instances_id += 2**62
    metric.process({}, [track])
    assert metric.evaluate(1)['davis/J_mean'] == 1


@pytest.mark.parametrize('count', [255, 256, 1000])
def test_a_track_of_any_length(tmp_path, count):
    for frame in range(count):
        write_indexed_png(tmp_path / f'gt/cat/{frame:05d}.png', columns(0, 5))
    track = sample([columns(0, 5)], [0.9], ori_video_length=count)
    first = track.video_data_samples[0]
    images = [first.clone() for _ in range(count)]
    for frame, image in enumerate(images):
        image.set_metainfo(dict(frame_id=frame, img_path=f'data/cat/{frame:05d}.jpg'))
    track.video_data_samples = images
    metric = build(gt_dir=str(tmp_path / 'gt'))
    metric.process({}, [track])
    assert metric.evaluate(1)['davis/J_mean'] == 1


def test_two_videos_that_would_be_one_sequence(gt_dir, tmp_path):
    second = sample([columns(0, 5)], [0.9], video_id=2)
    for frame, image in enumerate(second.video_data_samples):
        image.set_metainfo(dict(img_path=f'other/cat/{frame:05d}.jpg'))
    metric = build(gt_dir=gt_dir, results_dir=str(tmp_path / 'png'), lenient=True)
    metric.process({}, [sample([columns(0, 5)], [0.9]), second])
    with pytest.raises(S2DInputError, match=r"video 1 \(data/cat/00000\.jpg\) and video 2 "
                                            r"\(other/cat/00000\.jpg\) are both sequence 'cat'"):
        metric.evaluate(2)
    assert not (tmp_path / 'png').exists()


def test_two_frames_that_would_be_one_png(gt_dir):
    frames = sample([columns(0, 5)], [0.9])
    for frame, image in enumerate(frames.video_data_samples):
        image.set_metainfo(dict(img_path=f'data/cat/part{frame}/00000.jpg'))
    metric = build(gt_dir=gt_dir)
    metric.process({}, [frames])
    with pytest.raises(S2DInputError, match='holds one frame twice: 00000.jpg and 00000.jpg'):
        metric.evaluate(1)
