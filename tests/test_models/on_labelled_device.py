"""What a GPU would refuse or wait for, on a device that is only pretended.

Not collected by itself: test_labelled_device.py runs this file in a process of its own.
"""

import copy

import numpy as np
import pytest
import torch
from labelled_device import DEVICE, DeviceWatch, LabelledTensor, pretend_device
from mmengine.config import Config
from mmengine.device import utils as device_utils
from mmengine.hooks import Hook
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from small_model import CONFIGS, build_small, make_batch, make_clip, small_config
from tiny_training import training_config, write_videos

from s2d_plugins.apis import VideoSegmenter
from s2d_plugins.evaluation import ClassAgnosticVISMetric
from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video
from s2d_plugins.motion import CoTrackerPrior, MMFlowPrior
from s2d_plugins.registry import MODELS

pretend_device()

BOX = (8, 8, 40, 40)
CLIPS = [{1: BOX, 2: (20, 4, 60, 30)}, {}, {1: BOX}], [{}, {3: BOX}, {}]


@pytest.fixture
def watch():
    with DeviceWatch() as opened:
        yield opened


def batch(*clips):
    return make_batch(*map(make_clip, clips or CLIPS))


# the device itself

def test_it_computes_what_the_host_computes(watch):
    x = torch.arange(6.0, device=DEVICE).view(2, 3).requires_grad_()
    (x @ x.T).relu().sum().backward()
    assert isinstance(x, LabelledTensor) and x.device == torch.device(DEVICE)
    assert x.grad.cpu().tolist() == [[6, 10, 14], [6, 10, 14]]
    x = torch.zeros(3, device=DEVICE)
    x[1:] += 2
    assert x.tolist() == [0, 2, 2]


@pytest.mark.parametrize('mix', [
    lambda x, host: x + host, lambda x, host: host * x, lambda x, host: torch.cat([x, host]),
    lambda x, host: x.index_select(0, host.long()), lambda x, host: x.add_(host),
    lambda x, host: torch.where(host > 0, x, 0), lambda x, host: host[x.long()],
    lambda x, host: x.numpy()])
def test_it_notices_a_planted_mix(watch, mix):
    with pytest.raises((RuntimeError, TypeError), match='device|numpy'):
        mix(torch.ones(3, device=DEVICE), torch.ones(3))


def test_numbers_of_the_host_are_no_mix(watch):
    x = torch.ones(3, device=DEVICE)
    assert (x + torch.tensor(2.0)).tolist() == [3, 3, 3]
    assert x[torch.tensor([0, 2])].shape == (2,)


@pytest.mark.parametrize('read', [
    lambda x: x.sum().item(), lambda x: float(x[0]), lambda x: bool(x.any()), lambda x: x.tolist(),
    lambda x: x.cpu(), lambda x: x[x > 0], lambda x: x.nonzero(), lambda x: x.unique(),
    lambda x: torch.zeros(3).copy_(x), lambda x: torch.equal(x, x)])
def test_it_notices_a_planted_read(watch, read):
    x = torch.ones(3, device=DEVICE)
    assert watch.reads.total() == 0
    read(x)
    assert watch.reads.total() == 1


def test_it_tells_uploads_that_are_waited_for(watch):
    torch.ones(3).to(DEVICE, non_blocking=True)
    assert watch.uploads.total() == 0
    torch.ones(3, device=DEVICE)[torch.tensor([0])]
    torch.ones(3).to(DEVICE)
    torch.tensor([1, 2], device=DEVICE)
    assert watch.uploads.total() == 3 and watch.reads.total() == 0


# a training step

def optimiser(model):
    return build_optim_wrapper(model, dict(
        type='OptimWrapper', constructor='StudentOptimWrapperConstructor',
        optimizer=dict(type='AdamW', lr=1e-3), clip_grad=dict(max_norm=0.01)))


def step_reads(layers, clips, watch):
    """What the second step of a training reads, without hooks."""
    model = build_small(head=dict(transformer_decoder=dict(num_layers=layers)),
                        teacher_score_thr=0.0, teacher_nms_iou=0.75).train().to(DEVICE)
    wrapper = optimiser(model)
    for _ in range(2):
        watch.reads.clear()
        watch.uploads.clear()
        losses = model.train_step(batch(*clips), wrapper)
    assert np.isfinite(losses['loss']) and losses[f'd{layers - 1}.kd_loss_mask'] > 0
    assert watch.uploads.total() == 0
    return watch.reads


