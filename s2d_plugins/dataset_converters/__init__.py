"""Annotated and plain video datasets to the label format, a video at a time."""

from .davis import davis_source
from .mose import mose_source
from .plain_videos import plain_source
from .sa_v import sa_v_source
from .source import Instance, Source, SourceVideo
from .vipseg import vipseg_source
from .vis_json import vis_source
from .writer import convert

__all__ = ['Instance', 'Source', 'SourceVideo', 'convert', 'davis_source', 'mose_source',
           'plain_source', 'sa_v_source', 'vipseg_source', 'vis_source']
