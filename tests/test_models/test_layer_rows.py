import torch

from s2d_plugins.models.clip_targets import ClipTargets
from s2d_plugins.models.layer_rows import make_layer_rows

KNOWN = [[[True, False], [False, True]], [[True, True]]]


def clip(known):
    known = torch.tensor(known)
    return ClipTargets(torch.full((len(known),), 1), torch.zeros(*known.shape, 4, 4), known)


def pair(queries, instances):
    return torch.tensor(queries), torch.tensor(instances)


def test_rows_by_hand():
    """2 clips of 2 frames, 3 queries; query 2 has instance 0 of clip 0, query 0 its instance 1."""
    layers = [[pair([2, 0], [0, 1]), pair([1], [0])]]
    rows, = make_layer_rows(layers, [clip(known) for known in KNOWN], 3, 7, known_only=True)
    # frame f of query q of clip c is row (3 c + q) 2 + f
    assert rows.predicted.tolist() == [4, 1, 8, 9]
    assert [part.tolist() for part in rows.target] == [[0, 3], [0, 1]]
    assert rows.known.tolist() == [True] * 4
    assert rows.labels.tolist() == [1, 7, 1, 7, 1, 7]
    assert rows.matched.tolist() == [True, False, True, False, True, False]


def test_all_frames_by_hand():
    layers = [[pair([2, 0], [0, 1]), pair([1], [0])], [pair([], []), pair([0], [0])]]
    layers[1][0] = torch.zeros(0, dtype=torch.long), torch.zeros(0, dtype=torch.long)
    first, second = make_layer_rows(layers, [clip(known) for known in KNOWN], 3, 7,
                                    known_only=False)
    assert first.predicted.tolist() == [4, 5, 0, 1, 8, 9]
    assert first.known.tolist() == [True, False, False, True, True, True]
    assert second.predicted.tolist() == [6, 7]
    assert [part.tolist() for part in second.target] == [[], [0, 1]]
    assert second.labels.tolist() == [7, 7, 7, 1, 7, 7]
