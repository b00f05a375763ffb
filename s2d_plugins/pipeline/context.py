"""What the stages of a pipeline share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mmengine.config import Config

from ..fileio.digests import digest
from .clip_labels import read_clip_labels
from .clips import Clip
from .console import Console
from .failures import describe, stops_all
from .resource_monitor import measure_usage
from .workspace import Workspace


@dataclass
class Context:
    """One run of a pipeline.

    Attributes:
        cfg: The pipeline's config.
        videos: Name and path of every video.
        workspace: Where results are.
        console: Where progress is shown.
        device: ``'cpu'``, ``'cuda'`` or ``'cuda:N'``.
        clips: Clips of the videos that have not failed.
        failures: Video to the one line that says why it failed.
        note: What the run says of itself, see :mod:`.run_note`.
    """

    cfg: Config
    videos: dict[str, Path]
    workspace: Workspace
    console: Console
    device: str = 'cpu'
    clips: list[Clip] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    note: dict = field(default_factory=dict)

    def begin(self, stage: str, *made_from: object) -> None:
        """Keep a stage's results if they were made from the same, else clear them.

        Args:
            stage: Name of the stage.
            *made_from: Plain values: its settings and the keys of what it reads.
        """
        key = digest(made_from)
        before = self.workspace.state.key(stage)
        if before == key:
            return
        if before is not None:
            self.console.say(f'{stage}: settings or data have changed, so it is made again')
        self.workspace.clear_stage(stage)
        self.workspace.state.set_key(stage, key)

    def key(self, stage: str) -> str | None:
        """Return the key of a stage's results."""
        return self.workspace.state.key(stage)

    @contextmanager
    def measured(self, stage: str, item: str) -> Iterator[dict]:
        """Measure the body, and note its cost for a clip, video or training if it ends well.

        Yields:
            A dict for what else is to be noted, such as counts. After the body it also holds
            ``seconds`` and ``peak_memory_mb``.
        """
        record: dict = {}
        with measure_usage() as usage:
            yield record
        record.update(seconds=usage.seconds, peak_memory_mb=usage.peak_memory_mb)
        self.workspace.state.set_record(stage, item, record)

    @contextmanager
    def guard(self, video: str) -> Iterator[None]:
        """Let one of several videos fail, for whatever reason, and the others go on.

        A disk that is full or read-only stops all, and so does the failure of an only video.
        """
        try:
            yield
        except Exception as error:
            if stops_all(error) or len(self.videos) == 1:
                raise
            self.fail(video, describe(error, self.console))

    def fail(self, video: str, reason: str) -> None:
        """Note that a video failed; its clips take no part in what follows."""
        self.failures[video] = reason
        self.clips = [clip for clip in self.clips if clip.video != video]
        self.console.say(f'failed: {video}: {reason}')

    def for_each_clip(self, stage: str, unit: str,
                      work: Callable[[Clip, Callable[[int, int], None]], None]) -> None:
        """Run ``work(clip, progress)`` for the clips without a result, under one bar.

        The bar counts frames; ``progress(done, total)`` may count anything.
        """
        todo = [clip for clip in self.clips
                if not self.workspace.clip_file(stage, clip.name).is_file()]
        if len(todo) < len(self.clips):
            self.console.say(f'{stage}: {len(self.clips) - len(todo)} of {len(self.clips)} clips '
                             'were done before')
        if not todo:
            return
        with self.console.bar(stage, sum(len(clip.file_names) for clip in todo), unit) as bar:
            for clip in todo:
                if clip not in self.clips:  # another clip of its video has failed
                    continue
                before, frames = bar.n, len(clip.file_names)

                def report(done: int, total: int, before: int = before,
                           frames: int = frames) -> None:
                    bar.update(before + done * frames // max(total, 1) - bar.n)

                with self.guard(clip.video):
                    work(clip, report)
                report(1, 1)

    def video_labels(self, stage: str) -> list[tuple[str, list[dict]]]:
        """Read what a stage made of each video: its name and the labels of its clips.

        A video one of whose files is broken fails alone.
        """
        found = []
        for video in dict.fromkeys(clip.video for clip in self.clips):
            with self.guard(video):
                found.append((video, [read_clip_labels(self.workspace.clip_file(stage, clip.name))
                                      for clip in self.clips if clip.video == video]))
        return found
