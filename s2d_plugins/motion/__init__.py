"""Motion priors: point tracks that show which masks move together."""

from .base_flow_prior import BaseFlowPrior
from .base_motion_prior import BaseMotionPrior, TrackPiece
from .opencv_flow_prior import OpenCVFlowPrior

__all__ = ['BaseFlowPrior', 'BaseMotionPrior', 'OpenCVFlowPrior', 'TrackPiece']
