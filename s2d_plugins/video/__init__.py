"""Videos in: files and folders of frames, read lazily, cut into shots, written as frames."""

from .base import Video
from .extract import extract_frames
from .file import FileVideo
from .folder import FolderVideo
from .listing import list_videos, open_video, video_names
from .shots import find_shots
from .source_stamp import source_stamp

__all__ = ['FileVideo', 'FolderVideo', 'Video', 'extract_frames', 'find_shots', 'list_videos',
           'open_video', 'source_stamp', 'video_names']
