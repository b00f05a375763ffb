"""Features of networks; timm and mmpretrain are stood in for, their weights are made."""

import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from s2d_plugins.errors import S2DInputError
from s2d_plugins.proposals import MaskCutProposer
from s2d_plugins.proposals.features import BackboneFeatures, TimmFeatures
from s2d_plugins.proposals.features.image_batches import MEAN, STD, feature_maps

RESNET = dict(type='mmdet.ResNet', depth=18, base_channels=4, stem_channels=4)
FRAMES = np.random.default_rng(0).integers(0, 256, (3, 24, 40, 3), dtype=np.uint8)


class Attention(nn.Module):
    def __init__(self, separate):
        super().__init__()
        if separate:
            self.q_proj, self.k_proj, self.v_proj = (nn.Linear(6, 6) for _ in range(3))
        else:
            self.qkv = nn.Linear(6, 18, bias=True)

    def forward(self, tokens, rope=None):
        return tokens


class Block(nn.Module):
    def __init__(self, separate):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(6), Attention(separate)

    def forward(self, tokens):
        return tokens + self.attn(self.norm1(tokens))


class Transformer(nn.Module):
    """As timm's: a class token and three others, patches of 8 pixels."""

    num_prefix_tokens = 4

    def __init__(self, separate=False):
        super().__init__()
        self.patch_embed = nn.Module()
        self.patch_embed.patch_size = (8, 8)
        self.patch_embed.proj = nn.Conv2d(3, 6, 8, 8)
        self.prefix = nn.Parameter(torch.ones(1, 4, 6))
        self.blocks = nn.ModuleList([Block(separate), Block(separate)])

    def forward_features(self, images):
        patches = self.patch_embed.proj(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.prefix.expand(len(images), -1, -1), patches], dim=1)
        for block in self.blocks:
            tokens = block(tokens)
        return tokens


@pytest.fixture
def timm(monkeypatch):
    """A stand-in for timm that notes what was asked of it."""
    module = types.ModuleType('timm')
    module.asked = []

    def create_model(name, **settings):
        module.asked.append((name, settings))
        if name == 'unknown':
            raise RuntimeError('Unknown model (unknown)\nwith another line')
        return nn.Linear(1, 1) if name == 'linear' else Transformer(name == 'separate')

    module.create_model, module.__version__ = create_model, '1.0'
    module.is_model = lambda name: name in ('vit_small_patch8_224.dino', 'linear')
    monkeypatch.setitem(sys.modules, 'timm', module)
    return module


def saved(path, model, **changes):
    torch.save({**model.state_dict(), **changes}, path)
    return str(path)


@pytest.mark.parametrize(('facet', 'part'), [('query', 0), ('key', 1), ('value', 2)])
def test_the_last_attention_of_a_transformer(timm, tmp_path, facet, part):
    torch.manual_seed(0)
    model = Transformer()
    weights = saved(tmp_path / 'w.pth', model, **{'head.weight': torch.ones(2)})
    extractor = TimmFeatures('dino_vits8', weights, facet=facet, image_size=37, device='cpu')
    features = list(extractor.extract(FRAMES))
    assert timm.asked == [('vit_small_patch8_224.dino', dict(
        pretrained=False, num_classes=0, dynamic_img_size=True))]
    assert [grid.shape for grid in features] == [(6, 4, 4)] * 3
    seen = []
    images = next(iter_images())
    model.blocks[1].norm1.register_forward_hook(lambda module, args, output: seen.append(output))
    with torch.no_grad():
        model.forward_features(images)
        expected = model.blocks[1].attn.qkv(seen[0])[:, 4:, 6 * part:6 * part + 6]
    assert pytest.approx(expected[0].numpy(), abs=1e-5) == features[0].reshape(6, 16).T


def iter_images():
    """The first frame as the network gets it: a square, resized by Lanczos and normalised."""
    images = []
    next(feature_maps(lambda batch: (images.append(batch), batch)[1], FRAMES, 32, 8, 1, 'cpu'))
    yield images[0]


def test_frames_are_normalised_as_imagenet_is():
    frames = np.full((1, 8, 8, 3), 255, np.uint8)
    values = next(feature_maps(lambda batch: batch, frames, 4, 4, 1, 'cpu'))
    assert values[:, 0, 0] == pytest.approx((1 - np.array(MEAN)) / STD, rel=1e-5)


def test_projections_of_their_own(timm, tmp_path):
    torch.manual_seed(0)
    weights = saved(tmp_path / 'w.pth', Transformer(separate=True))
    grid, *_ = TimmFeatures('separate', weights, image_size=32, device='cpu').extract(FRAMES)
    assert grid.shape == (6, 4, 4) and np.ptp(grid) > 0


@pytest.mark.parametrize(('settings', 'message'), [
    (dict(model='unknown', checkpoint='w.pth'), 'timm cannot build unknown (Unknown model'),
    (dict(model='unknown'), 'give the path of the weights as `checkpoint`'),
    (dict(model='linear', checkpoint='w.pth'), 'expected a vision transformer, found linear'),
    (dict(model='separate', checkpoint='w.pth'), 'w.pth does not fit Transformer: 12 weights are '
     'missing, 4 are unknown, for example blocks.0.attn.k_proj.bias'),
    (dict(checkpoint='shapes.pth'), 'shapes.pth does not fit Transformer: '),
    (dict(checkpoint='none.pth'), 'none.pth'),
    (dict(checkpoint='bad.safetensors'), 'bad.safetensors cannot be read'),
    (dict(checkpoint='w.pth', image_size=15), 'image_size to be at least two patches of 8 pixels')])
