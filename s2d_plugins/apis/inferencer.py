"""A trained model on any video, from Python."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..arguments import check_type
from ..devices import choose_device
from ..fileio.configs import load_config
from ..fileio.paths import check_outputs
from ..fileio.whole_files import clean_partials, write_json
from ..models.window_inference import Tube
from ..video import Video, find_shots, open_video
from ..video.lazy_frames import LazyFrames
from ..visualization import write_overlay
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

    def __call__(self, video: str | Path, out_dir: str | Path | None = None,
                 progress: Callable[[int, int], None] | None = None) -> list[dict]:
        """Segment one video of any length, shot by shot.

        Args:
            video: A video file or a folder of frames.
            out_dir: If given, ``results.json`` and ``overlay.mp4`` are written there; not
                the folder of the frames.
            progress: Called with (frames done, frames in all).

        Returns:
            YouTube-VIS results: per instance ``score``, ``category_id``, ``video_id`` 1 and one
            RLE at the video's size, or None, per frame.

        Raises:
            S2DInputError: If the video cannot be read, or ``out_dir`` cannot be written or is
                where the video is.
        """
        if out_dir is not None:
            check_outputs([video], files=output_files(out_dir), folders=[out_dir])
            clean_partials(out_dir)
        source = open_video(video)
        shots = []
        for start, stop in find_shots(source):
            shots.append((start, self._segment_shot(source, start, stop, progress)))
        tubes = join_shots(shots, len(source))
        results = to_results(tubes)
        if out_dir is not None:
            results_file, overlay = output_files(out_dir)
            write_json(results_file, results)
            write_overlay(overlay, source, source.size, source.fps,
                          [tube.segmentations for tube in tubes])
        return results

    def _segment_shot(self, source: Video, start: int, stop: int,
                      progress: Callable[[int, int], None] | None) -> list[Tube]:
        def report(done: int, total: int) -> None:
            if progress is not None:
                progress(start + done, len(source))
        return self.segmenter.segment(LazyFrames.of(source, start, stop), source.size, report)
