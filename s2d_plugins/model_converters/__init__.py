"""Checkpoints of the published implementations, to ours and back."""

from .checkpoint_files import convert_file
from .named_models import Layers
from .official_checkpoint import Converted, to_official, to_ours

__all__ = ['Converted', 'Layers', 'convert_file', 'to_official', 'to_ours']
