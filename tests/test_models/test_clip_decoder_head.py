import pytest
import torch
from mmdet.models.tracking_heads import Mask2FormerTrackHead
from mmengine.registry import init_default_scope
from small_model import build_small, small_config

from s2d_plugins.registry import MODELS

LAYERS = 4


def both_heads():
    """Ours, and mmdet's with mmdet's pixel decoder and the same weights; features of 2 clips."""
    model = build_small(head=dict(transformer_decoder=dict(num_layers=LAYERS))).student
    config = small_config().model.detector
    config.track_head.update(type='mmdet.Mask2FormerTrackHead')
    config.track_head.transformer_decoder.num_layers = LAYERS
    config.track_head.pixel_decoder.type = 'MSDeformAttnPixelDecoder'
    init_default_scope('s2d_plugins')
    theirs = MODELS.build(dict(config.track_head, in_channels=[32, 64, 128, 256]))
    assert type(theirs) is Mask2FormerTrackHead
    # checkpoints hold weights by name, and the optimiser's state in this order
    assert list(theirs.state_dict()) == list(model.track_head.state_dict())
    assert [*dict(theirs.named_parameters())] == [*dict(model.track_head.named_parameters())]
    theirs.load_state_dict(model.track_head.state_dict())
    torch.manual_seed(2)
    with torch.no_grad():  # not square, and not of whole strides
        features = model.backbone(torch.randn(6, 3, 64, 80))
    return model.track_head, theirs, features


def assert_same(ours, theirs):
    for mine, other in zip(ours, theirs, strict=True):
        assert len(mine) == len(other) == LAYERS + 1
        assert all(torch.equal(*pair) for pair in zip(mine, other, strict=True))


@pytest.mark.parametrize('training', [True, False])
def test_the_forward_pass_is_mmdets_bit_for_bit(training):
    ours, theirs, features = both_heads()
    assert_same(ours.train(training)(features), theirs.train(training)(features, None))


def test_queries_that_would_see_nothing_look_everywhere_as_in_mmdet():
    ours, theirs, features = both_heads()
    with torch.no_grad():
        for head in (ours, theirs):
            head.mask_embed[-1].weight.zero_()
            head.mask_embed[-1].bias.fill_(-1)
            head.pixel_decoder.mask_feature.bias.fill_(10)
    outputs = ours(features)
    assert all((masks < 0).all() for masks in outputs[1])
    assert all(torch.isfinite(scores).all() for scores in outputs[0])
    assert_same(outputs, theirs(features, None))


def test_gradients_are_mmdets():
    ours, theirs, features = both_heads()
    for head, args in ((ours, ()), (theirs, (None,))):
        scores, masks = head(features, *args)
        sum(x.square().mean() for x in (*scores, *masks)).backward()
    gradients = {name: value.grad for name, value in theirs.named_parameters()}
    assert any(value.abs().max() > 0 for value in gradients.values())
    for name, value in ours.named_parameters():
        torch.testing.assert_close(value.grad, gradients[name])


def test_the_last_layer_alone_is_the_last_of_all():
    ours, _, features = both_heads()
    scores, masks = ours.eval()(features, clips=2)
    assert masks[-1].shape[:3] == (2, 5, 3)
    last = ours.forward_last(features, clips=2)
    assert torch.equal(last[0], scores[-1]) and torch.equal(last[1], masks[-1])
    assert ours.forward_last(features)[1].shape[:3] == (1, 5, 6)  # by default one video
