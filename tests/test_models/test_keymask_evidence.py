import pytest
import torch

from s2d_plugins.models.clip_targets import ClipTargets
from s2d_plugins.models.keymask_evidence import KeymaskEvidence
from s2d_plugins.registry import TASK_UTILS


def test_weights_by_hand():
    # one clip, two frames of 1 x 4 pixels; the instance's keymask covers the left half of frame 0
    masks = torch.zeros(1, 2, 1, 4)
    masks[0, 0, 0, :2] = 1
    clip = ClipTargets(torch.zeros(1, dtype=torch.long), masks, torch.tensor([[True, False]]))
    logits = torch.full((1, 4, 2, 1, 4), -1.0)
    logits[0, 0, 0, 0, :2] = 1       # repeats the keymask
    logits[0, 1, 0, 0, 1:3] = 1      # half on it
    logits[0, 2, 0, 0, 2:] = 1       # elsewhere: perhaps an object without a keymask
    logits[0, 3, 1, 0, :] = 1        # nothing in the frame that has a keymask
    evidence = TASK_UTILS.build(dict(type='s2d_plugins.KeymaskEvidence', unproven_weight=0.2))
    assert evidence(logits, [clip])[0].tolist() == pytest.approx([1.0, 0.6, 0.2, 1.0])


def test_a_clip_without_keymasks_proves_nothing():
    clip = ClipTargets(torch.zeros(0, dtype=torch.long), torch.zeros(0, 2, 1, 4),
                       torch.zeros(0, 2, dtype=torch.bool))
    weights = TASK_UTILS.build(dict(type='s2d_plugins.KeymaskEvidence', unproven_weight=0.0))(
        torch.ones(1, 3, 2, 1, 4), [clip])
    assert weights.tolist() == [[0.0, 0.0, 0.0]]


def test_a_weight_outside_its_range_is_refused():
    with pytest.raises(ValueError, match=r'found 1\.5'):
        TASK_UTILS.build(dict(type='s2d_plugins.KeymaskEvidence', unproven_weight=1.5))


def test_several_instances_prove_together():
    """Instance A is known in frame 0 (left half), B in frame 1 (right half): both count."""
    masks = torch.zeros(2, 2, 1, 4)
    masks[0, 0, 0, :2] = masks[1, 1, 0, 2:] = 1
    clip = ClipTargets(torch.zeros(2, dtype=torch.long), masks,
                       torch.tensor([[True, False], [False, True]]))
    logits = torch.full((1, 4, 2, 1, 4), -1.0)
    logits[0, 0, 0, 0, :2] = 1             # A
    logits[0, 1, 1, 0, :2] = 1             # beside B
    logits[0, 2, 0, 0, :] = 1              # half of it on A
    logits[0, 3, :, 0, 2:] = 1             # half of it on B
    assert KeymaskEvidence(0.2)(logits, [clip])[0].tolist() == pytest.approx([1.0, 0.2, 0.6, 0.6])
