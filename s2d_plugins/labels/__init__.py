"""Labels and masks: YouTube-VIS JSON, proposals files, RLE, id images; read, checked, written."""

from .mask_reader import read_mask, read_masks
from .proposals_file import read_proposals, write_proposals
from .rle import decode_mask, encode_mask, encode_masks
from .youtube_vis import make_annotation, make_labels, make_video, merge_labels, read_labels

__all__ = ['decode_mask', 'encode_mask', 'encode_masks', 'make_annotation', 'make_labels',
           'make_video', 'merge_labels', 'read_labels', 'read_mask', 'read_masks',
           'read_proposals', 'write_proposals']
