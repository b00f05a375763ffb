"""MaskCut: objects of one frame, cut out of a graph of its patches' features."""

from .mask_cut import MaskCut, maskcut

__all__ = ['MaskCut', 'maskcut']
