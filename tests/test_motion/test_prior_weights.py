"""Weights of trackers, checked key by key."""

import pytest
import torch
from torch import nn

from s2d_plugins.errors import S2DInputError
from s2d_plugins.motion.prior_weights import load_weights


def network():
    return nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))


def test_counters_of_batch_norm_may_be_missing(tmp_path):
    """Older files have none; they play no part in evaluation."""
    weights = network().state_dict()  # with its version, so that nothing is filled in silently
    del weights['1.num_batches_tracked']
    for name, content in (('plain', weights), ('state_dict', dict(state_dict=weights)),
                          ('model', dict(model=weights))):
        torch.save(content, tmp_path / f'{name}.pth')
        model = network()
        load_weights(model, str(tmp_path / f'{name}.pth'))
        assert torch.equal(model[0].weight, weights['0.weight'])


@pytest.mark.parametrize(('change', 'message'), [
    (lambda weights: weights.pop('1.running_mean'), '1 weights are missing, 0 are unknown.*1.runn'),
    (lambda weights: weights.update(other=torch.zeros(1)), '0 weights are missing, 1 are unknown')])
def test_any_other_weight_may_not(tmp_path, change, message):
    weights = network().state_dict()
    change(weights)
    torch.save(weights, tmp_path / 'weights.pth')
    with pytest.raises(S2DInputError, match=message):
        load_weights(network(), str(tmp_path / 'weights.pth'))
