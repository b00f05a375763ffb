"""Transforms of clips: choice of frames, loading of keymasks, augmentation."""

from .clip_color_jitter import ClipColorJitter
from .clip_copy_paste import ClipCopyPaste
from .clip_rotate import ClipRotate
from .drop_empty_keymasks import DropEmptyKeymasks
from .keymask_clip_sample import KeymaskClipSample
from .keymask_resize import KeymaskResize
from .load_keymasks import LoadKeymasks
from .pad_clip import PadClip

__all__ = ['ClipColorJitter', 'ClipCopyPaste', 'ClipRotate', 'DropEmptyKeymasks',
           'KeymaskClipSample', 'KeymaskResize', 'LoadKeymasks', 'PadClip']
