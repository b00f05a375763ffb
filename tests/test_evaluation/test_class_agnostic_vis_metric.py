"""The VIS metric as mmengine's evaluator drives it."""

import json
import zipfile

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

from s2d_plugins.errors import S2DInputError
from s2d_plugins.evaluation import track_metric
from s2d_plugins.evaluation.track_metric import join_frames
from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video
from s2d_plugins.registry import METRICS

SIZE = (4, 6)


def left_half():
    mask = np.zeros(SIZE, bool)
    mask[:, :3] = True
    return mask


def sample(masks, scores, video_id=1, frames=(0, 1), length=2):
    """A prediction with masks (N, T, H, W)."""
    track = TrackDataSample()
    images = []
    for position, frame in enumerate(frames):
        image = DetDataSample(metainfo=dict(video_id=video_id, frame_id=frame, img_id=frame,
                                            ori_shape=SIZE, ori_video_length=length))
        image.pred_track_instances = InstanceData(
            masks=torch.as_tensor(masks[:, position]), scores=torch.as_tensor(scores),
            labels=torch.zeros(len(scores), dtype=torch.long),
            instances_id=torch.arange(len(scores)))
        images.append(image)
    track.video_data_samples = images
    return track


@pytest.fixture
def ann_file(tmp_path):
    rle = encode_mask(left_half())
    labels = make_labels([make_video(1, 'a', SIZE, ['a/0.jpg', 'a/1.jpg'])],
                         [make_annotation(1, 1, [rle, rle])])
    write_json(tmp_path / 'gt.json', labels)
    return str(tmp_path / 'gt.json')


def build(**kwargs):
    return METRICS.build(dict(type='s2d_plugins.ClassAgnosticVISMetric', **kwargs))


def test_perfect_and_half_predictions(ann_file):
    masks = np.stack([np.stack([left_half()] * 2), np.stack([left_half(), ~left_half()])])
    evaluator = Evaluator([build(ann_file=ann_file)])
    evaluator.process([sample(masks, [0.9, 0.5])])
    result = evaluator.evaluate(1)
    assert result['vis/AP'] == pytest.approx(1)
    assert result['vis/AR1'] == 1
    assert result['vis/APl'] == -1


def test_frame_by_frame_equals_whole_video(ann_file):
    masks = np.stack([np.stack([left_half()] * 2)])
    evaluator = Evaluator([build(ann_file=ann_file)])
    evaluator.process([sample(masks[:, 1:], [0.9], frames=(1,))])
    evaluator.process([sample(masks[:, :1], [0.9], frames=(0,))])
    evaluator.process([sample(~masks[:, :1], [0.9], frames=(0,))])  # sampler padding: ignored
    assert evaluator.evaluate(2)['vis/AP'] == pytest.approx(1)


def test_format_only_needs_no_annotations_and_writes_the_zip(tmp_path):
    prefix = str(tmp_path / 'out' / 'run')
    metric = build(format_only=True, outfile_prefix=prefix)
    masks = np.stack([np.stack([left_half(), np.zeros(SIZE, bool)])])
    metric.process({}, [sample(masks, [0.25], video_id=7)])
    assert metric.evaluate(1) == {}
    with zipfile.ZipFile(f'{prefix}.submission_file.zip') as archive:
        assert archive.namelist() == ['results.json']
        tracks = json.loads(archive.read('results.json'))
    assert tracks == [dict(video_id=7, score=0.25, category_id=1,
                           segmentations=[encode_mask(left_half()),
                                          encode_mask(np.zeros(SIZE, bool))])]
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == [
        'run.json', 'run.submission_file.zip']


def test_score_is_the_mean_over_frames_and_missing_frames_are_none():
    rle = encode_mask(left_half())
    frames = [dict(video_id=3, frame=2, length=4, ids=[5], scores=[0.2], rles=[rle]),
              dict(video_id=3, frame=0, length=4, ids=[5], scores=[0.6], rles=[rle])]
    assert join_frames(frames) == [dict(video_id=3, score=pytest.approx(0.4), category_id=1,
                                        segmentations=[rle, None, rle, None])]


def test_of_an_id_given_twice_the_best_mask_counts(ann_file, monkeypatch):
    said = []
    monkeypatch.setattr(track_metric, 'print_log', lambda message, **_: said.append(message))
    masks = np.stack([np.stack([~left_half()] * 2), np.stack([left_half()] * 2)])
    prediction = sample(masks, [0.4, 0.7])
    for image in prediction.video_data_samples:
        image.pred_track_instances.instances_id[:] = 5
    metric = build(ann_file=ann_file)
    metric.process({}, [prediction])
    assert metric.evaluate(1)['vis/AP'] == pytest.approx(1)
    message, = said
    assert message.startswith('instance ids repeat in 2 frames, first in video 1, frame 0: [5, 5]')
    rles = [encode_mask(mask) for mask in (left_half(), ~left_half())]
    frame = dict(video_id=1, frame=0, length=1, ids=[2, 2, 2], scores=[.3, .8, .8],
                 rles=[rles[0], rles[1], rles[0]])
    assert join_frames([frame]) == [dict(video_id=1, score=.8, category_id=1,
                                         segmentations=[rles[1]])]


