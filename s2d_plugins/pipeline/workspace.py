"""Where a pipeline keeps its results, and how it knows which of them still hold.

Results are files, written whole or not at all; a file that is there is done. Beside them
``stages/state.json`` holds, per stage, a key (a hash of its settings and of what it was made
from) and what it cost. A stage whose key is another one is cleared and made again; the key is
written after clearing, so that a kill in between only clears once more.
"""

import contextlib
import fcntl
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import S2DInputError
from ..fileio.json_files import read_json
from ..fileio.whole_files import write_json
from ..video import FolderVideo


@dataclass(frozen=True)
class Clip:
    """One shot of a video, as frames in a folder.

    Attributes:
        name: Name of its files: the video's, with the shot's number if there are several.
        video: Name of the video.
        source: Path of the video.
        stamp: Hash by which a change of the source is noticed.
        shot: Number of the shot, from 0.
        num_shots: Shots of the video.
        start: First source frame.
        stop: One past the last source frame.
        fps: Frames per second.
        original_size: (height, width) of the source.
        size: (height, width) of the frames here.
        file_names: The frames in order, in the clip's own folder.
    """

    name: str
    video: str
    source: str
    stamp: str
    shot: int
    num_shots: int
    start: int
    stop: int
    fps: float
    original_size: tuple[int, int]
    size: tuple[int, int]
    file_names: list[str]

    @property
    def frame_paths(self) -> list[str]:
        """The frames relative to the folder of all clips, as label files name them."""
        return [f'{self.name}/{file_name}' for file_name in self.file_names]


def clip_name(video: str, shot: int, num_shots: int) -> str:
    """Name a shot: like its video where it is the only one."""
    return video if num_shots == 1 else f'{video}_shot{shot:02d}'


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

    def stage_folder(self, name: str) -> Path:
        """Return the folder of a stage."""
        return self.stages / name

    def clip_file(self, stage: str, clip: str) -> Path:
        """Return a stage's result for one clip."""
        return self.stages / stage / f'{clip}.json'

    def merged_file(self, stage: str) -> Path:
        """Return a stage's label file of all clips."""
        return self.stages / f'{stage}.json'

    def video_folder(self, video: str) -> Path:
        """Return the folder of a video's final results."""
        return self.root / video

    def open_frames(self, clip: Clip) -> FolderVideo:
        """Open the extracted frames of a clip."""
        return FolderVideo(self.frames / clip.name)

    def read_clip(self, name: str) -> Clip | None:
        """Read one clip's description; None if it has not been extracted."""
        path = self.clip_file('frames', name)
        if not path.is_file():
            return None
        try:
            content = read_json(path)
            return Clip(**{**content, 'size': tuple(content['size']),
                           'original_size': tuple(content['original_size'])})
        except (TypeError, KeyError) as error:
            raise S2DInputError(f'{path} is not the description of a clip; delete it and run the '
                                'stage frames again') from error

    def write_clip(self, clip: Clip) -> None:
        """Write a clip's description; with it the clip counts as extracted."""
        write_json(self.clip_file('frames', clip.name), asdict(clip))

    def clips_of(self, video: str) -> list[Clip]:
        """Return the clips of a video; empty unless all of them have been extracted."""
        first = self.read_clip(video) or self.read_clip(clip_name(video, 0, 2))
        if first is None or first.video != video:
            return []
        clips = [self.read_clip(clip_name(video, shot, first.num_shots))
                 for shot in range(first.num_shots)]
        found = [clip for clip in clips if clip is not None]
        return found if len(found) == len(clips) else []

    def clear_stage(self, stage: str) -> None:
        """Remove all that a stage has made."""
        self.remove(self.stage_folder(stage))
        self.remove(self.merged_file(stage))
        self.state.clear(stage)

    def clear_clip(self, clip: Clip) -> None:
        """Remove all that was made from a clip, the frames last."""
        for stage in ('dense', 'keymasks', 'proposals'):
            self.remove(self.clip_file(stage, clip.name))
        self.state.forget('infer', clip.video)
        self.remove(self.clip_file('frames', clip.name))
        self.remove(self.frames / clip.name)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs out while this one goes on; what a killed one left half is removed.

        Raises:
            S2DInputError: If another run is using the work dir.
        """
        with contextlib.ExitStack() as stack:
            try:
                self.stages.mkdir(parents=True, exist_ok=True)
                file = stack.enter_context(open(self.stages / 'lock', 'w', encoding='utf-8'))
            except OSError as error:
                raise S2DInputError(f'cannot write {self.stages}: {error.strerror or error}; '
                                    'choose another work dir') from error
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise S2DInputError(f'another run is using {self.root}; wait for its end or '
                                    'choose another work dir') from error
            for path in (*self.stages.glob('.*'), *self.stages.glob('*/.*'),
                         *self.root.glob('*/.*')):
                self.remove(path)
            yield

    def remove(self, path: Path) -> None:
        """Remove a file or folder that may be there."""
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise S2DInputError(f'cannot write {path}: {error.strerror or error}; choose another '
                                'work dir') from error


class State:
    """Keys and costs of the stages, in one small file that is rewritten at each change.

    Args:
        path: The file; it need not exist.
    """

    def __init__(self, path: Path):
        self.path = path
        self._content = read_json(path) if path.is_file() else {}

    def key(self, stage: str) -> str | None:
        """Return the key that a stage's results were made with."""
        return self._content.get(stage, {}).get('key')

    def set_key(self, stage: str, key: str) -> None:
        """Note the key of the results to come."""
        self._content.setdefault(stage, {})['key'] = key
        self._save()

    def record(self, stage: str, item: str) -> dict | None:
        """Return what was noted for a clip or video of a stage."""
        return self._content.get(stage, {}).get('items', {}).get(item)

    def set_record(self, stage: str, item: str, record: dict) -> None:
        """Note cost and counts of a clip or video of a stage."""
        self._content.setdefault(stage, {}).setdefault('items', {})[item] = record
        self._save()

    def forget(self, stage: str, item: str) -> None:
        """Drop what was noted for a clip or video."""
        if self._content.get(stage, {}).get('items', {}).pop(item, None) is not None:
            self._save()

    def clear(self, stage: str) -> None:
        """Drop all that was noted for a stage."""
        if self._content.pop(stage, None) is not None:
            self._save()

    def _save(self) -> None:
        write_json(self.path, self._content)
