"""Discovery against the slow reference, and every way of calling it."""

import numpy as np
import pytest
import reference_discovery
from small_worlds import World, WorldPrior, noisy_proposals, random_world

from s2d_plugins.errors import S2DInputError
from s2d_plugins.keymasks import KeymaskDiscovery, to_labels
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.motion import BaseMotionPrior
from s2d_plugins.structures import PointTracks


def comparable(masks, one2x, ranges):
    return sorted(masks.items()), round(one2x, 9), [tuple(span) for span in ranges]


@pytest.mark.parametrize('seed', range(16))
def test_equals_reference(seed):
    rng = np.random.default_rng(seed)
    world = random_world(rng)
    proposals = noisy_proposals(world, rng)
    prior = WorldPrior(world)
    expected = reference_discovery.discover(prior, world.frames, proposals, grid_size=24)
    found = KeymaskDiscovery(prior, grid_size=24).discover(world.frames, proposals)
    assert sorted(comparable(i.masks, i.one2x, i.visibility_ranges) for i in found) == sorted(
        comparable(i['masks'], i['one2x'], i['ranges']) for i in expected)


@pytest.fixture
def two_objects():
    """Two rectangles that never meet, for 12 frames, each proposed perfectly."""
    world = World(12, 40, 64, [(4, 4, 16, 12, 1, 0), (40, 24, 16, 12, -1, 0)])
    return world, [[owner == 0, owner == 1] for owner in world.owner]


def test_two_objects_by_hand(two_objects):
    world, masks = two_objects
    prior = WorldPrior(world)
    found = KeymaskDiscovery(prior).discover(world.frames, masks)
    assert [instance.masks for instance in found] == [{t: 0 for t in range(12)},
                                                      {t: 1 for t in range(12)}]
    assert all(instance.one2x == 0 for instance in found)
    assert all(instance.visibility_ranges == [(0, 11)] for instance in found)
    assert prior.calls == 1


def test_id_maps_rles_and_bool_masks_agree(two_objects):
    world, masks = two_objects
    discovery = KeymaskDiscovery(WorldPrior(world))
    expected = discovery.discover(world.frames, masks)
    # Ids 3 and 7 stand for the objects: the n-th smallest id is index n.
    id_maps = np.select([world.owner == 0, world.owner == 1], [3, 7], 0)
    rles = [[encode_mask(mask) for mask in frame] for frame in masks]
    scored = [[{'segmentation': rle, 'score': 0.5} for rle in frame] for frame in rles]
    for given in (id_maps, rles, scored):
        assert discovery.discover(world.frames, given) == expected


def test_merged_proposals_are_flagged(two_objects):
    """The union of both objects, proposed in each frame beside the objects themselves."""
    world, masks = two_objects
    masks = [frame + [frame[0] | frame[1]] for frame in masks]
    found = KeymaskDiscovery(WorldPrior(world)).discover(world.frames, masks)
    by_index = {next(iter(instance.masks.values())): instance.one2x for instance in found}
    # Each object overlaps itself and the union in every frame, and so does the union.
    assert by_index == {0: 1.0, 1: 1.0, 2: 1.0}


def test_spurious_masks_are_left_out(two_objects):
    world, masks = two_objects
    spurious = np.zeros(world.size, bool)
    spurious[30:38, 2:12] = True
    masks[3] = masks[3] + [spurious]
    found = KeymaskDiscovery(WorldPrior(world)).discover(world.frames, masks)
    assert [set(instance.masks.items()) for instance in found] == [
        {(t, 0) for t in range(12)}, {(t, 1) for t in range(12)}]


def test_windows_join_to_the_whole():
    world = World(60, 40, 64, [(2, 4, 14, 12, 0.5, 0), (44, 24, 16, 12, -0.5, 0)])
    masks = [[owner == 0, owner == 1] for owner in world.owner]
    progress = []
    found = KeymaskDiscovery(WorldPrior(world), window=24, window_overlap=8).discover(
        world.frames, masks, progress=lambda done, total: progress.append(done / total))
    assert [instance.masks for instance in found] == [{t: 0 for t in range(60)},
                                                      {t: 1 for t in range(60)}]
    assert all(instance.visibility_ranges == [(0, 59)] for instance in found)
    assert progress == sorted(progress) and progress[-1] == 1


