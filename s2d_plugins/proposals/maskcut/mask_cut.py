"""MaskCut (Wang et al., CVPR 2023): one object after the other is cut out of a graph of patches."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...arguments import check_count, check_number, items_of
from ...errors import S2DInputError
from .patch_graph import look_alike, patch_graph
from .second_eigenvector import Cut, second_eigenvector

#: A further mask is rejected if it overlaps the one before by more, or covers no more than this.
MOST_OVERLAP, LEAST_SHARE = 0.5, 0.01
#: An object with so many of the grid's corners is taken for the background.
CORNERS = 3
#: Values that differ by less, as a share of the largest, are equal; so are those at the mean.
EQUAL, AT_MEAN = 1e-5, 1e-9


@dataclass(frozen=True)
class MaskCut:
    """What was cut out of one frame, in the order in which it was found.

    Attributes:
        masks: (N, rows, columns) bool, disjoint; one that was rejected is empty.
        vectors: (N, rows, columns) float64, the eigenvectors, turned so that the object has the
            higher values; zeros where nothing could be cut.
        values: (N,) their eigenvalues, 0 to about 1: how much the two sides look alike; 1 where
            nothing could be cut.
        starts: Per mask what the same mask of the next frame may start from, or None.
    """

    masks: np.ndarray
    vectors: np.ndarray
    values: np.ndarray
    starts: list[np.ndarray | None]


def maskcut(features: np.ndarray, grid_shape: Sequence[int], tau: float = 0.15,
            max_masks: int = 3, starts: Sequence[np.ndarray | None] = ()) -> MaskCut:
    """Cut up to ``max_masks`` objects out of a grid of patches.

    For each: patches are joined by 1 where the cosine of their features is strictly above ``tau``
    and by 1e-5 elsewhere; the second eigenvector of the normalised cut is split strictly above its
    mean; one side is the object (:func:`object_side`), and the 4-connected part of it around its
    highest value is the mask. Found patches lose their features but stay in the graph. A further
    mask that overlaps the one before by an IoU of over 0.5, or covers at most 1 % of the grid, is
    rejected: it counts as an empty one, also as the one before the next. Earlier masks are
    subtracted at last.

    Args:
        features: (D, P) finite, a column for each of P = rows * columns patches, row by row.
        grid_shape: (rows, columns) of the patches.
        tau: From 0 to below 1.
        max_masks: How often to cut.
        starts: ``starts`` of the neighbouring frame: fewer steps, the same masks.

    Raises:
        S2DInputError: If the features do not fit the grid, hold NaN or infinity, or a setting is
            out of its range.
    """
    features, shape = checked_features(features, grid_shape)
    check_number('maskcut', tau=tau, low=0, below=1)
    check_count('maskcut', max_masks=max_masks)
    alike = look_alike(features, tau)
    left = np.ones(len(alike), bool)
    found: list[np.ndarray] = []
    cuts: list[Cut | None] = []
    vectors = []
    for index in range(max_masks):
        if index == 0 or found[-1].any():  # else the graph is the same as before
            start = starts[index] if index < len(starts) else None
            cut = second_eigenvector(patch_graph(alike, left), start)
            mask, vector = _object_of(cut, shape)
        cuts.append(cut)
        vectors.append(vector)
        found.append(mask & (index == 0 or not _is_rejected(mask, found[-1])))
        left &= ~found[-1].ravel()
    taken = np.cumsum(found, axis=0) > 1
    return MaskCut(np.array(found) & ~taken, np.array(vectors),
                   np.array([1.0 if cut is None else cut.value for cut in cuts]),
                   [None if cut is None else cut.start for cut in cuts])


def object_side(vector: np.ndarray) -> tuple[np.ndarray, bool]:
    """Split an eigenvector at its mean and say which side is the object.

    The sign of an eigenvector is arbitrary. It is turned so that its peak, the value furthest
    from 0 (of equal ones the first, row by row), is positive. The object is the side above the
    mean, the peak's, unless that holds three or four of the grid's corners: then it is the other
    side. So where the two rules disagree, the rule of corners decides.

    Args:
        vector: (rows, columns).

    Returns:
        The vector, turned so that the object is its higher side, and whether the object is what
        is strictly above the mean; else it is all the rest.
    """
    vector = vector * np.sign(vector.flat[first_highest(np.abs(vector))])
    above = _above_mean(vector)
    corners = np.count_nonzero(above[np.ix_((0, -1), (0, -1))])
    return (-vector, False) if corners >= CORNERS else (vector, True)


def first_highest(values: np.ndarray) -> int:
    """Return the flat position of the highest value; of nearly equal ones the first."""
    highest = values.max()
    return int(np.argmax(values >= highest - EQUAL * np.abs(values).max()))


def checked_features(features: np.ndarray, grid_shape: Sequence[int]
                     ) -> tuple[np.ndarray, tuple[int, int]]:
    """Return features (D, P) and a grid's (rows, columns) that fit each other.

    Raises:
        S2DInputError: If they do not, or features are not finite.
    """
    check_count('maskcut', **items_of('maskcut', 'grid_shape', grid_shape, length=2))
    rows, columns = map(int, grid_shape)
    features = np.asarray(features)
    if features.ndim != 2 or features.shape[1] != rows * columns or not len(features) or (
            features.dtype.kind not in 'fiu'):
        raise S2DInputError(f'maskcut: expected features (channels, {rows * columns}) of numbers '
                            f'for a grid of {rows}x{columns} patches, found {features.shape} of '
                            f'{features.dtype}; give a column for each patch')
    wrong = ~np.isfinite(features).all(axis=0)
    if wrong.any():
        row, column = divmod(int(np.argmax(wrong)), columns)
        raise S2DInputError(f'maskcut: expected finite features, found NaN or infinity in '
                            f'{wrong.sum()} of {wrong.size} patches, the first in row {row}, '
                            f'column {column}; check the weights of the feature extractor, or '
                            'use full precision')
    return features, (rows, columns)


def _object_of(cut: Cut | None, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the mask around the highest value of the object, and the vector turned to it."""
    if cut is None:
        return np.zeros(shape, bool), np.zeros(shape)
    vector, is_above = object_side(cut.vector.reshape(shape))
    side = _above_mean(vector) if is_above else ~_above_mean(-vector)
    _, parts = cv2.connectedComponents(side.astype(np.uint8), connectivity=4)
    return parts == parts.flat[first_highest(vector)], vector


def _above_mean(vector: np.ndarray) -> np.ndarray:
    return vector > vector.mean() + AT_MEAN * np.abs(vector).max()


def _is_rejected(mask: np.ndarray, before: np.ndarray) -> bool:
    union = np.count_nonzero(mask | before)
    return (np.count_nonzero(mask & before) > MOST_OVERLAP * union
            or np.count_nonzero(mask) <= LEAST_SHARE * mask.size)