def test_what_does_not_fit_is_told_in_one_line(timm, tmp_path, monkeypatch, settings, message):
    monkeypatch.chdir(tmp_path)
    Path('bad.safetensors').write_bytes(b'no')
    saved('w.pth', Transformer())
    saved('shapes.pth', Transformer(), prefix=torch.ones(1, 5, 6))
    with pytest.raises(S2DInputError) as info:
        list(TimmFeatures(**settings, device='cpu').extract(FRAMES))
    assert message in str(info.value) and '\n' not in str(info.value)
    assert len(str(info.value)) < 300


def test_without_timm_one_line_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, 'timm', None)
    with pytest.raises(S2DInputError, match='TimmFeatures needs timm, .*pip install timm.*Motion'):
        list(TimmFeatures().extract(FRAMES))


def test_what_is_missing_is_told_before_a_run(timm, monkeypatch):
    TimmFeatures('dino_vits8').check_ready()
    TimmFeatures('hf-hub:somebody/model').check_ready()  # only the hub knows
    with pytest.raises(S2DInputError, match='timm 1.0 knows no model dino_vitz8; choose one of'):
        TimmFeatures('dino_vitz8').check_ready()
    assert timm.asked == []
    for name in ('timm', 'mmpretrain'):
        monkeypatch.setitem(sys.modules, name, None)
    for extractor, told in (
            (dict(type='TimmFeatures'), 'TimmFeatures needs timm, which does not import'),
            (dict(type='BackboneFeatures', backbone=dict(type='mmpretrain.ViT')),
             'mmpretrain.ViT needs mmpretrain, which does not import')):
        proposer = MaskCutProposer(extractor)  # a config can be read without
        with pytest.raises(S2DInputError, match=told):
            proposer.check_ready()
    MaskCutProposer(dict(type='BackboneFeatures', backbone=RESNET)).check_ready()
    MaskCutProposer(dict(type='MotionColorFeatures')).check_ready()


def test_a_frame_smaller_than_a_patch(timm, tmp_path):
    weights = saved(tmp_path / 'w.pth', Transformer())
    with pytest.raises(S2DInputError, match='frame 0: expected a patch of 8x8 pixels or more, '
                                            'found 40x7'):
        list(TimmFeatures(checkpoint=weights, image_size=32, device='cpu').extract(FRAMES[:, :7]))


def test_where_memory_does_not_suffice_batches_get_smaller():
    sizes = []

    def network(images):
        sizes.append(len(images))
        if len(images) > most:
            raise torch.OutOfMemoryError('CUDA out of memory')
        return images

    frames, most = np.zeros((7, 8, 8, 3), np.uint8), 2
    assert len(list(feature_maps(network, frames, 4, 4, 6, 'cpu'))) == 7
    assert sizes == [6, 3, 1, 1, 1, 1, 1, 1, 1]
    most = 0
    with pytest.raises(S2DInputError, match='cpu has no memory for one frame of 4x4'):
        list(feature_maps(network, frames, 4, 4, 4, 'cpu'))


def test_the_last_map_of_a_backbone(tmp_path):
    from s2d_plugins.registry import MODELS
    torch.manual_seed(0)
    model = MODELS.build(RESNET)
    weights = {f'backbone.{name}': value for name, value in model.state_dict().items()}
    torch.save(dict(state_dict={**weights, 'head.fc.weight': torch.ones(2)}), tmp_path / 'w.pth')
    extractor = BackboneFeatures(RESNET, str(tmp_path / 'w.pth'), image_size=64, device='cpu')
    features = list(extractor.extract(FRAMES))
    assert [grid.shape for grid in features] == [(32, 2, 2)] * 3
    model.eval()
    images = []
    list(feature_maps(lambda batch: (images.append(batch), batch)[1], FRAMES, 64, 16, 4, 'cpu'))
    with torch.no_grad():
        assert features[1] == pytest.approx(model(images[0])[-1][1].numpy(), abs=1e-5)


@pytest.mark.parametrize(('settings', 'message'), [
    (dict(backbone=dict(type='mmpretrain.VisionTransformer')), 'mmpretrain.VisionTransformer needs '
     'mmpretrain, which does not import'),
    (dict(backbone=dict(type='NoBackbone')), 'NoBackbone is not in'),
    (dict(backbone=RESNET, checkpoint='other.pth'), 'other.pth does not fit ResNet: '),
    (dict(backbone=dict(type='mmdet.L1Loss')), 'L1Loss')])
def test_backbones_that_are_none(tmp_path, monkeypatch, settings, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, 'mmpretrain', None)
    torch.save({'backbone.conv9.weight': torch.ones(1)}, 'other.pth')
    with pytest.raises(S2DInputError) as info:
        list(BackboneFeatures(**settings, device='cpu', image_size=64).extract(FRAMES))
    assert message in str(info.value) and '\n' not in str(info.value)


def test_a_backbone_without_a_map(monkeypatch):
    extractor = BackboneFeatures(RESNET, image_size=64, device='cpu')
    extractor._model = lambda images: (torch.zeros(len(images), 9),)
    with pytest.raises(S2DInputError, match=r'give a feature map .* found \(3, 9\); of a vision'):
        list(extractor.extract(FRAMES))
