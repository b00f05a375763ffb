"""A trained model on any videos, from Python."""

import contextlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np

from ..arguments import check_flag, check_type, refuse
from ..devices import choose_device
from ..errors import S2DInputError
from ..fileio.configs import load_config
from ..fileio.remote import RemoteFolder
from ..fileio.stamps import Stamp, make_stamp
from ..models.window_inference import Tube
from ..outputs import OutputPlan, VideoTracks
from ..structures import Progress
from ..video import Video, find_shots
from ..video.lazy_frames import LazyFrames
from ..visualization import OverlayStyle
from ..visualization.overlay import draw_tracks
from .dense_parts import model_stamp
from .inference_inputs import InferenceInput, list_inputs
from .journal import VideoJournal
from .model_names import find_model
from .remote_jobs import fetch_input
from .segmenter import VideoSegmenter
from .tracks import join_shots, to_results

#: Where outputs of a video are sent, the file that says that all of them are there.
REMOTE_DONE = '.done.json'


class S2DInferencer:
    """Segment and track objects in videos with a trained model.

    Args:
        model: Config file that the model was trained with; its name in a ``metafile.yml`` or
            ``'s2d_plugins::...'``; or the name of published weights, such as ``'s2d_zeroshot'``,
            which stands for their config. If the config has ``inference``, that holds the default
            settings.
        weights: Checkpoint file, URL or ``'s2d://NAME'``. None stands for the published weights of
            the name.
        device: ``'cpu'``, ``'cuda'`` or ``'cuda:N'``; by default a GPU where there is one.
        **settings: Of :class:`~s2d_plugins.apis.segmenter.VideoSegmenter`: ``scale``,
            ``resize_backend``, ``window``, ``overlap``, ``top_k``, ``score_thr``,
            ``tube_nms_iou``, ``link_iou``, ``max_lost``.

    Raises:
        S2DInputError: If a file or name is missing or they do not fit each other.
    """

    def __init__(self, model: str | Path, weights: str | Path | None = None,
                 device: str | None = None, **settings: Any):
        config, checkpoint, known = find_model(model, weights)
        defaults = load_config(config).get('inference', {})
        check_type(f'config {config}', dict, 'a dict', inference=defaults)
        self.segmenter = VideoSegmenter.from_files(config, checkpoint, choose_device(device),
                                                   **{**known, **defaults, **settings})
        self._model = load_config(config).get('model', {})
        self._checkpoint = checkpoint

    @overload
    def __call__(self, inputs: Any, out_dir: str | Path | None = ...,
                 progress: Progress | None = ..., return_vis: Literal[False] = ...,
                 save: str | Sequence[str] | None = ..., encoder: str = ...,
                 overlay: Mapping[str, Any] | None = ...) -> list[dict]: ...

    @overload
    def __call__(self, inputs: Any, out_dir: str | Path | None = ...,
                 progress: Progress | None = ..., *, return_vis: Literal[True],
                 save: str | Sequence[str] | None = ..., encoder: str = ...,
                 overlay: Mapping[str, Any] | None = ...) -> dict[str, list]: ...

    def __call__(self, inputs: Any, out_dir: str | Path | None = None,
                 progress: Progress | None = None, return_vis: bool = False,
                 save: str | Sequence[str] | None = None, encoder: str = 'libx264',
                 overlay: Mapping[str, Any] | None = None) -> list[dict] | dict[str, list]:
        """Segment one video or several of any length, shot by shot.

        Args:
            inputs: One video: a video file, a folder of frames, an array (T, H, W, 3), a list or
                iterator of frames (H, W, 3), a camera (its number or a
                :class:`~s2d_plugins.video.Camera`), a :class:`~s2d_plugins.video.Video`. Or
                several: a folder of videos or a pattern, in natural order, or a list, tuple or
                iterator of these. Arrays are uint8 RGB (mmdet's inferencer takes BGR).
            out_dir: If given, the files of ``save`` are written there; of several videos, each
                into a folder with the video's name. Not the folder of the frames.
            progress: Called with (frames done, frames in all).
            return_vis: Return drawn frames as well; they are all in memory.
            save: Names of :data:`~s2d_plugins.outputs.FORMATS`, a list or one text with commas;
                by default ``results.json`` and ``overlay.mp4``.
            encoder: Of the overlay; those of graphics cards need one.
            overlay: How instances are drawn, see :class:`~s2d_plugins.visualization.OverlayStyle`.

        Returns:
            YouTube-VIS results: per instance ``score``, ``category_id``, ``video_id`` (the
            video's place among the inputs, from 1) and one RLE at the video's size, or None, per
            frame. With ``return_vis`` a dict as of mmdet's inferencer: ``predictions``, these
            results, and ``visualization``, per video its frames (T, H, W, 3) uint8 RGB with
            the masks drawn over them.

        Raises:
            S2DInputError: If ``inputs`` is none of these, a video cannot be read, or ``out_dir``
                cannot be written, is where a video is, or is written to by another run. All are
                opened before the first is segmented.
        """
        check_flag(self, return_vis=return_vis)
        if out_dir is None and save is not None:
            raise S2DInputError('S2DInferencer: save needs a folder to write to; give out_dir')
        style = read_style(overlay)
        videos, alone = list_inputs(inputs)
        plan = None if out_dir is None else plan_outputs(videos, alone, out_dir, save, encoder,
                                                         style)
        # of several, a bad one ends the call now and not after hours
        lengths = [video.expected_length() for video in videos[1:]]
        results, drawn, done = [], [], 0
        with contextlib.nullcontext() if plan is None else plan.lock():
            for index, video in enumerate(videos):
                source = video.open()
                found = self.infer(video, source, index, plan, progress, done,
                                   sum(lengths[index:]))
                done += len(source)
                results += found
                if return_vis:
                    drawn.append(_draw(source, found, style))
        return dict(predictions=results, visualization=drawn) if return_vis else results

    def infer(self, video: InferenceInput, source: Video, index: int = 0,
              plan: OutputPlan | None = None, progress: Progress | None = None, before: int = 0,
              after: int = 0) -> list[dict]:
        """Segment one opened video and write what the plan says.

        Args:
            video: What the user gave.
            source: The same, open.
            index: Its place among the inputs, from 0.
            plan: Its outputs; None writes nothing.
            progress: Called with (frames done, frames in all).
            before: Frames of the videos before it.
            after: Frames of those after it.

        Returns:
            Its results, as :meth:`__call__` gives them.
        """
        stamp = None if plan is None else self.stamp(video)

        def journal(shot: int) -> VideoJournal | None:
            return None if plan is None or stamp is None else VideoJournal(
                plan.journal_folder(index, shot), stamp)

        tubes = self._segment(source, progress, before, after, journal)
        results = to_results(tubes, index + 1)
        if plan is not None:
            plan.save(index, VideoTracks.of(source, results, video.name, index + 1), stamp)
        return results

    def has_done(self, video: InferenceInput, index: int, plan: OutputPlan) -> bool:
        """Say whether a video's outputs are all there, from this model, settings and video."""
        stamp = self.stamp(video)
        return stamp is not None and plan.is_done(index, stamp)

    def stamp(self, video: InferenceInput) -> Stamp | None:
        """Return what a video's results are made from; None for frames that no file holds."""
        if video.path is None:
            return None
        try:
            files = [(path.name, path.stat().st_size, path.stat().st_mtime_ns)
                     for path in ([video.path] if video.path.is_file()
                                  else sorted(video.path.iterdir())) if path.is_file()]
        except OSError:
            return None  # told when it is opened
        model = dict(self._model.to_dict() if hasattr(self._model, 'to_dict') else self._model)
        return {**make_stamp(video=files),
                **model_stamp(model, self._checkpoint, self.segmenter)}

    def _segment(self, source: Video, progress: Progress | None, before: int, after: int,
                 journal: Callable[[int], VideoJournal | None]) -> list[Tube]:
        """Return the tubes of a video; so many frames of others come before and after it."""
        shots = []
        for start, stop in find_shots(source):
            def report(done: int, total: int, start: int = start) -> None:
                if progress is not None:
                    progress(before + start + done, before + len(source) + after)
            frames = LazyFrames.of(source, start, stop)
            shots.append((start, self.segmenter.segment(frames, source.size, report,
                                                        journal(start))))
        return join_shots(shots, len(source))


