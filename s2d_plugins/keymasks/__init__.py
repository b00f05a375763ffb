"""Keymask discovery: which single-frame masks belong to one object over time."""

from .keymask_discovery import KeymaskDiscovery
from .keymask_labels import to_labels

__all__ = ['KeymaskDiscovery', 'to_labels']
