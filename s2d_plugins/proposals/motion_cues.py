"""What a network is told of the motion between two frames."""

import cv2
import numpy as np

from .camera_motion import residual_flow

#: Channels of :func:`motion_cues`.
NUM_CUES = 8
#: Sampling in pixels of the medians; lengths in pixels that count as still.
_STEP, _STILL_RESIDUAL, _STILL_FLOW = 6, 0.3, 0.5
#: Grey levels added to the mean error of a warp, so that clean frames do not make noise large.
_ERROR_FLOOR, _ERROR_LIMIT = 3.0, 6.0
_LONGEST_GAP = 6


def motion_cues(flow: np.ndarray, grey: np.ndarray, other: np.ndarray, gap: int,
                size: tuple[int, int]) -> np.ndarray:
    """Describe the motion between two frames without units, turned forward in time.

    Args:
        flow: (H, W, 2) from one frame to another one.
        grey: (H, W) uint8, the frame itself.
        other: (H, W) uint8, the frame that the flow leads to.
        gap: By how many frames the other one is later; negative if it is earlier.
        size: (h, w) of the result.

    Returns:
        (:data:`NUM_CUES`, h, w) float32: what the camera does not explain (x, y), the flow less its
        median (x, y), both as arsinh of multiples of their typical length; how badly the flow joins
        the frames; the logarithms of the two typical lengths, and the gap over six frames.
    """
    residual, typical = residual_flow(flow)
    samples = flow[::_STEP, ::_STEP].reshape(-1, 2)
    centred = flow - np.median(samples, axis=0)
    spread = np.median(np.abs(centred[::_STEP, ::_STEP])) * 1.5 + _STILL_FLOW
    sign = np.sign(gap)
    channels = [*np.moveaxis(np.arcsinh(sign * residual / np.hypot(typical, _STILL_RESIDUAL)),
                             -1, 0),
                *np.moveaxis(np.arcsinh(sign * centred / spread), -1, 0),
                relative_error(warp_error(flow, grey, other))]
    small = [cv2.resize(np.ascontiguousarray(channel, np.float32), size[::-1],
                        interpolation=cv2.INTER_AREA) for channel in channels]
    constants = (np.log(typical), np.log(spread), abs(gap) / _LONGEST_GAP)
    return np.stack([*small, *(np.full(size, value, np.float32) for value in constants)])


def warp_error(flow: np.ndarray, grey: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Difference (H, W) float32 of grey levels between a frame and another one warped to it."""
    rows, columns = np.mgrid[:grey.shape[0], :grey.shape[1]].astype(np.float32)
    warped = cv2.remap(other, columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR,
                       borderMode=cv2.BORDER_REPLICATE)
    return cv2.absdiff(grey, warped).astype(np.float32)


def relative_error(error: np.ndarray) -> np.ndarray:
    """Give :func:`warp_error` in multiples of its mean."""
    return np.minimum(error / (error.mean() + _ERROR_FLOOR), _ERROR_LIMIT)