def make_inferencer(model: str | Path, weights: str | Path | None, device: str | None,
                    settings: dict[str, Any], plan: OutputPlan,
                    ) -> Callable[[tuple[int, InferenceInput], Progress], int]:
    """Make what segments one of a plan's videos and writes its outputs, also in another process.

    It takes the video's place in the plan and the video, and gives its number of instances.

    Args:
        model: As of :class:`S2DInferencer`.
        weights: As there.
        device: As there.
        settings: As there.
        plan: Where the outputs go.
    """
    inferencer = S2DInferencer(model, weights, device, **settings)

    def work(one: tuple[int, InferenceInput], progress: Progress) -> int:
        index, video = one
        return len(inferencer.infer(video, video.open(), index, plan, progress))
    return work


def make_remote_inferencer(model: str | Path, weights: str | Path | None, device: str | None,
                           settings: dict[str, Any], plan: OutputPlan, out: str,
                           ) -> Callable[[tuple[str, str], Progress], int]:
    """Make what segments a video that a URL names and sends its outputs to another.

    It takes the video's name and URL or path, and gives its number of instances.

    Args:
        model: As of :class:`S2DInferencer`.
        weights: As there.
        device: As there.
        settings: As there.
        plan: Says what is written, and how.
        out: URL of the folder for a folder of each video.
    """
    inferencer, folder = S2DInferencer(model, weights, device, **settings), RemoteFolder(out)

    def work(one: tuple[str, str], progress: Progress) -> int:
        name, place = one
        with tempfile.TemporaryDirectory(prefix='s2d-') as scratch:
            video = InferenceInput(name, fetch_input(place, Path(scratch, 'in')))
            here = replace(plan, out_dir=Path(scratch, 'out'), folders=[Path(scratch, 'out')])
            found = inferencer.infer(video, video.open(), 0, here, progress)
            for path in here.places(0).values():
                folder.send(path, f'{name}/{path.name}')
            folder.write(f'{name}/{REMOTE_DONE}', b'{}')  # last: all is there
        return len(found)
    return work


def read_style(overlay: Mapping[str, Any] | None) -> OverlayStyle:
    """Return the style that keywords say.

    Raises:
        S2DInputError: If they do not fit.
    """
    known = OverlayStyle.__dataclass_fields__
    if overlay is not None and not (isinstance(overlay, Mapping) and set(overlay) <= set(known)):
        raise refuse('S2DInferencer', 'overlay', overlay, f'a dict of {", ".join(known)}')
    return OverlayStyle(**(overlay or {}))


def plan_outputs(videos: Sequence[InferenceInput], alone: bool, out_dir: str | Path,
                 save: str | Sequence[str] | None, encoder: str,
                 style: OverlayStyle) -> OutputPlan:
    """Plan the outputs of videos, checked to spare them; see :class:`OutputPlan`."""
    plan = OutputPlan.make(out_dir, [video.name for video in videos], alone, save, encoder, style)
    plan.check([video.path for video in videos])
    return plan


def _draw(source: Video, results: Sequence[dict], style: OverlayStyle) -> np.ndarray:
    return np.stack([draw_tracks(frame, [result['segmentations'][index] for result in results],
                                 style=style) for index, frame in enumerate(source)])
