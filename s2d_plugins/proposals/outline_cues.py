"""What a network is told of an object's surroundings to find its outline."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

from .motion_cues import relative_error

#: Channels of :func:`outline_cues`.
NUM_CUES = 14
#: Among them the colours, and how much likelier they are inside.
COLOURS, LIKELIER = slice(8, 11), 11
#: Cells along a side of a crop.
CELLS = 128
#: Side of a crop, in longer sides of the mask's box.
CROP_FACTOR = 1.6
#: Frame gaps over which motion is measured.
GAPS = (-3, -1, 1, 3)
#: Bins of each Lab channel, and by how many of them a colour is spread.
_BINS, _SPREAD = 16, 0.8
_COLOUR_LIMIT = 3.0
#: Cells between the samples of a fit, its rounds, and the length in pixels that counts as still.
_STEP, _ROUNDS, _STILL = 4, 4, 0.3
#: Cells beyond a mask that may be the object's.
_BELT = 6
_LONGEST_GAP = 6

#: Left, top and side of a square in pixels; it may leave the frame.
Window = tuple[float, float, float]


@dataclass(frozen=True)
class OutlineCrop:
    """A square of a frame and the motion in it.

    Attributes:
        image: (:data:`CELLS`, :data:`CELLS`, 3) uint8 RGB.
        flows: (gaps, CELLS, CELLS, 2) in pixels.
        errors: (gaps, CELLS, CELLS) difference of grey levels after warping.
        gaps: By how many frames the other frames are later; negative if they are earlier.
    """

    image: np.ndarray
    flows: np.ndarray
    errors: np.ndarray
    gaps: Sequence[int]


def crop_window(box: tuple[float, float, float, float], factor: float = CROP_FACTOR) -> Window:
    """Choose the square around a box (x, y, w, h)."""
    x, y, width, height = box
    side = max(factor * max(width, height), 24.0)
    return x + width / 2 - side / 2, y + height / 2 - side / 2, side


def cut_out(values: np.ndarray, window: Window) -> np.ndarray:
    """Sample a square of (H, W) or (H, W, C) values on the cells' grid, averaging where it shrinks.

    Beyond the frame its border goes on.
    """
    left, top, side = window
    scale = side / CELLS
    if scale > 1.5:  # linear sampling would skip pixels
        values = cv2.blur(values, (round(scale),) * 2)
    matrix = np.float32([[scale, 0, left + scale / 2 - 0.5], [0, scale, top + scale / 2 - 0.5]])
    return cv2.warpAffine(values, matrix, (CELLS, CELLS), borderMode=cv2.BORDER_REPLICATE,
                          flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def paste(values: np.ndarray, window: Window, size: tuple[int, int]) -> np.ndarray:
    """Put the (CELLS, CELLS) values of a square into a frame (height, width); 0 beyond it."""
    left, top, side = window
    scale = CELLS / side
    matrix = np.float32([[scale, 0, (0.5 - left) * scale - 0.5],
                         [0, scale, (0.5 - top) * scale - 0.5]])
    return cv2.warpAffine(values, matrix, size[::-1], borderMode=cv2.BORDER_CONSTANT,
                          flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def carry(values: np.ndarray, there: Window, flow: np.ndarray, here: Window) -> np.ndarray:
    """Fetch the values (CELLS, CELLS) of another frame's square along the flow to that frame.

    Args:
        values: Of the other frame's square.
        there: That square.
        flow: (CELLS, CELLS, 2) in pixels, of the cells of the square ``here``.
        here: The square that the values are wanted for; 0 where the flow leaves the other one.
    """
    cells = np.arange(CELLS, dtype=np.float32) + 0.5
    step, scale = here[2] / CELLS, CELLS / there[2]
    columns = (here[0] + cells * step + flow[..., 0] - there[0]) * scale - 0.5
    rows = (here[1] + cells[:, None] * step + flow[..., 1] - there[1]) * scale - 0.5
    return cv2.remap(values, columns.astype(np.float32), rows.astype(np.float32),
                     cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def outline_cues(crop: OutlineCrop, mask: np.ndarray) -> np.ndarray:
    """Describe a crop by how it differs from what the mask holds and from what is around it.

    Args:
        crop: What is seen.
        mask: (CELLS, CELLS) share of each cell that a coarse mask covers, 0 to 1.

    Returns:
        (gaps, :data:`NUM_CUES`, CELLS, CELLS) float32: motion that the surroundings do not explain
        (x, y) and that the object does not (x, y), turned forward in time, as arsinh of multiples
        of their typical length; how badly the flow joins the frames; logarithms of the two typical
        lengths; the gap over six frames; Lab colour less the surroundings' mean; the logarithm of
        how much likelier a colour is inside than outside; the mask; and the mask, spread.
    """
    inside = mask > 0.5
    near = cv2.dilate(inside.astype(np.uint8), np.ones((2 * _BELT + 1,) * 2, np.uint8)) > 0
    core = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0
    core = core if core.sum() >= 64 else inside
    lab = cv2.cvtColor(crop.image, cv2.COLOR_RGB2LAB)
    outside = ~near if (~near).any() else ~inside
    centre = lab[outside].mean(axis=0) if outside.any() else np.full(3, 128.0)
    still = [*np.moveaxis((lab - centre).astype(np.float32) / 40, -1, 0),
             likelier(lab, inside, outside).clip(-_COLOUR_LIMIT, _COLOUR_LIMIT),
             mask.astype(np.float32),
             cv2.GaussianBlur(mask.astype(np.float32), (0, 0), _BELT)]
    cues = []
    for flow, error, gap in zip(crop.flows, crop.errors, crop.gaps, strict=True):
        flow = flow.astype(np.float32)
        moving, lengths = [], []
        for part in (outside, core):
            residual, typical = part_residual(flow, part)
            moving += [*np.moveaxis(np.arcsinh(np.sign(gap) * residual
                                               / np.hypot(typical, _STILL)), -1, 0)]
            lengths.append(np.log(typical))
        moving.append(relative_error(error.astype(np.float32)))
        moving += [np.full(mask.shape, value, np.float32)
                   for value in (*lengths, abs(gap) / _LONGEST_GAP)]
        cues.append(np.stack([*moving, *still]))
    return np.stack(cues).astype(np.float32)


def part_residual(flow: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, float]:
    """Subtract the affine motion of a part of a crop, fitted with a Geman-McClure loss.

    Args:
        flow: (H, W, 2) in pixels.
        part: (H, W) bool.

    Returns:
        The residual (H, W, 2) and the typical length of one inside of the part, at least 0.1.
    """
    height, width = part.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    basis = np.stack([np.ones_like(rows), columns / width * 2 - 1, rows / height * 2 - 1], axis=-1)
    chosen = np.zeros_like(part)
    chosen[::_STEP, ::_STEP] = True
    chosen &= part
    if chosen.sum() < 12:
        chosen = part if part.sum() >= 12 else np.ones_like(part)
    samples, target = basis[chosen], flow[chosen].astype(np.float32)
    weights, scale = np.ones(len(samples), np.float32), 0.1
    affine = np.zeros((3, 2), np.float32)
    for _ in range(_ROUNDS):
        weighted = samples * weights[:, None]
        affine = np.linalg.solve(weighted.T @ samples + 1e-2 * np.eye(3, dtype=np.float32),
                                 weighted.T @ target).astype(np.float32)
        error = np.linalg.norm(target - samples @ affine, axis=1)
        scale = max(1.4826 * float(np.median(error)), 0.1)
        weights = (1 + (error / (2 * scale)) ** 2) ** -2
    return flow - basis @ affine, scale


def likelier(lab: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Tell colours of two parts of a picture apart.

    Args:
        lab: (H, W, 3) uint8 Lab.
        inside: (H, W) bool.
        outside: (H, W) bool.

    Returns:
        (H, W) float32 logarithm of how much likelier each pixel's colour is inside than outside.
    """
    bins = lab.astype(np.int32) * _BINS >> 8
    codes = (bins[..., 0] * _BINS + bins[..., 1]) * _BINS + bins[..., 2]
    shares = []
    for part in (inside, outside):
        counts = np.bincount(codes[part], minlength=_BINS ** 3).reshape((_BINS,) * 3)
        spread = gaussian_filter(counts.astype(np.float32), _SPREAD, mode='nearest')
        shares.append(spread.ravel() / max(spread.sum(), 1) + 1e-5)
    return np.log(shares[0] / shares[1])[codes].astype(np.float32)
