"""Motion priors: point tracks that show which masks move together."""

from ..structures import TrackPiece
from .base_flow_prior import BaseFlowPrior
from .base_motion_prior import BaseMotionPrior
from .cotracker_prior import CoTrackerPrior
from .mmflow_prior import MMFlowPrior
from .opencv_flow_prior import OpenCVFlowPrior

__all__ = ['BaseFlowPrior', 'BaseMotionPrior', 'CoTrackerPrior', 'MMFlowPrior', 'OpenCVFlowPrior',
           'TrackPiece']
