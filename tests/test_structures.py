"""Containers refuse content that means nothing."""

import dataclasses

import numpy as np
import pytest

from s2d_plugins.structures import KeymaskInstance, PointTracks

XY = np.zeros((3, 2, 2), np.float32)
SEEN = np.ones((3, 2), bool)


def test_point_tracks():
    tracks = PointTracks(XY, SEEN)
    assert len(tracks) == 3 and tracks.xy is XY and tracks.visible is SEEN
    with pytest.raises(dataclasses.FrozenInstanceError):
        tracks.xy = XY
    assert len(PointTracks(np.zeros((0, 5, 2)), np.zeros((0, 5), bool))) == 0


@pytest.mark.parametrize(('xy', 'visible'), [
    (XY[..., :1], SEEN), (XY, SEEN[:2]), (XY, SEEN[:, :1]), (XY[0], SEEN)])
def test_shapes_that_disagree(xy, visible):
    with pytest.raises(ValueError, match=r'expects xy \(T, P, 2\) and visible \(T, P\), found'):
        PointTracks(xy, visible)


def test_visible_must_be_bool():
    with pytest.raises(ValueError, match='visible to be an array of bool, found .*float32'):
        PointTracks(XY, SEEN.astype(np.float32))


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_visible_points_have_a_place(value):
    xy = XY.copy()
    xy[1, 0, 1] = value
    with pytest.raises(ValueError, match='point 0 is visible in frame 1'):
        PointTracks(xy, SEEN)
    hidden = SEEN.copy()
    hidden[1, 0] = False
    assert len(PointTracks(xy, hidden)) == 3


def test_keymask_instances_share_nothing():
    first, second = KeymaskInstance({2: 0}), KeymaskInstance({3: 1}, one2x=.25)
    first.visibility_ranges.append((2, 2))
    assert second.visibility_ranges == [] and second.one2x == .25