def test_frames_without_masks_are_fine(two_objects):
    world, masks = two_objects
    masks[5] = []
    found = KeymaskDiscovery(WorldPrior(world)).discover(world.frames, masks)
    assert [5 in instance.masks for instance in found] == [False, False]
    assert KeymaskDiscovery(WorldPrior(world)).discover(world.frames, [[]] * 12) == []


def test_order_of_masks_does_not_matter(two_objects):
    world, masks = two_objects
    found = KeymaskDiscovery(WorldPrior(world)).discover(
        world.frames, [frame[::-1] for frame in masks])
    assert {next(iter(instance.masks.values())) for instance in found} == {0, 1}


@pytest.mark.parametrize(('change', 'message'), [
    (lambda masks: masks[:-1], 'expected masks for 12 frames, found 11'),
    (lambda masks: masks[:2] + [[np.ones((40, 60), bool)]] + masks[3:],
     r'frame 2: mask 0 is 40 x 60 .* expected 40 x 64'),
    (lambda masks: masks[:4] + [[np.zeros((40, 64), bool)]] + masks[5:],
     'frame 4: mask 0 has no pixels'),
    (lambda masks: masks[:1] + [np.ones((40, 64))] + masks[2:],
     'frame 1: expected an id map of integers, found float64'),
])
def test_bad_masks_are_named(two_objects, change, message):
    world, masks = two_objects
    with pytest.raises(S2DInputError, match=message):
        KeymaskDiscovery(WorldPrior(world)).discover(world.frames, change(masks))


def test_bad_frames_are_named(two_objects):
    world, masks = two_objects
    discovery = KeymaskDiscovery(WorldPrior(world))
    with pytest.raises(S2DInputError, match='a video with frames'):
        discovery.discover(world.frames[:0], [])
    with pytest.raises(S2DInputError, match='frame 0 is empty'):
        discovery.discover(world.frames[:, :0], masks)


class NaNPrior(BaseMotionPrior):
    """A faulty prior: every position after frame 3 is NaN, yet visible."""

    def track(self, frames, queries):
        xy = np.tile(queries[None, :, 1:], (len(frames), 1, 1))
        visible = np.ones(xy.shape[:2], bool)
        tracks = PointTracks(xy, visible)
        tracks.xy[4:] = np.nan
        return tracks


def test_nan_tracks_are_named(two_objects):
    world, masks = two_objects
    with pytest.raises(S2DInputError, match='frame 4: the motion prior says point 0 is visible'):
        KeymaskDiscovery(NaNPrior()).discover(world.frames, masks)


@pytest.mark.parametrize(('options', 'message'), [
    ({'grid_size': 1}, 'grid_size to be an integer from 2 to 255, found 1'),
    ({'window': 20, 'window_overlap': 20}, 'window_overlap to be an integer from 1 to 19'),
])
def test_bad_options(two_objects, options, message):
    with pytest.raises(S2DInputError, match=message):
        KeymaskDiscovery(WorldPrior(two_objects[0]), **options)


class StillPrior(BaseMotionPrior):
    """Nothing moves and all is seen."""

    def track(self, frames, queries):
        xy = np.tile(queries[None, :, 1:], (len(frames), 1, 1))
        return PointTracks(xy, np.ones(xy.shape[:2], bool))


@pytest.mark.parametrize('count', [255, 256, 1000])
def test_any_number_of_masks(count):
    """One object in as many frames; and as many masks in one frame of a short video."""
    left = np.zeros((8, 12), bool)
    left[:, :6] = True
    rle = encode_mask(left)
    discovery = KeymaskDiscovery(StillPrior(), grid_size=4)
    masks = [[rle]] * count
    found, = discovery.discover(np.zeros((count, 8, 12, 3), np.uint8), masks)
    assert found.masks == dict.fromkeys(range(count), 0)
    names = [f'a/{frame}.jpg' for frame in range(count)]
    labels = to_labels([found], masks, 'a', (8, 12), names)
    assert labels['annotations'][0]['areas'] == [48] * count
    masks = [[rle]] * 3 + [[encode_mask(~left)] * (count - 1) + [rle]] + [[rle]] * 3
    found = discovery.discover(np.zeros((7, 8, 12, 3), np.uint8), masks)
    assert {3: count - 1, **dict.fromkeys((0, 1, 2, 4, 5, 6), 0)} in [one.masks for one in found]
    assert len(to_labels(found, masks, 'a', (8, 12), names[:7])['annotations']) == len(found)
