"""The second eigenvector of a normalised cut, by a few steps of a block Krylov method.

The cut's problem (D - A) x = l D x has the eigenvectors of the normalised affinity
D^-1/2 A D^-1/2, whose largest eigenvalue, 1, belongs to a known vector and is left out. A product
with the two-valued affinity is one float32 matrix product of 0 and 1; a last correction in float64
tells apart eigenvalues that lie close together.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from .patch_graph import WEAK, PatchGraph

#: Vectors in a block, up to so many blocks; graphs of up to DENSE nodes are solved directly.
BLOCK, MOST_BLOCKS, DENSE = 4, 30, 300
#: Residual, as a share of the gap to the next eigenvalue, at which an eigenvector is found.
TOLERANCE = 1e-5
#: Corrections in float64, and rows that are turned into float64 at a time.
CORRECTIONS, ROWS = 8, 256


@dataclass(frozen=True)
class Cut:
    """A solution of the normalised cut.

    Attributes:
        vector: (P,) float64, of length 1; its sign means nothing.
        value: Its eigenvalue: near 0 where the two sides hardly look alike, near 1 where the
            patches have no sides.
        start: (P, n), what a similar graph may start from.
    """

    vector: np.ndarray
    value: float
    start: np.ndarray


class _Affinity:
    """The normalised affinity of a graph's classes, without its first eigenvector."""

    def __init__(self, graph: PatchGraph):
        self.graph = graph
        self.scale = np.sqrt(graph.sizes / graph.degrees)
        first = np.sqrt(graph.sizes * graph.degrees)
        self.first = first / np.linalg.norm(first)

    def __matmul__(self, vectors: np.ndarray) -> np.ndarray:
        """Multiply (K, n) vectors; errors are those of float32."""
        scaled = self.scale[:, None] * vectors
        return self._with_weak(self.graph.alike @ scaled.astype(np.float32), scaled, vectors)

    def exactly(self, vectors: np.ndarray) -> np.ndarray:
        """Multiply (K, n) vectors in float64."""
        scaled = self.scale[:, None] * vectors
        alike = self.graph.alike
        product = np.concatenate([alike[start:start + ROWS].astype(np.float64) @ scaled
                                  for start in range(0, len(alike), ROWS)])
        return self._with_weak(product, scaled, vectors)

    def _with_weak(self, product, scaled, vectors):
        product = (1 - WEAK) * product + WEAK * scaled.sum(axis=0)
        return self.scale[:, None] * product - np.outer(self.first, self.first @ vectors)

    def freed(self, vectors: np.ndarray) -> np.ndarray:
        """Return vectors without the first eigenvector's part."""
        return vectors - np.outer(self.first, self.first @ vectors)

    def matrix(self) -> np.ndarray:
        """Return the whole matrix (K, K), the first eigenvector's part included."""
        alike = self.graph.alike.astype(np.float64)
        return self.scale[:, None] * ((1 - WEAK) * alike + WEAK) * self.scale


def second_eigenvector(graph: PatchGraph, start: np.ndarray | None = None) -> Cut | None:
    """Find the second eigenvector of a graph's normalised cut.

    The dense solver takes over where the graph is small, where the steps do not converge and
    where twins are told apart by it. The result is the same whenever it is computed.

    Args:
        graph: Of P patches.
        start: ``start`` of a similar graph's :class:`Cut`, such as the neighbouring frame's;
            another number of patches is passed over.

    Returns:
        None if all patches are twins: nothing tells them apart.
    """
    if len(graph.sizes) == 1:
        return None
    affinity = _Affinity(graph)
    if len(graph.sizes) <= DENSE:
        values, vectors = _largest(affinity.matrix(), min(BLOCK, len(graph.sizes) - 1))
        found = values[0] > graph.apart
    else:
        values, vectors, found = _krylov(affinity, _start_block(affinity, start))
        found &= values[0] > graph.apart
    classes = graph.classes
    if not found:
        values, vectors = dense_eigenvectors(graph)
        classes = np.arange(len(classes))
        weight = np.sqrt(graph.degrees[graph.classes])
    else:
        weight = np.sqrt(graph.sizes * graph.degrees)
    patches = (vectors / weight[:, None])[classes]
    patches /= np.linalg.norm(patches, axis=0)
    return Cut(patches[:, 0], float(1 - values[0]), patches)


