"""Checkpoints of the published implementations, to ours and back."""

from .cascade_checkpoint import ConvertedCascade, cascade_to_detectron2, cascade_to_mmdet
from .checkpoint_files import convert_cascade_file, convert_file
from .named_models import Layers
from .official_checkpoint import Converted, to_official, to_ours

__all__ = ['Converted', 'ConvertedCascade', 'Layers', 'cascade_to_detectron2', 'cascade_to_mmdet',
           'convert_cascade_file', 'convert_file', 'to_official', 'to_ours']
