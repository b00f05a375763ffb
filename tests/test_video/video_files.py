"""Small made videos whose frames can be told apart."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from s2d_plugins.errors import S2DInputError


def made_frame(index: int, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    """A frame whose number can be read back: a white block walks over a dark ground."""
    frame = np.full((*size, 3), 30, np.uint8)
    row, column = divmod(index, size[1] // 8)
    frame[row * 8:row * 8 + 8, column * 8:column * 8 + 8] = 255
    return frame


def frame_number(frame: np.ndarray) -> int:
    blocks = frame.mean(2).reshape(frame.shape[0] // 8, 8, -1, 8).mean((1, 3))
    return int(blocks.argmax())


def write_video(path: Path, frames, codec: str = 'MJPG', fps: float = 20.) -> Path:
    frames = list(frames)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), fps,
                             frames[0].shape[1::-1])
    assert writer.isOpened()
    for frame in frames:
        writer.write(frame[..., ::-1])
    writer.release()
    return path


def write_folder(folder: Path, names, size: tuple[int, int] = (48, 64)) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for index, name in enumerate(names):
        Image.fromarray(made_frame(index, size)).save(folder / name)
    return folder


def refused(call, match: str) -> str:
    """Check that a call is refused with one line that matches, and return the line."""
    with pytest.raises(S2DInputError, match=match) as caught:
        call()
    assert '\n' not in str(caught.value)
    return str(caught.value)


def encode_video(path: Path, frames, codec: str = 'libx264', pixels: str = 'yuv420p',
                 rotation: int = 0, **options: str) -> Path:
    """Write frames (RGB, or RGBA) with PyAV, 20 per second."""
    with av.open(str(path), 'w') as container:
        for index, frame in enumerate(frames):
            if not index:
                stream = container.add_stream(codec, rate=20, options=options)
                stream.height, stream.width = frame.shape[:2]
                stream.pix_fmt = pixels
                if rotation:
                    stream.set_display_rotation(rotation)
            picture = av.VideoFrame.from_ndarray(frame, 'rgba' if frame.shape[2] == 4 else 'rgb24')
            container.mux(stream.encode(picture.reformat(format=pixels)))
        container.mux(stream.encode(None))
    return path
