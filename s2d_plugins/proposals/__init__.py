"""Proposals: object masks for every frame, without labels."""

from .base_mask_proposer import BaseMaskProposer
from .maskcut_proposer import MaskCutProposer
from .motion_color_proposer import MotionColorProposer
from .precomputed_proposals import PrecomputedProposals

__all__ = ['BaseMaskProposer', 'MaskCutProposer', 'MotionColorProposer', 'PrecomputedProposals']
