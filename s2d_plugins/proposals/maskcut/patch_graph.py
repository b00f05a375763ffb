"""The graph that MaskCut cuts: patches, joined fully where they look alike and weakly elsewhere.

Its affinity has two values only, 1 and :data:`WEAK`. Patches with the same neighbours (twins) have
the same value in the eigenvector that is looked for, so that one of them stands for all: found
patches, which have no features any more, become a single node, and so do patches that nothing
else looks like. What is left is smaller, exact, and has no needless multiple eigenvalues.
"""

from dataclasses import dataclass

import numpy as np

#: Affinity of patches that do not look alike.
WEAK = 1e-5


@dataclass(frozen=True)
class PatchGraph:
    """Classes of patches that are twins, and how the classes are joined.

    Attributes:
        classes: (P,) class of each patch, numbered in the order of their first patches.
        sizes: (K,) float64, patches of each class.
        alike: (K, K) float32, share of the pairs of patches of two classes that look alike; 0 or
            1, but for the diagonal of a class whose patches look like none of their own class.
        degrees: (K,) float64, sum of a patch's affinities to all patches, itself among them.
        apart: Largest eigenvalue of the normalised affinity that belongs to a difference between
            twins; the graph of the classes has all other eigenvalues.
    """

    classes: np.ndarray
    sizes: np.ndarray
    alike: np.ndarray
    degrees: np.ndarray
    apart: float


def look_alike(features: np.ndarray, tau: float) -> np.ndarray:
    """Say which patches look alike: the cosine of their features is strictly above ``tau``.

    Args:
        features: (D, P) finite; a patch without features looks like none, not even like itself.
        tau: From 0 to below 1.

    Returns:
        (P, P) float32 of 0 and 1, symmetric.
    """
    rows = np.ascontiguousarray(features.T, np.float32)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return (rows @ rows.T > tau).astype(np.float32)


def patch_graph(alike: np.ndarray, left: np.ndarray) -> PatchGraph:
    """Build the graph of all patches, of which only those ``left`` have features.

    Args:
        alike: (P, P) float32 of :func:`look_alike`.
        left: (P,) bool.
    """
    signature, itself = _signatures(alike, left)
    _, first, classes, sizes = np.unique(signature, axis=0, return_index=True,
                                         return_inverse=True, return_counts=True)
    order = np.argsort(first)
    first, sizes, classes = first[order], sizes[order], np.argsort(order)[classes.ravel()]
    among = alike if len(first) == len(alike) else alike[np.ix_(first, first)]
    if not left[first].all():
        among = among * np.outer(left[first], left[first])
    lonely = (sizes > 1) & itself[first]
    if lonely.any():
        among[lonely, lonely] = 1 / sizes[lonely]
    neighbours = (among @ sizes.astype(np.float32)).astype(np.float64)
    degrees = neighbours + WEAK * (len(alike) - neighbours)
    apart = float((1 - WEAK) / degrees[lonely].min()) if lonely.any() else 0.0
    return PatchGraph(classes, sizes.astype(np.float64), among, degrees, apart)


def _signatures(alike: np.ndarray, left: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give twins equal rows: sums of random numbers, one for each neighbour.

    The numbers are integers whose sums float32 holds exactly.

    Returns:
        (P, 4) signatures, and (P,) bool, where the patch itself is not among the neighbours
        though it looks like itself: patches that look alike to others, not to each other.
    """
    count = len(alike)
    codes = np.random.default_rng(0).integers(1, max(2, 2**23 // count), (count, 3))
    numbers = (codes * left[:, None]).astype(np.float32)
    sums = alike @ numbers
    sums[~left] = 0
    _, inverse, sizes = np.unique(sums, axis=0, return_inverse=True, return_counts=True)
    itself = left & (alike.diagonal() > 0) & (sizes[inverse.ravel()] == 1)
    sums[itself] -= numbers[itself]
    return np.column_stack([itself, sums]), itself
