"""Keymask discovery: which single-frame masks belong to one object over time."""

from .agreement_quality import AgreementQuality
from .keymask_discovery import KeymaskDiscovery
from .keymask_labels import to_labels
from .keymask_support import KeymaskSupport
from .mask_vote import MaskVote

__all__ = ['AgreementQuality', 'KeymaskDiscovery', 'KeymaskSupport', 'MaskVote', 'to_labels']
