"""Gather what a work dir holds, within a size, and write the page."""

import base64
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ... import __version__
from ...errors import S2DInputError, one_line
from ...fileio.json_files import read_json
from ...fileio.json_kinds import StageScores
from ...fileio.whole_files import write_bytes
from ..clips import Clip
from ..evaluation.stage_table import evaluate_stages
from ..run_note import read_note
from ..stage_names import FRAMES, INFER, PER_CLIP
from ..workspace import Workspace
from .costs import loss_curves, stage_costs
from .page import build_page, data_block
from .videos import FAILED, STATES, VideoReader

MEGABYTE = 10**6
#: Largest page by default: loads in about a second and can be sent by mail to most people.
MAX_MB = 48.0
MAX_VIDEOS = 200
_PICTURES = 2, 10
#: What a frame with its outlines takes about, in bytes.
_PICTURE_BYTES = 60_000


@dataclass(frozen=True)
class PageSize:
    """How large a page has become and what of the run is in it.

    Attributes:
        path: The page.
        megabytes: Its size.
        videos: Videos shown.
        left_out: Videos not shown, since there are too many.
        embedded: Overlays within the page.
        linked: Overlays that the page reads from beside it, since it would be too large.
    """

    path: Path
    megabytes: float
    videos: int
    left_out: int
    embedded: int
    linked: int

    def __str__(self) -> str:
        more = f', {self.left_out} more left out' if self.left_out else ''
        linked = f', {self.linked} read from the work dir' if self.linked else ''
        return (f'{self.path}: {self.videos} videos{more}, {self.embedded} overlays inside'
                f'{linked}, {self.megabytes:.1f} MB')


def write_report(work_dir: str | Path, out: str | Path | None = None, *,
                 gt: str | Path | None = None, max_mb: float = MAX_MB,
                 max_videos: int = MAX_VIDEOS,
                 progress: Callable[[str], None] | None = None) -> PageSize:
    """Write one HTML file that shows a run of ``tools/run_s2d.py``, finished or not.

    It needs no network. A result that is missing or broken becomes a line on the page.

    Args:
        work_dir: The run's work dir.
        out: The page; ``report.html`` in the work dir by default.
        gt: Ground truth as :func:`~s2d_plugins.pipeline.evaluation.stage_table.evaluate_stages`
            takes it. By default the scores are shown that ``evaluate_stages.py`` has left in the
            work dir, if any.
        max_mb: Largest page, in 10^6 bytes. With less of it fewer frames of a video are shown, and
            overlays are read from the work dir instead of being inside.
        max_videos: Of more videos, those that failed or are least to be trusted are shown.
        progress: Called with the name of each video that is done.

    Raises:
        S2DInputError: If it is no work dir, a limit is not positive, ``out`` is not named like a
            page, or the page cannot be written.
    """
    if not max_mb > 0 or not math.isfinite(max_mb):
        raise S2DInputError(f'max_mb: {max_mb}, expected megabytes above 0')
    if max_videos < 1:
        raise S2DInputError(f'max_videos: {max_videos}, expected 1 or more')
    workspace = Workspace(work_dir)
    if not workspace.stages.is_dir():
        raise S2DInputError(f'{work_dir}: expected the work dir of a tools/run_s2d.py run, with a '
                            'folder stages; found none')
    out = Path(out) if out is not None else workspace.report_file
    if out.suffix.lower() not in ('.html', '.htm'):
        raise S2DInputError(f'{out}: expected the name of a page, which ends in .html; give such '
                            'a name')
    page = _Page(workspace, out, max_mb * MEGABYTE)
    page.read_run(gt, max_videos)
    for number, reader in enumerate(page.shown):
        page.add_video(number, reader)
        if progress is not None:
            progress(reader.name)
    page.add_overlays()
    return page.write()


