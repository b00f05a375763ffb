"""The published recipe and its variants, whole: tiny videos, seeded weights in the layouts of the
published files but with narrow layers, and few steps."""

import json
import sys
import types
from pathlib import Path

import pytest
import torch
from tiny_recipe import ROOT, make_video, run

from s2d_plugins.fileio.configs import load_config
from s2d_plugins.pipeline.weights_checks import named_weights

sys.path.append(str(ROOT / 'tests/test_model_converters'))

from detector_files import detectron2_state, narrow_detector  # noqa: E402
from official_files import NARROW, as_detectron2, mask2former_state, s2d_state  # noqa: E402

CONFIGS = ROOT / 'projects/s2d/configs'
WIDTH = NARROW['width']
ATTENTION = dict(embed_dims=WIDTH, num_heads=8)
NARROW_SEGMENTER = dict(
    backbone=dict(stem_channels=8, base_channels=8),
    track_head=dict(
        in_channels=[32, 64, 128, 256], feat_channels=WIDTH, out_channels=WIDTH,
        num_queries=NARROW['queries'],
        positional_encoding=dict(num_feats=WIDTH // 2),
        pixel_decoder=dict(
            positional_encoding=dict(num_feats=WIDTH // 2),
            encoder=dict(layer_cfg=dict(self_attn_cfg=ATTENTION, ffn_cfg=dict(
                embed_dims=WIDTH, feedforward_channels=NARROW['encoder_hidden'])))),
        transformer_decoder=dict(layer_cfg=dict(
            self_attn_cfg=ATTENTION, cross_attn_cfg=ATTENTION, ffn_cfg=dict(
                embed_dims=WIDTH, feedforward_channels=NARROW['decoder_hidden']))),
        train_cfg=dict(num_points=500)))
FEW_STEPS = {
    'model.detector': NARROW_SEGMENTER, 'train_cfg.max_iters': 4,
    'train_dataloader.num_workers': 0, 'train_dataloader.persistent_workers': False,
    'train_dataloader.dataset.pipeline.2.transforms.0.scales': [(96, 64)]}


class StandInModel(torch.nn.Module):
    """In place of CoTracker3's network: its encoder and size, and points that stay."""

    model_resolution = (48, 64)

    def __init__(self, window_len=60):
        super().__init__()
        self.window_len = window_len
        self.fnet = torch.nn.Conv2d(3, 2, 1)

    def forward(self, video, queries, iters=4):
        assert video.ndim == 5 and video.shape[2:] == (3, *self.model_resolution)
        self.fnet(video[0])
        xy = queries[:, None, :, 1:].repeat(1, video.shape[1], 1, 1)
        return xy, torch.ones(xy.shape[:3]), torch.ones(xy.shape[:3]), None


class StandInTracker(torch.nn.Module):
    """CoTracker's `CoTrackerPredictor` as far as it can be called, without its network.

    Names, order and defaults of the arguments, shapes and types are its own, and queries are in
    pixels of the video that it is given.
    """

    def __init__(self, checkpoint='./checkpoints/scaled_offline.pth', offline=True, v2=False,
                 window_len=60):
        super().__init__()
        assert checkpoint is None and offline and not v2 and window_len == 60
        self.v2, self.support_grid_size = v2, 6
        self.model = StandInModel(window_len)
        self.interp_shape = self.model.model_resolution

    @torch.no_grad()
    def forward(self, video, queries=None, segm_mask=None, grid_size=0, grid_query_frame=0,
                backward_tracking=False):
        batch, length, channels, height, width = video.shape
        assert (batch, channels) == (1, 3) and video.min() >= 0 and 1 < video.max() <= 255
        assert queries.shape[0] == 1 and queries.shape[2] == 3 and queries.dtype == torch.float32
        assert (queries >= 0).all() and (queries[0].amax(0) < torch.tensor(
            [length, width, height])).all()
        tracks, visibility, *_ = self.model(video, queries, iters=6)
        if backward_tracking:
            self.model(video.flip(1), queries, iters=6)
        return tracks, visibility > 0.9


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A folder with a video, the configs, the published files as fetched, and a tracker."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '')
    monkeypatch.setenv('S2D_WEIGHTS', str(tmp_path / 'cache'))
    monkeypatch.setitem(sys.modules, 'cotracker', types.SimpleNamespace(
        __spec__=types.SimpleNamespace(name='cotracker')))
    monkeypatch.setitem(sys.modules, 'cotracker.predictor', types.SimpleNamespace(
        CoTrackerPredictor=StandInTracker, CoTrackerOnlinePredictor=None))
    (tmp_path / 'configs').symlink_to(ROOT / 'configs')
    make_video(tmp_path / 'videos/a.mp4', length=10, still=True)
    return tmp_path


def fetch(folder: Path) -> None:
    folder.mkdir()
    detector = detectron2_state()
    detector['roi_heads.mask_head.predictor.bias'].fill_(5)  # masks fill boxes, not one is empty
    torch.save(dict(model=detector), folder / 'cuts3d_cascade.pth')
    torch.save(as_detectron2(mask2former_state()), folder / 'cutler_m2f_rn50.pth')
    torch.save(as_detectron2(s2d_state()), folder / 's2d_zeroshot.pth')
    torch.save(dict(model=StandInModel().state_dict()), folder / 'cotracker3_offline.pth')


def write_config(path: Path, base: str, **changed) -> Path:
    lines = [f'{name} = {value!r}' for name, value in changed.items()]
    path.write_text('\n'.join([f'_base_ = {str(ROOT / base)!r}', *lines]))
    return path


def start(monkeypatch, capsys, tool, *args):
    code = run(monkeypatch, tool, *args)
    out, err = capsys.readouterr()
    assert 'Traceback' not in out + err
    return code, out, err


def run_s2d(monkeypatch, capsys, config):
    return start(monkeypatch, capsys, 'run_s2d', config, '--videos', 'videos', '--work-dir', 'out',
                 '--device', 'cpu')


def test_raw_video_to_results(world, monkeypatch, capsys):
    detector = narrow_detector('proposals/cuts3d_cascade-mask-rcnn_r50_fpn.py').model.to_dict()
    config = write_config(
        world / 'tiny.py', 'projects/s2d/configs/published.py',
        proposer=dict(config=dict(model=detector), max_masks=1),
        distill=dict(options=FEW_STEPS), final=dict(options=FEW_STEPS),
        # nothing is sure with weights that were drawn
        dense=dict(score_thr=0.0), inference=dict(scale=(96, 64)))
    fetch(world / 'cache')
    assert start(monkeypatch, capsys, 'download_weights', '--for', config)[0] == 0
    code, out, err = run_s2d(monkeypatch, capsys, config)
    assert code == 0, out + err
    summary = json.loads((world / 'out/a/summary.json').read_text())
    stages = summary['stages']
    assert (stages['distill']['steps'], stages['final']['steps']) == (4, 4)
    assert stages['keymasks']['instances'] == 1 and stages['dense']['instances'] > 0
    assert summary['quality']['why'] is None
    results = json.loads((world / 'out/a/results.json').read_text())
    assert 0 < len(results) <= NARROW['queries'] and len(results[0]['segmentations']) == 10


def test_a_given_model_alone(world, monkeypatch, capsys):
    training = write_config(
        world / 'training.py', 'configs/final/s2d_mask2former_r50_4xb1-32k.py',
        model=dict(detector=NARROW_SEGMENTER))
    config = write_config(
        world / 'tiny.py', 'projects/s2d/configs/published_inference.py',
        trained_model=dict(config=str(training)), inference=dict(scale=(96, 64), score_thr=0.0))
    code, out, err = run_s2d(monkeypatch, capsys, config)
    assert code == 2 and 's2d_zeroshot: fetch it by hand from https://drive.' in out + err
    fetch(world / 'cache')
    assert start(monkeypatch, capsys, 'download_weights', 's2d_zeroshot')[0] == 0
    code, out, err = run_s2d(monkeypatch, capsys, config)
    assert code == 0, out + err
    assert '[2/2] infer' in out and 'expected: not measured for training' in out
    summary = json.loads((world / 'out/a/summary.json').read_text())
    assert list(summary['stages']) == ['frames', 'infer'] and summary['quality']['why'] is None
    assert json.loads((world / 'out/a/results.json').read_text())
    assert 'infer: done before' in run_s2d(monkeypatch, capsys, config)[1]
    code, out, err = start(monkeypatch, capsys, 'run_s2d', config, '--videos', 'videos',
                           '--work-dir', 'out', '--stages', 'distill')
    assert code == 2 and "tiny.py has no stage 'distill'; expected some of frames, infer" in err


def test_weights_that_are_missing_stop_a_run_before_it_begins(world, monkeypatch, capsys):
    code, out, err = run_s2d(monkeypatch, capsys, CONFIGS / 'published.py')
    told = out + err
    cache = world / 'cache'
    assert code == 2 and f'published.py needs weights that are not in {cache}: ' in told
    for name in ('cuts3d_cascade', 'cutler_m2f_rn50'):
        assert f'{name}: fetch it by hand from https://drive.google.com/' in told
        assert f'save it as {cache / name}.pth and run `python tools/download_weights.py' in told
    assert 'cotracker3_offline: run `python tools/download_weights.py cotracker3_offl' in told
    assert not (world / 'out/stages/frames').exists()


def test_configs_that_name_no_pipeline_are_told(world, monkeypatch, capsys):
    motion = ROOT / 'configs/motion/opencv_flow.py'
    code, _, err = start(monkeypatch, capsys, 'download_weights', '--for', motion)
    assert code == 2 and 'opencv_flow.py is not a pipeline config: it has no dict prop' in err
    for config in (CONFIGS / 'demo.py', ROOT / 'configs/proposals/motion_color.py'):
        code, out, _ = start(monkeypatch, capsys, 'download_weights', '--for', config)
        assert code == 0 and f'{config.name} needs no published weights' in out


@pytest.mark.parametrize(('name', 'expected'), [
    ('published', ['cuts3d_cascade', 'cotracker3_offline', 'cutler_m2f_rn50']),
    ('published_inference', ['s2d_zeroshot']), ('cutler_proposals', ['cutler_cascade']),
    ('demo', [])])
def test_weights_of_each_config(name, expected):
    assert named_weights(load_config(CONFIGS / f'{name}.py')) == expected
