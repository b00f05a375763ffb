"""Proposals: object masks for every frame, without labels."""

from .base_mask_proposer import BaseMaskProposer
from .detector_proposer import DetectorProposer
from .motion_color_proposer import MotionColorProposer
from .precomputed_proposals import PrecomputedProposals

__all__ = ['BaseMaskProposer', 'DetectorProposer', 'MotionColorProposer', 'PrecomputedProposals']
