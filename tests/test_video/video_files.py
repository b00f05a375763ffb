"""Small made videos whose frames can be told apart."""

from pathlib import Path

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
