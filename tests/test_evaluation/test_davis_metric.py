"""J and F of predicted tracks through mmengine's evaluator."""

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

from s2d_plugins.errors import S2DInputError
from s2d_plugins.evaluation.indexed_png import read_indexed_png, write_indexed_png
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