class _Page:
    """A page that grows: blocks of data, and the bytes they take."""

    def __init__(self, workspace: Workspace, out: Path, limit: float):
        self.workspace, self.out, self.limit = workspace, out, limit
        self.shown: list[VideoReader] = []
        self.blocks: list[str] = []
        self.run: dict = {}
        self.used = 0
        self.overlays: dict[int, dict] = {}
        self.num_pictures = 0

    def read_run(self, gt: str | Path | None, max_videos: int) -> None:
        """Read what there is of the run as a whole and choose the videos to show."""
        self.run['problems'] = []
        note = self._try(lambda: read_note(self.workspace.run_file)) or {}
        clips = self._clips()
        failures = note.get('failures', {})
        names = dict.fromkeys([*note.get('videos', {}), *clips, *failures])
        readers = [VideoReader(self.workspace, clips.get(name, []), name, failures.get(name))
                   for name in names]
        found = [(reader, reader.overview()) for reader in readers]
        found.sort(key=lambda pair: (STATES.index(pair[1]['state']), pair[1]['quality'] is not None
                                     and pair[1]['quality']))
        states = {state: sum(one['state'] == state for _, one in found) for state in STATES}
        found = found[:max_videos]
        self.shown = [reader for reader, _ in found]
        num_clips = sum(map(len, clips.values()))
        items = {**dict.fromkeys(PER_CLIP, num_clips), FRAMES: num_clips, INFER: len(names)}
        self.run.update(
            name=self.workspace.root.resolve().name, version=__version__, note=note,
            made=time.strftime('%Y-%m-%d %H:%M:%S'), states=states,
            videos=[one for _, one in found], left_out=len(names) - len(found),
            costs=self._try(lambda: stage_costs(self.workspace, items)) or [],
            losses=loss_curves(self.workspace), scores=self._scores(gt))
        self.num_pictures = _within(_PICTURES, int(
            self.limit / 2 / max(1, len(found)) / _PICTURE_BYTES))

    def add_video(self, number: int, reader: VideoReader) -> None:
        """Add a video's block; without pictures once the page is full."""
        full = self.used > 0.9 * self.limit
        details = reader.details(0 if full else self.num_pictures)
        scores = (self.run['scores'] or {}).get('videos', {}).get(reader.name, {})
        details['truth'] = {stage: one['per_frame'] for stage, one in scores.items()
                            if isinstance(one, dict) and 'per_frame' in one}
        if reader.problems:
            line = self.run['videos'][number]
            line.update(state=FAILED, reason=line['reason'] or reader.problems[0])
        self._add(data_block(f'video-{number}', details))

    def add_overlays(self) -> None:
        """Add the overlays, small ones first, and link to those that no longer fit."""
        paths = {number: path for number, reader in enumerate(self.shown)
                 if (path := reader.overlay()) is not None}
        for number, path in sorted(paths.items(), key=lambda item: item[1].stat().st_size):
            link = '/'.join(map(quote, (self.shown[number].name, path.name)))
            inside = self.used + path.stat().st_size * 4 / 3 < self.limit
            if inside:
                text = base64.b64encode(path.read_bytes()).decode()
                self._add(f'<script type="text/plain" id="overlay-{number}">{text}</script>\n')
            self.overlays[number] = dict(inside=inside, link=link)

    def write(self) -> PageSize:
        """Write the page."""
        if self.run['scores']:
            self.run['scores'] = dict(stages=self.run['scores']['stages'])
        inside = sum(one['inside'] for one in self.overlays.values())
        for number, one in self.overlays.items():
            self.run['videos'][number]['overlay'] = one
        self.run.update(megabytes=round(self.used / MEGABYTE, 1), pictures=self.num_pictures,
                        linked=len(self.overlays) - inside)
        page = build_page(self.run, self.blocks).encode('utf-8', 'replace')
        write_bytes(self.out, page)
        return PageSize(self.out, len(page) / MEGABYTE, len(self.shown), self.run['left_out'],
                        inside, len(self.overlays) - inside)

    def _add(self, block: str) -> None:
        self.blocks.append(block)
        self.used += len(block)

    def _try(self, read):
        try:
            return read()
        except S2DInputError as error:
            self.run['problems'].append(one_line(error))
            return None

    def _clips(self) -> dict[str, list[Clip]]:
        """Return the clips that are there, by video and in order."""
        clips: dict[str, list[Clip]] = {}
        for name in self.workspace.clip_results(FRAMES):
            clip = self._try(lambda name=name: self.workspace.read_clip(name))
            if clip is not None:
                clips.setdefault(clip.video, []).append(clip)
        return {video: sorted(part, key=lambda clip: clip.start) for video, part in clips.items()}

    def _scores(self, gt: str | Path | None) -> dict | None:
        if gt is not None:
            return evaluate_stages(self.workspace.root, gt)
        path = self.workspace.scores_file
        return self._try(lambda: read_json(path, StageScores)) if path.is_file() else None


def _within(limits: Sequence[int], value: int) -> int:
    return max(limits[0], min(limits[1], value))
