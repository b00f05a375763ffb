"""Videos in: files, folders of frames, arrays; read lazily, cut into shots, written as frames."""

from .array import ArrayVideo
from .base import Video
from .camera import Camera
from .extract import extract_frames
from .file import FileVideo
from .folder import FolderVideo
from .listing import list_videos, open_video, video_names
from .shots import find_shots
from .source_stamp import source_stamp
from .spooled import SpooledVideo

__all__ = ['ArrayVideo', 'Camera', 'FileVideo', 'FolderVideo', 'SpooledVideo', 'Video',
           'extract_frames', 'find_shots', 'list_videos', 'open_video', 'source_stamp',
           'video_names']
