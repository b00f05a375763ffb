"""What trainings read: keymask labels as clips of a video, ready for mmdet's video models."""

from .. import registry  # noqa: F401  (makes mmcv.ops importable before mmdet.datasets needs it)
from .keymask_dataset import KeymaskDataset
from .transforms import (
    ClipColorJitter,
    ClipCopyPaste,
    ClipRotate,
    DropEmptyKeymasks,
    KeymaskClipSample,
    KeymaskResize,
    LoadKeymasks,
    PadClip,
)

__all__ = ['ClipColorJitter', 'ClipCopyPaste', 'ClipRotate', 'DropEmptyKeymasks',
           'KeymaskClipSample', 'KeymaskDataset', 'KeymaskResize', 'LoadKeymasks', 'PadClip']
