"""Reading videos: frames per second of PyAV, ahead of a consumer or not, and of OpenCV."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from s2d_plugins.apis.command_line import run_tool
from s2d_plugins.video import list_videos, open_video

#: Name, encoder, pixel format, (height, width) of made videos.
KINDS = (('H.264 480p', 'libx264', 'yuv420p', (480, 854)),
         ('H.264 1080p', 'libx264', 'yuv420p', (1080, 1920)),
         ('H.264 10-bit 480p', 'libx264', 'yuv420p10le', (480, 854)),
         ('AV1 480p', 'libsvtav1', 'yuv420p', (480, 854)))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--videos', type=Path, help='read these, not made ones')
    parser.add_argument('--frames', type=int, default=150, help='frames of a made video')
    parser.add_argument('--runs', type=int, default=3, help='runs each, in turn; the best counts')
    parser.add_argument('--model-ms', type=float, default=15,
                        help='milliseconds that a stand-in for a model on a GPU takes per frame')
    return parser.parse_args()


def make_video(path: Path, encoder: str, pixels: str, size: tuple[int, int], length: int) -> Path:
    """Write a video of a picture that drifts to and fro, with some noise."""
    rng = np.random.default_rng(0)
    height, width = size
    coarse = rng.integers(0, 255, (height // 16, width // 16 + 16, 3), np.uint8)
    picture = cv2.resize(coarse, (width + 256, height), interpolation=cv2.INTER_CUBIC)
    noise = rng.integers(0, 12, picture.shape, np.uint8)
    picture = cv2.add(picture, noise)
    preset = '10' if encoder == 'libsvtav1' else 'veryfast'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(encoder, rate=24, options=dict(preset=preset))
        stream.height, stream.width, stream.pix_fmt = height, width, pixels
        for index in range(length):
            left = abs((index * 2 + 256) % 512 - 256)  # a jump would be a cut
            frame = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(picture[:, left:left + width]), 'rgb24')
            container.mux(stream.encode(frame.reformat(format=pixels)))
        container.mux(stream.encode(None))
    return path


def read_by_opencv(path: Path) -> Iterator[np.ndarray]:
    """Yield RGB frames as they were read before PyAV."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    while True:
        there, frame = capture.read()
        if not there:
            return
        yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)


def read_by_pyav(path: Path) -> Iterable[np.ndarray]:
    """Return the video, whose frames are decoded ahead in a thread."""
    return open_video(path)


def speed(read: Callable[[Path], Iterable[np.ndarray]], path: Path, pause: float) -> float:
    """Return frames per second, where a consumer waits so many seconds after each frame."""
    start, count = time.perf_counter(), 0
    for _ in read(path):
        count += 1
        if pause:
            time.sleep(pause)
    return count / (time.perf_counter() - start) if count else 0.


def measure(path: Path, runs: int, pause: float) -> list[float]:
    """Return the best speeds: OpenCV, PyAV; both again with a consumer that waits."""
    best = [0.] * 4
    for _ in range(runs):
        for place, (read, waits) in enumerate([(read_by_opencv, 0), (read_by_pyav, 0),
                                               (read_by_opencv, pause), (read_by_pyav, pause)]):
            best[place] = max(best[place], speed(read, path, waits))
    return best


def row(name: str, best: list[float]) -> str:
    """Return a row of the table; 0 frames per second are a file that is not read."""
    cells = []
    for old, new in (best[:2], best[2:]):
        ratio = f'{new / old:.2f}' if old else '-'
        cells += [f'{old:.0f}', f'{new:.0f}', ratio]
    return f'| {name} | ' + ' | '.join(cells) + ' |'


def main() -> int:
    args = parse_args()
    print(f'| video | OpenCV | PyAV | ratio | OpenCV + {args.model_ms:g} ms | '
          f'PyAV + {args.model_ms:g} ms | ratio |\n|---|--:|--:|--:|--:|--:|--:|')
    with tempfile.TemporaryDirectory() as folder:
        if args.videos is not None:
            videos = [(path.name, path) for path in list_videos(args.videos)]
        else:
            videos = [(kind[0], make_video(Path(folder, f'{number}.mp4'), *kind[1:], args.frames))
                      for number, kind in enumerate(KINDS)]
        for name, path in videos:
            print(row(name, measure(path, args.runs, args.model_ms / 1000)), flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(run_tool(main))