def test_no_annotations_is_an_error_before_the_test_starts(tmp_path):
    with pytest.raises(S2DInputError, match='format_only=True'):
        build()
    with pytest.raises(S2DInputError, match='needs outfile_prefix'):
        build(format_only=True)
    with pytest.raises(S2DInputError, match='cannot read'):
        build(ann_file=str(tmp_path / 'missing.json'))
    write_json(tmp_path / 'valid.json', dict(videos=[], categories=None, annotations=None))
    with pytest.raises(S2DInputError, match='valid.json has no annotations'):
        build(ann_file=str(tmp_path / 'valid.json'))


def test_model_without_masks(ann_file):
    track = sample(np.stack([np.stack([left_half()] * 2)]), [0.9])
    for image in track.video_data_samples:
        del image.pred_track_instances.masks
    with pytest.raises(S2DInputError, match='needs masks'):
        build(ann_file=ann_file).process({}, [track])


def test_a_model_that_holds_rle_needs_no_dense_masks(ann_file):
    track = sample(np.stack([np.stack([left_half()] * 2)]), [0.9])
    for image in track.video_data_samples:
        del image.pred_track_instances.masks
        image.pred_track_instances.segmentations = [encode_mask(left_half())]
    metric = build(ann_file=ann_file)
    metric.process({}, [track])
    assert metric.evaluate(1)['vis/AP'] == pytest.approx(1)
    track.video_data_samples[1].pred_track_instances.segmentations = [None]
    metric.process({}, [track])
    assert metric.evaluate(1)['vis/AP'] == pytest.approx(0.1)  # IoU 1/2
    for broken, message in ((dict(encode_mask(left_half()), counts='0'), 'does not decode'),
                            (encode_mask(np.ones((2, 3), bool)), r'is 2 x 3 .*, expected 4 x 6')):
        track.video_data_samples[1].pred_track_instances.segmentations = [broken]
        with pytest.raises(S2DInputError, match=message):
            metric.process({}, [track])


def test_unknown_video_and_lenient(ann_file, tmp_path):
    masks = np.stack([np.stack([left_half()] * 2)])
    for lenient in (False, True):
        metric = build(ann_file=ann_file, lenient=lenient, outfile_prefix=str(tmp_path / 'r'))
        metric.process({}, [sample(masks, [0.9]), sample(masks, [0.9], video_id=8)])
        if lenient:
            assert metric.evaluate(2)['vis/AP'] == pytest.approx(1)
        else:
            with pytest.raises(S2DInputError, match=r'r\.json, track 1: video 8 is not in'):
                metric.evaluate(2)


def test_results_spare_the_annotations(tmp_path):
    (tmp_path / 'val.json').write_text('{}')
    with pytest.raises(S2DInputError, match='val.json would be written over'):
        METRICS.build(dict(type='s2d_plugins.ClassAgnosticVISMetric',
                           ann_file=str(tmp_path / 'val.json'),
                           outfile_prefix=str(tmp_path / 'val')))
    assert (tmp_path / 'val.json').read_text() == '{}'


@pytest.mark.parametrize(('change', 'message'), [
    (lambda gt: gt.update(videos=None), 'at videos: expected array, got null'),
    (lambda gt: gt['annotations'][0].update(segmentations='x'), 'segmentations: expected array'),
    (lambda gt: gt['videos'][0].update(file_names=['/a', 'b']), "names the file '/a'"),
    (lambda gt: gt['annotations'][0].update(video_id=9), 'is of video 9, which is not in the')])
def test_broken_annotations_are_told_before_the_test_starts(ann_file, change, message):
    with open(ann_file) as file:
        gt = json.load(file)
    change(gt)
    write_json(ann_file, gt)
    with pytest.raises(S2DInputError, match=message) as caught:
        build(ann_file=ann_file)
    assert ann_file in str(caught.value)


@pytest.mark.parametrize('count', [255, 256, 1000])
def test_any_number_of_frames_and_ids_of_any_size(tmp_path, count):
    rle, video_id = encode_mask(left_half()), 2**63 + 9
    files = [f'a/{frame}.jpg' for frame in range(count)]
    gt = make_labels([make_video(video_id, None, SIZE, files)],
                     [make_annotation(2**70, video_id, [rle] * count)])
    gt['annotations'][0].update(length=1, category_id=40, areas=None)
    write_json(tmp_path / 'gt.json', gt)
    metric = build(ann_file=str(tmp_path / 'gt.json'))
    track = sample(np.stack([np.stack([left_half()] * count)]), [0.9], video_id, range(count),
                   count)
    for image in track.video_data_samples:
        image.pred_track_instances.instances_id += 2**62
    metric.process({}, [track])
    assert metric.evaluate(1)['vis/AP'] == pytest.approx(1)