def dense_eigenvectors(graph: PatchGraph) -> tuple[np.ndarray, np.ndarray]:
    """Solve for all patches by scipy's dense solver; second and third eigenvector."""
    alike = graph.alike[np.ix_(graph.classes, graph.classes)].astype(np.float64)
    shares = (alike > 0) & (alike < 1)
    alike[shares & ~np.eye(len(alike), dtype=bool)] = 0
    alike[shares & np.eye(len(alike), dtype=bool)] = 1
    scale = 1 / np.sqrt(graph.degrees[graph.classes])
    return _largest(scale[:, None] * ((1 - WEAK) * alike + WEAK) * scale, 2)


def _largest(matrix: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest eigenvalues after the first, in falling order, and their vectors."""
    count = min(count, len(matrix) - 1)
    values, vectors = eigh(matrix, subset_by_index=[len(matrix) - 1 - count, len(matrix) - 2])
    return values[::-1], vectors[:, ::-1]


def _start_block(affinity: _Affinity, start: np.ndarray | None) -> np.ndarray:
    """Return (K, BLOCK) vectors: those of a neighbour and at least one without prejudice."""
    graph = affinity.graph
    block = np.random.default_rng(0).standard_normal((len(graph.sizes), BLOCK))
    if start is not None and len(start) == len(graph.classes):
        known = start[:, :BLOCK - 1]
        sums = np.stack([np.bincount(graph.classes, column, len(graph.sizes))
                         for column in known.T], axis=1)
        block[:, :known.shape[1]] = sums * np.sqrt(graph.degrees / graph.sizes)[:, None]
    return affinity.freed(block)


def _krylov(affinity: _Affinity, block: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return eigenvalues, vectors (K, BLOCK), and whether the first is found."""
    basis = np.linalg.qr(block)[0]
    products = affinity @ basis
    for step in range(1, MOST_BLOCKS):
        new = affinity.freed(products[:, -BLOCK:])
        for _ in range(2):
            new = new - basis @ (basis.T @ new)
        new = np.linalg.qr(new)[0]
        basis = np.hstack([basis, new])
        products = np.hstack([products, affinity @ new])
        values, mixture = np.linalg.eigh(basis.T @ products)
        values, mixture = values[:-BLOCK - 1:-1], mixture[:, :-BLOCK - 1:-1]
        residual = np.linalg.norm(products @ mixture[:, 0] - values[0] * (basis @ mixture[:, 0]))
        # what only the random vector knew of must have had the time to grow
        if step >= 3 and residual <= max(TOLERANCE * (values[0] - values[1]), 1e-6):
            break
    return _corrected(affinity, basis @ mixture)


def _corrected(affinity: _Affinity, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Free eigenvectors of the error that float32 leaves, and judge the first."""
    vectors = np.linalg.qr(affinity.freed(vectors))[0]
    products = affinity.exactly(vectors)
    for correction in range(CORRECTIONS + 1):
        values, mixture = np.linalg.eigh(vectors.T @ products)
        values, mixture = values[:-BLOCK - 1:-1], mixture[:, :-BLOCK - 1:-1]
        vectors, products = vectors @ mixture, products @ mixture
        residuals = products - vectors * values
        found = np.linalg.norm(residuals[:, 0]) <= TOLERANCE * (values[0] - values[1])
        if found or correction == CORRECTIONS:
            break
        new = affinity.freed(residuals)
        for _ in range(2):
            new = new - vectors @ (vectors.T @ new)
        new = np.linalg.qr(new)[0]
        products = np.hstack([products, affinity.exactly(new)])
        vectors = np.hstack([vectors, new])
    return values, vectors, bool(found)
