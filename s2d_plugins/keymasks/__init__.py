"""Keymask discovery: which single-frame masks belong to one object over time."""

from .keymask_discovery import KeymaskDiscovery
from .keymask_labels import to_labels
from .keymask_support import KeymaskSupport

__all__ = ['KeymaskDiscovery', 'KeymaskSupport', 'to_labels']
