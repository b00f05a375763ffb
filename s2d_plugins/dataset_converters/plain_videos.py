"""Folders of frames and video files without any annotation."""

import os
from pathlib import Path

from ..errors import S2DInputError
from ..fileio.images import image_size
from ..video import FolderVideo, list_videos, video_names
from .frame_files import extracted_frames
from .source import Source, SourceVideo


def plain_source(path: str | Path, frames: str | Path | None = None,
                 max_short_side: int | None = None) -> Source:
    """Read videos that have no labels; the result lists their frames.

    Folders of frames are referenced where they are, linked ones by their link; video files are
    extracted.

    Args:
        path: A video file, a folder of frames, or a folder of such.
        frames: Where the frames of video files go; only needed for them.
        max_short_side: Extracted frames that are larger are made smaller.

    Raises:
        S2DInputError: If there is no video, or video files but no ``frames``.
    """
    paths = list_videos(path)
    files = [video for video in paths if not os.path.isdir(video)]
    if files and frames is None:
        raise S2DInputError(f'{files[0]} is a video file, whose frames must be extracted; say '
                            'where to with --frames')
    if files and Path(frames).resolve() == Path(path).resolve():
        raise S2DInputError(f'{path} holds the videos, so their frames would be taken for videos '
                            'the next time; say another folder with --frames')
    roots = {video.parent.resolve() for video in paths if video not in files}
    if files:
        roots.add(Path(frames).resolve())
    image_root = Path(os.path.commonpath(roots))

    def read(job: tuple[Path, str]) -> SourceVideo:
        video, name = job
        if video in files:
            images = extracted_frames(video, Path(frames).resolve() / name, None, max_short_side)
        else:
            # the folder's own name, whatever it is a link to, in the real folder that holds it
            images = FolderVideo(video.parent.resolve() / video.name, name).files
        return SourceVideo(name, image_size(images[0]), [
            image.relative_to(image_root).as_posix() for image in images])

    return Source(image_root, list(zip(paths, video_names(paths), strict=True)), read)
