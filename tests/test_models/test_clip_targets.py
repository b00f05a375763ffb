import pytest
import torch
from small_model import make_clip

from s2d_plugins.errors import S2DInputError
from s2d_plugins.models.clip_targets import collect_clip_targets


def collect(clip, num_classes=1):
    frames = [clip[t] for t in range(len(clip))]
    return collect_clip_targets([frames], num_classes, torch.device('cpu'))[0]


def test_instances_are_joined_by_id_and_absent_frames_are_unknown():
    targets = collect(make_clip([{7: (0, 0, 4, 4), 3: (8, 8, 16, 16)}, {}, {3: (0, 0, 2, 2)}]))
    assert targets.known.tolist() == [[True, False, True], [True, False, False]]
    assert targets.masks.flatten(2).sum(dim=2).tolist() == [[64, 0, 4], [16, 0, 0]]
    assert targets.labels.tolist() == [0, 0]


def test_masks_are_averaged_over_coarser_cells():
    targets = collect(make_clip([{1: (0, 0, 2, 4)}, {}])).resized((16, 16))
    assert targets.masks[0, 0, 0, :2].tolist() == [0.5, 0.0]
    assert targets.masks.sum().item() == pytest.approx(0.5)


def test_a_clip_without_keymasks_has_no_instances():
    targets = collect(make_clip([{}, {}]))
    assert len(targets) == 0
    assert targets.resized((8, 8)).masks.shape == (0, 2, 8, 8)


def test_a_label_beyond_the_models_classes_is_refused():
    with pytest.raises(S2DInputError, match='label 4.*1 class'):
        collect(make_clip([{1: (0, 0, 2, 2)}], label=4))


def test_one_bad_label_among_good_ones_is_refused():
    clip = make_clip([{1: (0, 0, 2, 2), 2: (4, 4, 8, 8)}, {1: (0, 0, 2, 2)}])
    clip[0].gt_instances.labels = torch.tensor([1, 0])
    with pytest.raises(S2DInputError, match='label 1.*1 class'):
        collect(clip)
