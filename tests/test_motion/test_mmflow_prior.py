"""Flow networks of mmflow as priors, with seeded weights."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from s2d_plugins.errors import S2DInputError
from s2d_plugins.motion import MMFlowPrior
from s2d_plugins.motion.flow_cache import FlowCache
from s2d_plugins.motion.raft_models import RAFT_CHECKPOINT, raft

SMALL = str(Path(__file__).resolve().parents[2] / 'configs' / 'motion' / 'raft_small_warps.py')


@pytest.fixture(scope='module')
def video():
    rng = np.random.default_rng(0)
    texture = cv2.GaussianBlur(rng.integers(0, 255, (200, 200, 3), dtype=np.uint8), (0, 0), 2)
    return np.stack([texture[10:106, 20 - 2 * t:148 - 2 * t] for t in range(4)])


@pytest.fixture(scope='module')
def small():
    """The small RAFT, refined once."""
    config = Config.fromfile(SMALL).to_dict()
    config['model']['decoder']['iters'] = 1
    return config


@pytest.fixture(scope='module')
def checkpoint(small, tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('weights') / 'raft.pth'
    torch.save(dict(state_dict=MMFlowPrior(small).model.state_dict()), path)
    return str(path)


def test_flows_of_the_frames_size_divisor_both_ways(video, small, checkpoint):
    flows = list(MMFlowPrior(small, checkpoint).flows(video))
    assert len(flows) == 3
    # 96 x 128 pixels; both sides are at least 128 for the network's pyramid
    assert flows[0][0].shape == flows[0][1].shape == (128, 128, 2)
    assert flows[0][0].dtype == np.float32


def test_batches_give_the_same_flows(video, small, checkpoint):
    single = list(MMFlowPrior(small, checkpoint, batch_size=1).flows(video))
    batched = list(MMFlowPrior(small, checkpoint, batch_size=2).flows(video))
    for one, other in zip(single, batched, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
    # the second half of each batch is the way back: that of swapped frames
    swapped = next(iter(MMFlowPrior(small, checkpoint).flows(video[[1, 0]])))
    np.testing.assert_allclose(single[0][0], swapped[1], atol=1e-4)


def test_cache_is_used_by_the_same_network_only(video, small, checkpoint, tmp_path, monkeypatch):
    made = MMFlowPrior(small, checkpoint, cache_dir=str(tmp_path / 'flows'))
    first = list(made.flows(video))
    files = sorted((tmp_path / 'flows').rglob('*.npz'))
    assert len(files) == 3

    again = MMFlowPrior(small, checkpoint, cache_dir=str(tmp_path / 'flows'))
    with monkeypatch.context() as patch:
        patch.setattr(again, '_compute', lambda model, pairs: [None] * len(pairs))
        for one, other in zip(first, again.flows(video), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-2)

    torch.manual_seed(1)
    list(MMFlowPrior(small, cache_dir=str(tmp_path / 'flows')).flows(video))
    assert len(list((tmp_path / 'flows').rglob('*.npz'))) == 6


def test_broken_cache_entries_count_as_missing(tmp_path):
    cache = FlowCache(tmp_path, 'network')
    images, flow = [np.zeros((2, 3, 3), np.uint8)] * 2, np.full((2, 3, 2), 0.5, np.float32)
    assert cache.get(*images) is None
    cache.put(*images, (flow, -flow))
    np.testing.assert_array_equal(cache.get(*images)[1], -flow)
    next(tmp_path.rglob('*.npz')).write_bytes(b'PK\x03\x04 cut short')
    assert cache.get(*images) is None


def test_release_builds_the_model_again(video, small, checkpoint):
    prior = MMFlowPrior(small, checkpoint)
    before = prior.model
    prior.release()
    assert prior.model is not before
    assert prior.track(video, np.array([[1, 60, 50]])).visible[1, 0]


def test_defaults_are_raft_with_published_weights():
    prior = MMFlowPrior()
    assert prior.checkpoint == RAFT_CHECKPOINT
    assert prior.model_config == raft()
    assert MMFlowPrior(dict(model=raft())).checkpoint is None


def test_raft_equals_mmflows_own_config():
    """The default model has the weights that mmflow's RAFT config asks for."""
    import mmflow
    path = Path(mmflow.__file__).parent / '.mim' / 'configs' / '_base_' / 'models' / 'raft.py'
    theirs = MMFlowPrior(str(path)).model.state_dict()
    ours = MMFlowPrior(dict(model=raft())).model.state_dict()
    assert {name: value.shape for name, value in ours.items()} == {
        name: value.shape for name, value in theirs.items()}


def test_checkpoint_that_does_not_fit(small, tmp_path):
    torch.save({'state_dict': {'encoder.weight': torch.zeros(1)}}, tmp_path / 'other.pth')
    with pytest.raises(S2DInputError, match='other.pth does not fit the network'):
        MMFlowPrior(small, str(tmp_path / 'other.pth')).model  # noqa: B018


@pytest.mark.parametrize(('options', 'message'), [
    ({'config': 'none.py'}, 'config none.py does not exist'),
    ({'config': {'head': 1}}, r"with `model`, found the keys \['head'\]"),
    ({'batch_size': 0}, 'batch_size to be an integer of at least 1'),
])
def test_bad_options(options, message):
    with pytest.raises(S2DInputError, match=message):
        MMFlowPrior(**options)
