"""What was found in a video, in the forms that other programs read."""

from .coco_json import coco_json, write_coco_json
from .detections import to_detections
from .formats import DEFAULT_FORMATS, FORMATS, format_names, save_tracks, saved_files
from .npz import read_npz, write_npz
from .plan import OutputPlan
from .video_tracks import VideoTracks

__all__ = ['DEFAULT_FORMATS', 'FORMATS', 'OutputPlan', 'VideoTracks', 'coco_json', 'format_names',
           'read_npz', 'save_tracks', 'saved_files', 'to_detections', 'write_coco_json',
           'write_npz']
