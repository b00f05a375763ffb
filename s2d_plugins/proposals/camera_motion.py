"""Motion that the camera does not explain: residual optical flow and its saliency.

Pure functions on flow fields (H, W, 2): displacement in pixels, x then y.
"""

from collections.abc import Mapping

import numpy as np

#: Residuals below this many pixels are flow noise, whatever the frame's own noise level.
NOISE_FLOOR = 0.5


def residual_flow(flow: np.ndarray, step: int = 6, rounds: int = 8) -> tuple[np.ndarray, float]:
    """Subtract the camera's motion, an affine field fitted with a robust (Geman-McClure) loss.

    An affine field is preferred to a homography: with noisy flow the two extra parameters bend
    towards large objects.

    Args:
        flow: (H, W, 2) flow between two frames.
        step: Pixels between the samples that the fit uses.
        rounds: Rounds of iterative re-weighting.

    Returns:
        The residual (H, W, 2) float32 and the typical length of a background residual in pixels
        (1.4826 times the median).
    """
    height, width = flow.shape[:2]
    step = max(1, min(step, height // 8, width // 8))
    basis = _affine_basis(height, width)
    samples = basis[::step, ::step].reshape(-1, 3)
    target = flow[::step, ::step].reshape(-1, 2).astype(np.float32)
    weights = np.ones(len(samples), np.float32)
    for _ in range(rounds):
        weighted = samples * weights[:, None]
        affine = np.linalg.solve(weighted.T @ samples + 1e-3 * np.eye(3, dtype=np.float32),
                                 weighted.T @ target)
        error = np.linalg.norm(target - samples @ affine, axis=1)
        scale = max(1.4826 * float(np.median(error)), 0.1)
        weights = (1 + (error / (2 * scale)) ** 2) ** -2
    return flow - basis @ affine.astype(np.float32), scale


def _affine_basis(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.stack([np.ones_like(rows), columns / width * 2 - 1, rows / width * 2 - 1], axis=-1)


def motion_saliency(flows: Mapping[int, np.ndarray], tolerance: float = 3.0) -> np.ndarray:
    """How surely each pixel moves by itself and keeps its direction over several frame gaps.

    Every residual is divided by what counts as large in its own flow field and turned forward in
    time; then they are averaged as vectors. What keeps moving one way adds up, flicker of water
    and leaves cancels out.

    Args:
        flows: Frame gap (negative: to an earlier frame) to flow (H, W, 2); at least one.
        tolerance: How many times the typical background residual counts as large.

    Returns:
        (H, W) float32 in [0, 1); 0.5 for a motion of exactly the tolerated size.
    """
    total = 0.
    for gap, flow in flows.items():
        residual, scale = residual_flow(flow)
        total = total + np.sign(gap) * residual / np.hypot(tolerance * scale, NOISE_FLOOR)
    squared = ((total / len(flows)) ** 2).sum(axis=-1)
    return (squared / (squared + 1)).astype(np.float32)
