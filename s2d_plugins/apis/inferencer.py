"""A trained model on any videos, from Python."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np

from ..arguments import check_flag, check_type
from ..devices import choose_device
from ..fileio.configs import load_config
from ..fileio.paths import check_outputs
from ..fileio.whole_files import clean_partials, write_json
from ..models.window_inference import Tube
from ..structures import Progress
from ..video import Video, find_shots
from ..video.lazy_frames import LazyFrames
from ..visualization import write_overlay
from ..visualization.overlay import draw_tracks
from .inference_inputs import InferenceInput, list_inputs
from .segmenter import VideoSegmenter
from .tracks import join_shots, to_results


def output_files(out_dir: str | Path) -> tuple[Path, Path]:
    """Return where an inferencer writes the results and the video with masks."""
    return Path(out_dir) / 'results.json', Path(out_dir) / 'overlay.mp4'


class S2DInferencer:
    """Segment and track objects in videos with a trained model.

    Args:
        model: Config file that the model was trained with. If it has ``inference``, that holds
            the default settings.
        weights: Checkpoint file.
        device: ``'cpu'``, ``'cuda'`` or ``'cuda:N'``; by default a GPU where there is one.
        **settings: Of :class:`~s2d_plugins.apis.segmenter.VideoSegmenter`: ``scale``,
            ``resize_backend``, ``window``, ``overlap``, ``top_k``, ``score_thr``,
            ``tube_nms_iou``, ``link_iou``.

    Raises:
        S2DInputError: If a file is missing or they do not fit each other.
    """

    def __init__(self, model: str | Path, weights: str | Path, device: str | None = None,
                 **settings: Any):
        defaults = load_config(model).get('inference', {})
        check_type(f'config {model}', dict, 'a dict', inference=defaults)
        self.segmenter = VideoSegmenter.from_files(model, weights, choose_device(device),
                                                   **{**defaults, **settings})

    @overload
    def __call__(self, inputs: Any, out_dir: str | Path | None = ...,
                 progress: Progress | None = ..., return_vis: Literal[False] = ...,
                 ) -> list[dict]: ...

    @overload
    def __call__(self, inputs: Any, out_dir: str | Path | None = ...,
                 progress: Progress | None = ..., *, return_vis: Literal[True],
                 ) -> dict[str, list]: ...

    def __call__(self, inputs: Any, out_dir: str | Path | None = None,
                 progress: Progress | None = None,
                 return_vis: bool = False) -> list[dict] | dict[str, list]:
        """Segment one video or several of any length, shot by shot.

        Args:
            inputs: One video: a video file, a folder of frames, an array (T, H, W, 3), a list of
                frames (H, W, 3), a :class:`~s2d_plugins.video.Video`. Or several: a folder of
                videos, in natural order, or a list or tuple of single videos. Arrays are uint8
                RGB (mmdet's inferencer takes BGR).
            out_dir: If given, ``results.json`` and ``overlay.mp4`` are written there; of several
                videos, each into a folder with the video's name. Not the folder of the frames.
            progress: Called with (frames done, frames in all).
            return_vis: Return drawn frames as well; they are all in memory.

        Returns:
            YouTube-VIS results: per instance ``score``, ``category_id``, ``video_id`` (the
            video's place among the inputs, from 1) and one RLE at the video's size, or None, per
            frame. With ``return_vis`` a dict as of mmdet's inferencer: ``predictions``, these
            results, and ``visualization``, per video its frames (T, H, W, 3) uint8 RGB with
            the masks drawn over them.

        Raises:
            S2DInputError: If ``inputs`` is none of these, a video cannot be read, or ``out_dir``
                cannot be written or is where a video is. All are opened before the first is
                segmented.
        """
        check_flag(self, return_vis=return_vis)
        videos, alone = list_inputs(inputs)
        folders = _out_folders(out_dir, videos, alone)
        # of several, a bad one ends the call now and not after hours
        lengths = [video.open().expected_length for video in videos[1:]]
        results, drawn, done = [], [], 0
        for number, (video, folder) in enumerate(zip(videos, folders, strict=True), 1):
            source = video.open()
            tubes = self._segment(source, progress, done, sum(lengths[number - 1:]))
            done += len(source)
            found = to_results(tubes, number)
            results += found
            if folder is not None:
                _write(folder, source, found)
            if return_vis:
                drawn.append(_draw(source, found))
        return dict(predictions=results, visualization=drawn) if return_vis else results

    def _segment(self, source: Video, progress: Progress | None, before: int,
                 after: int) -> list[Tube]:
        """Return the tubes of a video; so many frames of others come before and after it."""
        shots = []
        for start, stop in find_shots(source):
            def report(done: int, total: int, start: int = start) -> None:
                if progress is not None:
                    progress(before + start + done, before + len(source) + after)
            frames = LazyFrames.of(source, start, stop)
            shots.append((start, self.segmenter.segment(frames, source.size, report)))
        return join_shots(shots, len(source))


def _out_folders(out_dir: str | Path | None, videos: Sequence[InferenceInput],
                 alone: bool) -> list[Path | None]:
    """Return the folder of each video's files, checked to spare the videos."""
    if out_dir is None:
        return [None] * len(videos)
    folders = [Path(out_dir) if alone else Path(out_dir, video.name) for video in videos]
    check_outputs([video.path for video in videos],
                  files=[file for folder in folders for file in output_files(folder)],
                  folders=[out_dir, *folders])
    clean_partials(out_dir, *folders)
    return [*folders]


def _write(folder: Path, source: Video, results: Sequence[dict]) -> None:
    results_file, overlay = output_files(folder)
    write_json(results_file, results)
    write_overlay(overlay, source, source.size, source.fps,
                  [result['segmentations'] for result in results], times=source.times)


def _draw(source: Video, results: Sequence[dict]) -> np.ndarray:
    return np.stack([draw_tracks(frame, [result['segmentations'][index] for result in results])
                     for index, frame in enumerate(source)])
