"""What the stages of a pipeline share."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

from mmengine.config import Config
from mmengine.registry import init_default_scope

from ..engines import Engine, LocalEngine, Outcome, Task, Work
from ..errors import S2DInputError
from ..fileio.config_imports import import_named
from ..fileio.digests import digest
from ..structures import Progress
from .clip_labels import read_clip_labels
from .clips import Clip
from .console import Console
from .failures import describe, stops_all
from .resource_monitor import measure_usage
from .workspace import Workspace

#: Makes, from a context, what is done with a clip or video.
MakeClipWork = Callable[['Context'], Callable[[Any, Progress], object]]


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
        engine: Does the work on clips and videos.
        held: In a process that works for another one: what :meth:`measured` noted, as (stage,
            item, record); None where it is written down.
    """

    cfg: Config
    videos: dict[str, Path]
    workspace: Workspace
    console: Console
    device: str = 'cpu'
    clips: list[Clip] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    note: dict = field(default_factory=dict)
    engine: Engine = field(default_factory=LocalEngine)
    held: list[tuple[str, str, dict]] | None = None

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
        if self.held is None:
            self.workspace.state.set_record(stage, item, record)
        else:
            self.held.append((stage, item, record))

    def record(self, stage: str, item: str) -> dict | None:
        """Return what was noted of a clip, video or training, also if it is only held here."""
        held = [record for *place, record in self.held or () if place == [stage, item]]
        return held[-1] if held else self.workspace.state.record(stage, item)

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

    def for_each_clip(self, stage: str, unit: str, make_work: MakeClipWork) -> None:
        """Run ``work(clip, progress)`` for the clips without a result, under one bar.

        The bar counts frames; ``progress(done, total)`` may count anything.

        Args:
            stage: Name of the stage.
            unit: Of the bar.
            make_work: Makes the work from this context or, on a cluster, from one like it; a
                function of a module.
        """
        on_cluster = not isinstance(self.engine, LocalEngine)
        todo = [clip for clip in self.clips
                if not self.workspace.clip_file(stage, clip.name).is_file()
                # the cost of what a cluster did is noted after it
                or (on_cluster and self.workspace.state.record(stage, clip.name) is None)]
        if len(todo) < len(self.clips):
            self.console.say(f'{stage}: {len(self.clips) - len(todo)} of {len(self.clips)} clips '
                             'were done before')
        if not todo:
            return
        with self.console.bar(stage, sum(len(clip.file_names) for clip in todo), unit) as bar:
            if on_cluster:
                self.on_cluster(make_work, (
                    (clip.video, clip.name, clip) for clip in todo if clip in self.clips),
                    lambda clip: bar.update(len(clip.file_names)))
                return
            work = make_work(self)
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

    def on_cluster(self, make_work: MakeClipWork, items: Iterable[tuple[str, str, Any]],
                   finished: Callable[[Any], object]) -> None:
        """Have the engine do work on clips or videos, and note what each has cost.

        Args:
            make_work: As in :meth:`for_each_clip`.
            items: Video, name and what the work takes.
            finished: Told of each item.
        """
        videos: dict[str, str] = {}

        def tasks() -> Iterator[Task]:
            for video, name, item in items:
                videos[name] = video
                yield Task(name, item)

        def done(outcome: Outcome) -> None:
            if outcome.reason is None:
                for stage, item, record in outcome.value:
                    self.workspace.state.set_record(stage, item, record)
            else:
                if outcome.trace:
                    self.console.log('\n'.join(outcome.trace))
                if len(self.videos) == 1:
                    raise S2DInputError(outcome.reason)
                self.fail(videos[outcome.task.name], outcome.reason)
            finished(outcome.task.content)

        self.engine.run(partial(_work_elsewhere, make_work, self.cfg, self.videos,
                                self.workspace.root, self.device, self.clips),
                        tasks(), done, shared=[self.workspace.stages])

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


def _work_elsewhere(make_work: MakeClipWork, cfg: Config, videos: dict[str, Path], root: Path,
                    device: str, clips: list[Clip]) -> Work:
    """Make the work in a process of a cluster; it gives what :meth:`Context.measured` noted."""
    import_named(cfg.get('custom_imports'))
    init_default_scope(cfg.get('default_scope', 's2d_plugins'))
    # of the console only the process that began the run makes use
    context = Context(cfg, videos, Workspace(root), cast(Console, None), device, list(clips),
                      held=[])
    work = make_work(context)

    def do_item(item: Any, progress: Progress) -> list[tuple[str, str, dict]]:
        context.held = []
        work(item, progress)
        return context.held
    return do_item