def test_a_step_reads_as_often_with_more_layers_and_instances(watch):
    few = step_reads(3, CLIPS, watch).copy()
    many = [{i: (i, 0, i + 20, 20) for i in range(12)}] * 3
    assert step_reads(6, CLIPS, watch) == few
    assert step_reads(3, (many, many), watch) == few
    assert few.total() == 6  # a hook reads once more, and float16 another time


def test_a_training_with_all_its_hooks(watch, tmp_path, monkeypatch):
    class Count(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch=None):
            watch.reads.clear()

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            if (runner.iter + 1) % 2:  # the others write a checkpoint
                counts.append(watch.reads.total())

    monkeypatch.setattr(device_utils, 'DEVICE', DEVICE)
    counts = []
    write_videos(tmp_path)
    cfg = training_config(tmp_path, 'run', 4)
    cfg.custom_hooks += [dict(type='LossWeightScheduleHook', teacher_loss_weight=dict(
        mode='linear', start=0.5, end=1.0, begin=0, stop=4))]
    cfg.experiment_name = 'labelled'
    runner = Runner.from_cfg(cfg)
    runner.register_hook(Count(), 'LOWEST')
    model = runner.train()
    assert isinstance(model.student.track_head.query_feat.weight, LabelledTensor)
    assert counts == [6, 6]  # without the teacher's NMS
    teacher, student = (dict(part.named_parameters()) for part in (model.teacher, model.student))
    name = 'track_head.query_feat.weight'
    assert 0 < (teacher[name] - student[name]).abs().max().item() < 0.1
    saved = torch.load(tmp_path / 'run/iter_2.pth', weights_only=False)
    assert not isinstance(saved['state_dict'][f'student.{name}'], LabelledTensor)


def losses_on(device, **settings):
    torch.manual_seed(0)
    model = build_small(teacher_score_thr=0.0, **settings).to(device).eval()
    data = model.data_preprocessor(batch(), True)
    return {name: value.item() for name, value in model.loss(**data).items()}


@pytest.mark.parametrize('parts', [
    {}, dict(pixel_decoder=dict(type='MSDeformAttnPixelDecoder')),
    dict(match_known_frames_only=True), dict(grid='fixed'),
    dict(unmatched_queries=dict(type='KeymaskEvidence')),
    dict(train_cfg=dict(num_points=100))],
    ids=lambda parts: next(iter(parts), 'usual'))
def test_losses_are_those_of_the_host(watch, parts):
    settings = dict(head=parts)
    if 'pixel_decoder' in parts:  # mmdet's own parts, as configs of others name them
        settings['data_preprocessor'] = dict(small_config().model.detector.data_preprocessor,
                                             type='TrackDataPreprocessor')
    assert losses_on(DEVICE, **settings) == pytest.approx(losses_on('cpu', **settings), rel=1e-4)


def test_a_mix_planted_in_the_model_is_noticed(watch):
    model = build_small().to(DEVICE)
    model.student.track_head._class_weights = torch.ones(2)
    with pytest.raises(RuntimeError, match='same device'):
        model.train_step(batch(), optimiser(model))


def test_the_loss_in_mmdets_own_head(watch):
    detector = small_config().model.detector
    detector.type = 'mmdet.Mask2FormerVideo'
    detector.pop('test_cfg', None)
    detector.data_preprocessor.type = 'TrackDataPreprocessor'
    head = detector.track_head
    head.type = 'mmdet.Mask2FormerTrackHead'
    for name in ('unmatched_queries', 'grid'):
        head.pop(name, None)
    head.loss_mask = dict(type='TemporalDropLoss', num_points=100, loss=dict(
        type='CrossEntropyLoss', use_sigmoid=True))
    head.train_cfg.num_points = 100
    head.train_cfg.assigner.match_costs[-1].eps = 1.0
    init_default_scope('s2d_plugins')
    model = MODELS.build(detector).to(DEVICE).train()
    losses = model.loss(**model.data_preprocessor(batch(), True))
    sum(losses.values()).backward()
    assert head.num_queries and isinstance(model.track_head.query_feat.weight.grad, LabelledTensor)


