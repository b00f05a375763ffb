"""Transforms of clips: choice of frames, loading of keymasks, augmentation."""

from .clip_color_jitter import ClipColorJitter
from .clip_copy_paste import ClipCopyPaste
from .clip_rotate import ClipRotate
from .drop_empty_keymasks import DropEmptyKeymasks
from .keymask_clip_sample import KeymaskClipSample
from .load_keymasks import LoadKeymasks

__all__ = ['ClipColorJitter', 'ClipCopyPaste', 'ClipRotate', 'DropEmptyKeymasks',
           'KeymaskClipSample', 'LoadKeymasks']
