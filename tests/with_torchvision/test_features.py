"""timm's own transformers and mmpretrain's, with weights that were drawn and saved to a file."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.proposals_file import read_proposals
from s2d_plugins.labels.rle import decode_mask
from s2d_plugins.proposals import MaskCutProposer
from s2d_plugins.proposals.features import BackboneFeatures, TimmFeatures
from s2d_plugins.proposals.features.image_batches import feature_maps
from s2d_plugins.proposals.features.timm_features import MODELS_OF_TIMM
from s2d_plugins.registry import MODELS

ROOT = Path(__file__).parents[2]
FRAMES = np.random.default_rng(0).integers(0, 256, (2, 40, 56, 3), dtype=np.uint8)


def drawn(name, **settings):
    """A transformer of timm's with seeded weights."""
    torch.manual_seed(0)
    return timm.create_model(MODELS_OF_TIMM[name], pretrained=False, num_classes=0,
                             **settings).eval()


def images(side):
    found = []
    list(feature_maps(lambda batch: (found.append(batch), batch)[1], FRAMES, side, 8, 2, 'cpu'))
    return found[0]


@pytest.fixture(scope='module')
def dino(tmp_path_factory):
    """DINO's ViT-S/8 and its weights in the three forms that they are published in."""
    folder, model = tmp_path_factory.mktemp('weights'), drawn('dino_vits8')
    weights = model.state_dict()
    torch.save(weights, folder / 'authors.pth')  # their names are timm's
    torch.save(dict(teacher=weights), folder / 'training.pth')
    save_file(weights, folder / 'timm.safetensors')
    return folder, model


@pytest.mark.parametrize('file', ['authors.pth', 'training.pth', 'timm.safetensors'])
def test_keys_of_dino(dino, file):
    folder, model = dino
    extractor = TimmFeatures('dino_vits8', str(folder / file), image_size=70, device='cpu')
    extractor.check_ready()
    features = list(extractor.extract(FRAMES))
    assert [grid.shape for grid in features] == [(384, 8, 8)] * 2  # 70 is 8 patches and a bit
    seen = []
    sized = drawn('dino_vits8', dynamic_img_size=True)
    sized.load_state_dict(model.state_dict())
    sized.blocks[-1].attn.qkv.register_forward_hook(lambda *args: seen.append(args[2]))
    with torch.no_grad():
        sized.forward_features(images(64))
    keys = seen[0][:, 1:, 384:768].transpose(1, 2).reshape(2, 384, 8, 8)
    np.testing.assert_allclose(np.array(features), keys.numpy(), atol=1e-4)


@pytest.mark.parametrize(('name', 'side', 'prefix', 'extra'), [
    ('dinov2_vits14', 70, 1, {'mask_token': torch.zeros(1, 384)}), ('dinov3_vits16', 80, 5, {})])
def test_keys_of_the_later_ones(tmp_path, name, side, prefix, extra):
    model = drawn(name)
    torch.save({**model.state_dict(), **extra}, tmp_path / 'w.pth')
    grids = {facet: list(TimmFeatures(name, str(tmp_path / 'w.pth'), facet, side, device='cpu')
                         .extract(FRAMES)) for facet in ('query', 'key', 'value')}
    assert model.num_prefix_tokens == prefix
    for grid in grids.values():
        assert grid[0].shape == (384, 5, 5) and np.isfinite(grid[0]).all() and np.ptp(grid[0]) > 0
    assert not np.allclose(grids['key'][0], grids['query'][0])


def test_every_short_name_is_a_model_of_timm():
    for name in MODELS_OF_TIMM:
        TimmFeatures(name, device='cpu').check_ready()
    with pytest.raises(S2DInputError, match=f'timm {timm.__version__} knows no model vit_nothing'):
        TimmFeatures('vit_nothing').check_ready()


def test_weights_of_another_architecture(dino):
    folder, _ = dino
    for file in ('authors.pth', 'timm.safetensors'):
        with pytest.raises(S2DInputError, match=f'{file} does not fit ') as info:
            list(TimmFeatures('dinov3_vits16', str(folder / file), device='cpu').extract(FRAMES))
        assert '\n' not in str(info.value)


def test_maskcut_on_dino(dino):
    """Features of drawn weights tell colours apart, which is all that is needed here."""
    frames = np.full((2, 64, 96, 3), (40, 90, 160), np.uint8)
    frames[:, 16:48, 32:64] = (230, 60, 20)
    proposer = MaskCutProposer(
        dict(type='TimmFeatures', model='dino_vits8', checkpoint=str(dino[0] / 'authors.pth'),
             image_size=96, device='cpu'), tau=0.5)
    proposer.check_ready()
    found = proposer.propose(frames)
    assert len(found) == 2
    for frame in found:
        assert 0 < len(frame) <= 3
        for mask in frame:
            assert decode_mask(mask['segmentation']).shape == (64, 96) and 0 <= mask['score'] <= 1


def test_the_shipped_config_by_the_tool(dino, tmp_path, monkeypatch, capsys):
    folder = tmp_path / 'cache'
    folder.mkdir()
    (folder / 'dino_vits8.pth').symlink_to(dino[0] / 'authors.pth')
    monkeypatch.setenv('S2D_WEIGHTS', str(folder))
    (tmp_path / 'videos/cat').mkdir(parents=True)
    from PIL import Image
    for index, frame in enumerate(FRAMES):
        Image.fromarray(frame).save(tmp_path / f'videos/cat/{index}.png')
    path = ROOT / 'tools/propose_masks.py'
    spec = importlib.util.spec_from_file_location('propose_masks', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    command = [str(ROOT / 'configs/proposals/maskcut_dino-s8.py'), '--videos',
               str(tmp_path / 'videos'), '--out', str(tmp_path / 'out'), '--cfg-options',
               'proposer.extractor.image_size=96', 'proposer.extractor.device=cpu']
    assert tool.main(command) == 0
    assert len(read_proposals(tmp_path / 'out/cat.json')['frames']) == 2
    capsys.readouterr()
    assert tool.main(command) == 0 and '(1 from earlier runs)' in capsys.readouterr().out


def test_a_backbone_of_mmpretrain(tmp_path):
    backbone = dict(
        type='mmpretrain.VisionTransformer', img_size=64, patch_size=16, out_type='featmap',
        arch=dict(embed_dims=24, num_layers=2, num_heads=3, feedforward_channels=48))
    extractor = BackboneFeatures(backbone, device='cpu')
    extractor.check_ready()
    torch.manual_seed(0)
    weights = MODELS.build(backbone).state_dict()
    torch.save(dict(state_dict={**{f'backbone.{name}': value for name, value in weights.items()},
                                'head.fc.bias': torch.ones(3)}), tmp_path / 'w.pth')
    proposer = MaskCutProposer(dict(
        type='BackboneFeatures', backbone=backbone, checkpoint=str(tmp_path / 'w.pth'),
        image_size=64, device='cpu'))
    features = list(proposer.extractor.extract(FRAMES))
    assert [grid.shape for grid in features] == [(24, 4, 4)] * 2
    assert len(proposer.propose(FRAMES)) == 2