# inference, metric and motion priors

@pytest.mark.parametrize('settings', [
    dict(window=4, overlap=2, tube_nms_iou=0.5, top_k=4), dict(tube_nms_iou=0.5, keep_empty=True)])
def test_windows_give_what_they_give_on_the_host(watch, settings):
    model = build_small('final/final_small.py').eval()
    frames = np.random.default_rng(0).integers(0, 255, (7, 64, 64, 3), np.uint8)
    expected, found = ([(round(tube.score, 4), tube.segmentations) for tube in VideoSegmenter(
        copy.deepcopy(model).to(device), scale=(64, 64), **settings).segment(frames)]
        for device in ('cpu', DEVICE))
    assert found == expected and found


def test_predictions_are_measured(watch, tmp_path):
    mask = np.zeros((64, 64), bool)
    mask[8:40, 8:40] = True
    write_json(tmp_path / 'gt.json', make_labels(
        [make_video(1, 'a', (64, 64), ['0.jpg', '1.jpg'])],
        [make_annotation(1, 1, [encode_mask(mask)] * 2)]))
    metric = ClassAgnosticVISMetric(str(tmp_path / 'gt.json'))
    model = build_small().eval().to(DEVICE)
    samples = batch([{}] * 2)
    for index, frame in enumerate(samples['data_samples'][0].video_data_samples):
        frame.set_metainfo(dict(video_id=1, frame_id=index, ori_video_length=2))
    predicted = model.test_step(samples)
    for frame in predicted[0].video_data_samples:  # as mmdet's own models give them
        tracks = frame.pred_track_instances[:1]
        del tracks.segmentations
        tracks.masks = torch.from_numpy(mask[None]).to(DEVICE)
        tracks.scores, tracks.instances_id = tracks.scores.to(DEVICE), torch.tensor([3]).to(DEVICE)
        frame.pred_track_instances = tracks
    metric.process({}, predicted)
    assert metric.compute_metrics(metric.results)['AP'] == pytest.approx(1.0)


def test_flow_network(watch):
    config = Config.fromfile(CONFIGS / 'motion/raft_small_warps.py').to_dict()
    config['model']['decoder']['iters'] = 1
    frames = np.random.default_rng(0).integers(0, 255, (2, 128, 128, 3), np.uint8)
    flows = []
    for device in ('cpu', DEVICE):
        torch.manual_seed(0)
        prior = MMFlowPrior(config)
        prior.device = device
        flows.append(next(iter(prior.flows(frames))))
    np.testing.assert_allclose(flows[1], flows[0], atol=1e-4)


class FakeTracker(torch.nn.Module):
    """Points stay where they are asked for; a window of the online tracker is 4 frames."""

    interp_shape, step = (32, 32), 2

    def __init__(self):
        super().__init__()
        self.model = torch.nn.Module()
        self.model.fnet = torch.nn.Conv2d(3, 1, 1)

    def forward(self, video=None, queries=None, video_chunk=None, is_first_step=False,
                backward_tracking=True):
        if queries is not None:
            self.queries, self.length = queries, 0 if video is None else video.shape[1]
        if is_first_step:
            return None
        images = video if video_chunk is None else video_chunk
        if video is None:
            self.length = (self.length or self.step) + self.step
        bright = self.model.fnet(images[0]).mean() > -1e9
        xy = self.queries[:, None, :, 1:].expand(-1, self.length, -1, -1) * bright
        return xy, torch.ones_like(xy[..., 0], dtype=torch.bool)


@pytest.mark.parametrize('mode', ['offline', 'online'])
def test_point_tracker(watch, mode):
    prior = CoTrackerPrior(mode, checkpoint='none.pth')
    prior._predictor = FakeTracker().to(DEVICE)
    prior.device = DEVICE
    frames = np.zeros((6, 32, 32, 3), np.uint8)
    tracks = prior.track(frames, np.array([[0, 5, 6], [3, 10, 20]], np.float32))
    np.testing.assert_allclose(tracks.xy[4], [[5, 6], [10, 20]])
    assert tracks.visible.all()
