"""Pictures and videos of what the stages found."""

from .clip_sheet import clip_sheet
from .colors import instance_color, score_color
from .contact_sheet import SheetRow, contact_sheet, sample_frames, write_image
from .overlay import ColoredMask, OverlayStyle, draw_masks, fit_size, write_overlay
from .video_writer import VideoWriter, check_encoder

__all__ = ['ColoredMask', 'OverlayStyle', 'SheetRow', 'VideoWriter', 'check_encoder',
           'clip_sheet', 'contact_sheet', 'draw_masks', 'fit_size', 'instance_color',
           'sample_frames', 'score_color', 'write_image', 'write_overlay']
