"""Proposals: object masks for every frame, without labels."""

from .base_mask_proposer import BaseMaskProposer
from .detector_proposer import DetectorProposer
from .edge_refiner import EdgeRefiner
from .learnt_motion import LearntMotion
from .learnt_outline import LearntOutline
from .maskcut_proposer import MaskCutProposer
from .motion_color_proposer import MotionColorProposer
from .part_joiner import PartJoiner
from .precomputed_proposals import PrecomputedProposals
from .residual_motion import ResidualMotion
from .stray_remover import StrayRemover

__all__ = ['BaseMaskProposer', 'DetectorProposer', 'EdgeRefiner', 'LearntMotion',
           'LearntOutline', 'MaskCutProposer', 'MotionColorProposer', 'PartJoiner',
           'PrecomputedProposals', 'ResidualMotion', 'StrayRemover']
