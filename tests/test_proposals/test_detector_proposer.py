"""Masks of a detector with narrow layers and seeded weights."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.proposals_file import read_proposals
from s2d_plugins.labels.rle import decode_mask
from s2d_plugins.proposals import DetectorProposer
from s2d_plugins.proposals.detector_pipeline import prepare_frames
from s2d_plugins.proposals.detector_pipeline import test_transforms as transforms_of
from s2d_plugins.registry import MODELS

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / 'tests/test_model_converters'), str(ROOT / 'tools')]
import propose_masks  # noqa: E402
from detector_files import detectron2_state, narrow_detector  # noqa: E402

FRAMES = np.random.default_rng(0).integers(0, 256, (4, 48, 64, 3), dtype=np.uint8)


@pytest.fixture(scope='module')
def config():
    config = narrow_detector()
    config.test_pipeline[1].scale = (128, 96)
    return dict(model=config.model.to_dict(), test_pipeline=config.test_pipeline)


@pytest.fixture(scope='module')
def checkpoint(config, tmp_path_factory):
    init_default_scope('s2d_plugins')
    torch.manual_seed(1)
    model = MODELS.build(Config(config).model)
    for stage in model.roi_head.bbox_head:
        torch.nn.init.normal_(stage.fc_cls.weight, std=0.5)
    torch.nn.init.ones_(model.roi_head.mask_head.conv_logits.bias)
    path = tmp_path_factory.mktemp('weights') / 'narrow.pth'
    torch.save(dict(state_dict=model.state_dict()), path)
    return str(path)


@pytest.fixture
def build(config, checkpoint):
    def build(**settings):
        return DetectorProposer(**{'config': config, 'checkpoint': checkpoint, 'score_thr': 0.0,
                                   'device': 'cpu', **settings})
    return build


def scores_of(proposals):
    return [[mask['score'] for mask in frame] for frame in proposals]


def test_masks_per_frame_best_first(build):
    told = []
    found = build().propose(FRAMES[:2], lambda *state: told.append(state))
    assert told == [(1, 2), (2, 2)] and len(found) == 2
    scores = scores_of(found)
    assert all(frame == sorted(frame, reverse=True) and len(frame) > 2 for frame in scores)
    assert all(0 <= score <= 1 for frame in scores for score in frame)
    mask = decode_mask(found[0][0]['segmentation'])
    assert mask.shape == (48, 64) and mask.any()
    # the best two, and those above a threshold
    assert scores_of(build(max_masks=2).propose(FRAMES[:1])) == [scores[0][:2]]
    least = scores[0][1]
    assert scores_of(build(score_thr=least).propose(FRAMES[:1])) == [
        [score for score in scores[0] if score >= least]]
    assert build(score_thr=1.0).propose(FRAMES[:1]) == [[]]


def test_batches_find_what_single_frames_do(build):
    proposer = build()
    single = scores_of(proposer.propose(FRAMES))
    proposer.batch_size = 3  # on a CPU it is 1
    batched = scores_of(proposer.propose(FRAMES))
    assert [len(frame) for frame in batched] == [len(frame) for frame in single]
    np.testing.assert_allclose(np.concatenate(batched), np.concatenate(single), atol=1e-5)


@pytest.mark.parametrize('kind', [torch.float16, torch.bfloat16])
def test_half_precision(build, kind):
    """As on CUDA, which has float16: all parts take it, and boxes are not rounded by it."""
    proposer = build()
    model, pipeline = proposer._built()
    data = prepare_frames(FRAMES[:1], pipeline)
    with torch.no_grad():
        [whole] = model.test_step(data)
        with torch.autocast('cpu', kind):
            [half] = model.test_step(prepare_frames(FRAMES[:1], pipeline))
    boxes, scores = half.pred_instances.bboxes, half.pred_instances.scores
    assert boxes.dtype == scores.dtype == torch.float32 and scores.isfinite().all()
    assert not torch.equal(boxes, boxes.to(kind).float())
    count = min(len(scores), len(whole.pred_instances))
    atol = 0.05 if kind == torch.bfloat16 else 0.01
    torch.testing.assert_close(scores[:count], whole.pred_instances.scores[:count], atol=atol,
                               rtol=0)


def test_frames_are_rgb_and_resized_by_pillow(build):
    proposer = build()
    frame = np.zeros((48, 64, 3), np.uint8)
    frame[..., 0], frame[24:, :, 1] = 200, 100
    _, pipeline = proposer._built()
    [image] = prepare_frames([frame], pipeline)['inputs']
    assert image.shape == (3, 96, 128)  # BGR, which the model turns round
    assert image[2].unique().tolist() == [200] and image[0].unique().tolist() == [0]
    # row 47 of 96 lies a quarter below the middle of row 23
    assert image[1, 46:50, 0].tolist() == [0, 25, 75, 100]


class OutOfMemory:
    """Stands for a GPU that holds only so many frames."""

    def __init__(self, proposer, holds, error=torch.cuda.OutOfMemoryError):
        self.forward, self.holds, self.sizes = proposer._forward, holds, []
        self.error = error
        proposer._forward, proposer.batch_size = self, 4

    def __call__(self, model, data):
        self.sizes.append(len(data['inputs']))
        if self.sizes[-1] > self.holds:
            raise self.error('CUDA out of memory')
        return self.forward(model, data)


def test_smaller_batches_where_memory_is_short(build, caplog):
    proposer = build()
    expected = scores_of(proposer.propose(FRAMES))
    gpu = OutOfMemory(proposer, holds=1)
    told = []
    found = proposer.propose(FRAMES, lambda *state: told.append(state))
    assert gpu.sizes == [4, 2, 1, 1, 1, 1] and told == [(n, 4) for n in (1, 2, 3, 4)]
    np.testing.assert_allclose(np.concatenate(scores_of(found)), np.concatenate(expected),
                               atol=1e-5)
    proposer.propose(FRAMES[:1])
    assert gpu.sizes[-1] == 1  # remembered
    gpu.holds = 0
    with pytest.raises(S2DInputError, match='does not hold one frame of 64x48; take a smaller'):
        proposer.propose(FRAMES)


def test_other_words_for_it_and_other_errors(build):
    proposer = build()
    gpu = OutOfMemory(proposer, 2, RuntimeError)
    assert len(proposer.propose(FRAMES)) == 4 and gpu.sizes == [4, 2, 2]
    gpu.holds, gpu.error = 0, lambda _: RuntimeError('device-side assert')
    with pytest.raises(RuntimeError, match='device-side assert'):
        proposer.propose(FRAMES)


def test_memory_that_does_not_hold_the_model(build, monkeypatch):
    def refuse(*_):
        raise torch.cuda.OutOfMemoryError('CUDA out of memory')

    monkeypatch.setattr(torch.nn.Module, 'to', refuse)
    with pytest.raises(S2DInputError, match='cpu does not hold the model'):
        build().propose(FRAMES)


@pytest.mark.parametrize('size', [(1, 1), (3, 2), (1, 40)])
def test_tiny_and_plain_frames(build, size):
    found = build().propose(np.full((1, *size, 3), 90, np.uint8))
    assert len(found) == 1
    assert all(mask['segmentation']['size'] == list(size) for mask in found[0])
    assert len(build().propose(np.full((1, 48, 64, 3), 255, np.uint8))) == 1


@pytest.mark.parametrize(('frames', 'message'), [
    (FRAMES[:0], 'at least one frame'), (FRAMES[..., :2], 'expected an RGB image'),
    ([FRAMES[0], FRAMES[0][:9]], 'frame 1: expected 64x48'),
    (np.zeros((1, 1, 3000, 3), np.uint8), 'frame of 3000x1 cannot be prepared')])
def test_wrong_frames(build, frames, message):
    with pytest.raises(S2DInputError, match=message):
        build().propose(frames)


def save(folder, content):
    torch.save(content, folder / 'other.pth')
    return str(folder / 'other.pth')


def test_weights_of_another_model(build, checkpoint, tmp_path):
    state = torch.load(checkpoint)['state_dict']
    head = {key: value for key, value in state.items() if not key.startswith('rpn')}
    wide = dict(state, **{'rpn_head.rpn_cls.bias': torch.zeros(9)})
    for content, message in (
            (dict(model=detectron2_state()), 'layout of detectron2; convert it first'),
            (dict(state_dict=head), 'does not fit DetectorProposer.config: 6 weights missing, '
                                     '0 left over, for example rpn_head'),
            (dict(state_dict=dict(state, more=torch.zeros(1))), '1 left over, for example more'),
            (dict(state_dict=wide), 'size mismatch for rpn_head.rpn_cls.bias'),
            (dict(state_dict={}), 'holds no weights')):
        proposer = build(checkpoint=save(tmp_path, content))
        with pytest.raises(S2DInputError, match=message) as info:
            proposer.propose(FRAMES)
        assert '\n' not in str(info.value)


def test_damaged_weights(build, checkpoint, tmp_path):
    state = torch.load(checkpoint)['state_dict']
    for name, value, message in (
            ('backbone.conv1.weight', float('nan'), 'NaN or infinite'),
            ('backbone.layer1.0.conv1.weight', 3e38, 'no finite scores'),
            ('roi_head.bbox_head.2.fc_cls.weight', 3e38, 'no finite scores')):
        content = dict(state_dict=dict(state, **{name: torch.full_like(state[name], value)}))
        proposer = build(checkpoint=save(tmp_path, content))
        with pytest.raises(S2DInputError, match=message):
            proposer.propose(FRAMES)


def test_what_is_missing_is_told_before_anything_runs(build, config, tmp_path):
    (tmp_path / 'text.py').write_text('model = 3\n')
    for settings, message in (
            (dict(checkpoint=str(tmp_path / 'none.pth')), 'the weights .*none.pth'),
            (dict(config=str(tmp_path / 'none.py')), 'none.py'),
            (dict(config=str(tmp_path / 'text.py')), 'expected a test_pipeline'),
            (dict(config=dict(config, test_pipeline=config['test_pipeline'][:1])),
             'ends with PackDetInputs'),
            (dict(config=dict(test_pipeline=config['test_pipeline'])), 'has no model'),
            (dict(device='cuda:99'), 'cuda')):
        with pytest.raises(S2DInputError, match=message):
            build(**settings)
    proposer = build(config=dict(config, model=dict(type='Nobody')))
    with pytest.raises(S2DInputError, match='Nobody'):
        proposer.propose(FRAMES)


@pytest.mark.parametrize('found', [
    DetDataSample(pred_instances=InstanceData(bboxes=torch.zeros(1, 4), scores=torch.ones(1))),
    DetDataSample()])
def test_a_detector_of_boxes_is_refused(build, found):
    with pytest.raises(S2DInputError, match='its model gives no masks'):
        build()._masks_of(found)


def test_steps_that_read_files_are_left_out(config):
    steps = [dict(type='LoadImageFromFile'), dict(type='mmdet.LoadPanopticAnnotations'),
             *config['test_pipeline'][1:]]
    for given in (dict(test_pipeline=steps),
                  dict(test_dataloader=dict(dataset=dict(pipeline=steps)))):
        assert [step['type'] for step in transforms_of(Config(given), 'made')] == [
            'Resize', 'PackDetInputs']


def test_released_and_built_again(build):
    proposer = build()
    first = proposer.propose(FRAMES[:1])
    proposer.release()
    assert proposer._parts is None
    assert proposer.propose(FRAMES[:1]) == first


def test_plain_ops_are_told_of_in_one_line(monkeypatch, caplog):
    from s2d_plugins.compat import mmcv_ops
    said = []
    monkeypatch.setattr('mmengine.logging.print_log', lambda message, *_: said.append(message))
    for compiled, torchvision in ((True, None), (False, object())):
        monkeypatch.setattr(mmcv_ops, 'has_compiled_ops', lambda value=compiled: value)
        monkeypatch.setattr(mmcv_ops, 'working_torchvision', lambda value=torchvision: value)
        mmcv_ops.warn_of_plain_ops('cpu')
    assert said == []
    monkeypatch.setattr(mmcv_ops, 'working_torchvision', lambda: None)
    for device in ('cpu', 'cuda:0'):
        mmcv_ops.warn_of_plain_ops(device)
    assert [('GPU' in line, '\n' in line) for line in said] == [(False, False), (True, False)]


def test_the_tool_runs_it(config, checkpoint, tmp_path, capsys):
    import cv2
    for name, frames in (('good', FRAMES[:2]), ('thin', np.zeros((1, 1, 3000, 3), np.uint8))):
        (tmp_path / 'videos' / name).mkdir(parents=True)
        for index, frame in enumerate(frames):
            cv2.imwrite(str(tmp_path / 'videos' / name / f'{index}.png'), frame)
    proposer = dict(type='DetectorProposer', config=config, checkpoint=checkpoint, device='cpu')
    path = tmp_path / 'config.py'
    path.write_text(f"default_scope = 's2d_plugins'\nproposer = {Config(proposer).to_dict()!r}\n")
    command = [str(path), '--videos', str(tmp_path / 'videos'), '--out', str(tmp_path / 'out'),
               '--cfg-options', 'proposer.score_thr=0.0']
    assert propose_masks.main(command) == 2  # the other goes on
    assert 'thin' in (text := ''.join(capsys.readouterr())) and 'cannot be prepared' in text
    found = read_proposals(tmp_path / 'out/good.json')
    assert len(found['frames']) == 2 and found['frames'][0]
