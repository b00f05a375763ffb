"""What the page shows of one video, failures first."""

from pathlib import Path

from ...errors import S2DInputError, one_line
from ...fileio.json_files import read_json
from ...fileio.json_kinds import Summary
from ...visualization import sample_frames
from ..clips import Clip
from ..result_quality import NOTHING
from ..stage_names import DENSE, INFER, KEYMASKS, PER_CLIP, PROPOSALS, WITH_MASKS
from ..stages.infer import sum_records
from ..workspace import Workspace
from .pictures import encode_frame, outline
from .tracks import StageFinds, read_clip_finds, read_results

FAILED, DOUBTFUL, UNFINISHED, GOOD = 'failed', 'doubtful', 'unfinished', 'good'
#: In the order in which the page lists videos.
STATES = (FAILED, DOUBTFUL, UNFINISHED, GOOD)
#: Masks drawn of a frame and stage at most, those of highest score.
_MAX_MASKS = 60


class VideoReader:
    """Reads one video's results, whatever of them is there.

    Args:
        workspace: The work dir.
        clips: The clips of the video, or those that are there.
        name: Its name.
        reason: Why it failed, or None.
    """

    def __init__(self, workspace: Workspace, clips: list[Clip], name: str, reason: str | None):
        self.workspace, self.clips, self.name, self.reason = workspace, clips, name, reason
        self.problems: list[str] = []

    def overview(self) -> dict:
        """Return the little that the list of videos and its order need."""
        record = self._try(lambda: self.workspace.state.record(INFER, self.name)) or {}
        summary = self._summary()
        quality = summary.get('quality') or {}
        why = quality.get('why') or record.get('why')
        finished = bool(summary)
        if finished and not why and record.get('instances') == 0:
            why = NOTHING
        reason = self.reason or (self.problems[0] if self.problems else why)
        state = (FAILED if self.reason or self.problems else UNFINISHED if not finished else
                 DOUBTFUL if why else GOOD)
        return dict(name=self.name, state=state, reason=reason, quality=quality.get('quality'),
                    instances=record.get('instances'), low=record.get('low_quality', []),
                    frames=sum(len(clip.file_names) for clip in self.clips),
                    seconds=summary.get('seconds'))

    def details(self, num_pictures: int) -> dict:
        """Return all else: timeline, pictures and costs.

        Args:
            num_pictures: How many frames are shown, at most.
        """
        summary = self._summary()
        finds = self._finds(summary.get('quality') or {})
        num_frames = max([summary.get('num_frames') or 0, *(clip.stop for clip in self.clips)])
        proposals = finds.get(PROPOSALS)
        pictures = self._try(lambda: self._pictures(finds, num_pictures)) or []
        return dict(
            frames=num_frames, fps=summary.get('fps') or (
                self.clips[0].fps if self.clips else None),
            size=list(self.clips[0].original_size) if self.clips else None,
            source=self.clips[0].source if self.clips else None,
            shots=[[clip.start, clip.stop] for clip in self.clips],
            rows={stage: finds[stage].rows for stage in (KEYMASKS, DENSE, INFER)
                  if stage in finds},
            counts=[proposals.counts.get(frame, 0) for frame in range(num_frames)]
            if proposals else None,
            costs=self._costs(), pictures=pictures, problems=self.problems)

    def overlay(self) -> Path | None:
        """Return the video's overlay if it is there."""
        path = self.workspace.overlay_file(self.name)
        return path if path.is_file() else None

    def _try(self, read):
        """Return what a function reads; None where that is broken, which is noted once."""
        try:
            return read()
        except (S2DInputError, OSError, IndexError) as error:
            line = one_line(error)
            if line not in self.problems:
                self.problems.append(line)
            return None

    def _summary(self) -> dict:
        path = self.workspace.summary_file(self.name)
        return (self._try(lambda: read_json(path, Summary)) or {}) if path.is_file() else {}

    def _finds(self, quality: dict) -> dict[str, StageFinds]:
        finds: dict[str, StageFinds] = {}
        for stage in WITH_MASKS:
            for clip in self.clips if stage != INFER else ():
                path = self.workspace.clip_file(stage, clip.name)
                if path.is_file():
                    found = finds.setdefault(stage, StageFinds())
                    self._try(lambda stage=stage, path=path, clip=clip, found=found:
                              read_clip_finds(stage, path, clip, found))
        path = self.workspace.results_file(self.name)
        results = self._try(lambda: read_results(path, quality)) if path.is_file() else None
        if results is not None:
            finds[INFER] = results
        return finds

    def _costs(self) -> dict[str, dict]:
        costs = {stage: sum_records([record for clip in self.clips if (record := self._try(
            lambda stage=stage, clip=clip: self.workspace.state.record(stage, clip.name)))])
            for stage in PER_CLIP}
        costs[INFER] = self._try(lambda: self.workspace.state.record(INFER, self.name)) or {}
        return {stage: {key: value for key, value in cost.items()
                        if isinstance(value, int | float)} for stage, cost in costs.items() if cost}

    def _pictures(self, finds: dict[str, StageFinds], number: int) -> list[dict]:
        places = [(clip, index) for clip in self.clips for index in range(len(clip.file_names))]
        pictures: list[dict] = []
        for place in sample_frames(len(places), number) if places and number else []:
            clip, index = places[place]
            picture = self._try(lambda clip=clip, index=index: encode_frame(
                self.workspace.open_frames(clip)[index]))
            if picture is None:
                break
            size = picture['width'], picture['height']
            layers = {stage: [dict(d=outline(rle, size), color=color, label=label)
                              for rle, color, label in
                              found.masks.get(clip.start + index, [])[:_MAX_MASKS]]
                      for stage, found in finds.items()}
            pictures.append(dict(picture, frame=clip.start + index, layers=layers))
        return pictures
