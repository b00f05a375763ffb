"""Where a pipeline keeps its results, and how it knows which of them still hold.

Results are files, written whole or not at all; a file that is there is done. Beside them
``stages/state.json`` holds, per stage, a key (a hash of its settings and of what it was made
from) and what it cost. A stage whose key is another one is cleared and made again; the key is
written after clearing, so that a kill in between only clears once more.
"""

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock, Timeout

from ..apis.journal import VideoJournal
from ..errors import S2DInputError
from ..fileio import json_kinds
from ..fileio.json_files import read_json
from ..fileio.paths import is_inside
from ..fileio.stamps import make_stamp
from ..fileio.whole_files import cannot_write, clean_partials, write_json
from ..video import FolderVideo
from .clips import Clip, clip_name
from .stage_names import DENSE, FRAMES, INFER, KEYMASKS, PROPOSALS, STAGES
from .state import State


class Workspace:
    """The files of one work dir.

    Args:
        root: The work dir.
    """

    def __init__(self, root: str | Path):
        self.root = Path(root)
        self.stages = self.root / 'stages'
        self.frames = self.stages / 'frames'
        self.state = State(self.stages / 'state.json')
        self.run_file = self.stages / 'run.json'
        self.report_file = self.root / 'report.html'
        self.scores_file = self.root / 'stage_scores.json'

    def stage_folder(self, name: str) -> Path:
        """Return the folder of a stage."""
        return self.stages / name

    def clip_file(self, stage: str, clip: str) -> Path:
        """Return a stage's result for one clip."""
        return self.stages / stage / f'{clip}.json'

    def journal(self, stage: str, clip: str) -> VideoJournal:
        """Return where a stage keeps what is done of a clip that is not finished."""
        return VideoJournal(self.stages / stage / f'.{clip}.journal',
                            make_stamp(stage=self.state.key(stage)))

    def clear_journals(self, stage: str, clips: Iterable[Clip]) -> None:
        """Remove what was kept of clips that are finished, but not through a link."""
        for clip in clips:
            journal = self.journal(stage, clip.name)
            if self._link_above(journal.folder) is None:
                journal.remove()

    def merged_file(self, stage: str) -> Path:
        """Return a stage's label file of all clips."""
        return self.stages / f'{stage}.json'

    def video_folder(self, video: str) -> Path:
        """Return the folder of a video's final results."""
        return self.root / video

    def open_frames(self, clip: Clip) -> FolderVideo:
        """Open the extracted frames of a clip."""
        return FolderVideo(self.frames / clip.name)

    def sheet_file(self, video: str) -> Path:
        """Return the picture that shows a video's keymasks."""
        return self.video_folder(video) / 'keymasks.png'

    def results_file(self, video: str) -> Path:
        """Return the file of a video's final tracks."""
        return self.video_folder(video) / 'results.json'

    def overlay_file(self, video: str) -> Path:
        """Return the video that shows a video's final tracks."""
        return self.video_folder(video) / 'overlay.mp4'

    def summary_file(self, video: str) -> Path:
        """Return the file of what a video's results cost."""
        return self.video_folder(video) / 'summary.json'

    def clip_results(self, stage: str) -> dict[str, Path]:
        """Return the clips that a stage has results for, by name, and their files."""
        return {path.stem: path for path in sorted(self.stage_folder(stage).glob('*.json'))
                if not path.name.startswith('.')}

    def read_clip(self, name: str) -> Clip | None:
        """Read one clip's description; None if it has not been extracted.

        Raises:
            S2DInputError: If the description is broken.
        """
        path = self.clip_file(FRAMES, name)
        if not path.is_file():
            return None
        advice = 'delete it and run the stage frames again'
        try:
            content = read_json(path, json_kinds.ClipDescription)
        except S2DInputError as error:
            reason = str(error).rpartition(';')[0] or str(error)
            raise S2DInputError(f'{reason}; {advice}') from error
        if content['name'] != name or not all(map(is_inside, content['file_names'])):
            raise S2DInputError(f'{path} is not the description of a clip {name} whose frames are '
                                f'in its folder; {advice}')
        known = {field: content[field] for field in json_kinds.ClipDescription.__annotations__}
        return Clip(**{**known, 'size': tuple(content['size']),
                       'original_size': tuple(content['original_size'])})

    def clips(self) -> dict[str, Clip]:
        """Read all clips' descriptions, by name."""
        return {name: self.read_clip(name) for name in self.clip_results(FRAMES)}

    def write_clip(self, clip: Clip) -> None:
        """Write a clip's description; with it the clip counts as extracted."""
        write_json(self.clip_file(FRAMES, clip.name), asdict(clip))

    def clips_of(self, video: str) -> list[Clip]:
        """Return the clips of a video; empty unless all of them have been extracted."""
        first = self.read_clip(video) or self.read_clip(clip_name(video, 0, 2))
        if first is None or first.video != video:
            return []
        clips = [self.read_clip(clip_name(video, shot, first.num_shots))
                 for shot in range(first.num_shots)]
        found = [clip for clip in clips if clip is not None]
        return found if len(found) == len(clips) else []

    def has_frames(self, clip: Clip) -> bool:
        """Say whether the extracted frames of a clip are all there, and no others."""
        try:
            found = {path.name for path in (self.frames / clip.name).iterdir()
                     if not path.name.startswith('.')}
        except OSError:
            return False
        return found == set(clip.file_names)

    def clear_stage(self, stage: str) -> None:
        """Remove all that a stage has made."""
        self.remove(self.stage_folder(stage))
        self.remove(self.merged_file(stage))
        self.state.clear(stage)

    def clear_clip(self, clip: str, video: str) -> None:
        """Remove all that was made of a clip, the frames last."""
        self.clear_proposals(clip, video)
        self.remove(self.clip_file(FRAMES, clip))
        self.remove(self.frames / clip)

    def clear_proposals(self, clip: str, video: str) -> None:
        """Remove a clip's proposals and all that was made of them."""
        for stage in (DENSE, KEYMASKS, PROPOSALS):
            self.remove(self.clip_file(stage, clip))
        self.state.forget(INFER, video)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs out while this one goes on.

        Raises:
            S2DInputError: If another run is using the work dir, or it cannot be written.
        """
        lock = FileLock(self.stages / 'lock')
        try:
            self.stages.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise S2DInputError(f'another run is using {self.root}; wait for its end or choose '
                                'another work dir') from error
        except (OSError, NotImplementedError) as error:
            raise S2DInputError(f'cannot write {self.stages}: '
                                f'{getattr(error, "strerror", None) or error}; choose another '
                                'work dir') from error
        try:
            yield
        finally:
            lock.release()

    def clean(self, videos: Iterable[str]) -> None:
        """Remove what killed runs have left half-written, in the folders of this work dir alone.

        Nothing is removed through a link.

        Args:
            videos: Names of the videos whose result folders are looked at.
        """
        folders = (self.root, self.stages, *(self.stage_folder(stage) for stage in STAGES),
                   *(self.video_folder(video) for video in videos))
        clean_partials(*(folder for folder in folders if self._link_above(folder / '_') is None))

    def remove(self, path: Path) -> None:
        """Remove a file, folder or link of this work dir that may be there.

        What a link leads to stays.

        Raises:
            S2DInputError: If it cannot be removed, or is reached through a link.
        """
        link = self._link_above(path)
        if link is not None:
            raise S2DInputError(f'{link} is a link, and nothing is removed through links; put a '
                                'folder in its place or choose another work dir')
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(path, error) from error

    def _link_above(self, path: Path) -> Path | None:
        """Return the first folder between the work dir and a path in it that is a link."""
        folders = [folder for folder in path.parents if self.root in folder.parents]
        return next((folder for folder in reversed(folders) if folder.is_symlink()), None)
