"""The JSON files of this project, described once, for :func:`.json_files.read_json`.

Only what a reader relies on is described: keys that are not named here are allowed. A key that the
official YouTube-VIS files leave out or set to null may be absent or null here too. Masks are
checked where they are read, by :mod:`s2d_plugins.labels.rle`, since only there their size is
known.
"""

from typing import Annotated, Any

from msgspec import Meta
from typing_extensions import NotRequired, TypedDict  # typing has both from Python 3.11 on

Id = int | str
Side = Annotated[int, Meta(ge=1, le=2**20)]
Count = Annotated[int, Meta(ge=0)]
#: An RLE, polygons, or nothing in this frame.
Mask = dict | list | None


class Video(TypedDict):
    """One video of a label file."""

    id: Id
    height: Side
    width: Side
    file_names: list[str]
    name: NotRequired[str | None]
    length: NotRequired[Count | None]


class Annotation(TypedDict):
    """One instance of a video: per frame a mask or null."""

    id: Id
    video_id: Id
    segmentations: list[Mask]
    category_id: NotRequired[Id | None]
    bboxes: NotRequired[list[list[float] | None] | None]
    areas: NotRequired[list[float | None] | None]
    iscrowd: NotRequired[int | None]
    length: NotRequired[Count | None]
    score: NotRequired[float | None]
    one2x: NotRequired[float | None]
    visibility_ranges: NotRequired[list[list[int]] | None]


class Category(TypedDict):
    """One category of a label file."""

    id: Id
    name: NotRequired[str | None]


class Labels(TypedDict):
    """YouTube-VIS JSON; without annotations, or with null, it is a split for a server."""

    videos: list[Video]
    annotations: NotRequired[list[Annotation] | None]
    categories: NotRequired[list[Category] | None]


class TrackResult(TypedDict):
    """One track of a results file."""

    video_id: Id
    score: float
    segmentations: list[Mask]
    category_id: NotRequired[Id | None]


class ScoredMask(TypedDict):
    """One mask of a frame in a proposals file."""

    segmentation: dict | list
    score: float


class Proposals(TypedDict):
    """A proposals file: one clip."""

    height: Side
    width: Side
    frames: list[list[ScoredMask]]
    video: NotRequired[str | None]


class ClipDescription(TypedDict):
    """The description of an extracted clip in a work dir."""

    name: str
    video: str
    source: str
    stamp: str
    shot: Count
    num_shots: Annotated[int, Meta(ge=1)]
    start: Count
    stop: Count
    fps: float
    original_size: Annotated[list[Side], Meta(min_length=2, max_length=2)]
    size: Annotated[list[Side], Meta(min_length=2, max_length=2)]
    file_names: list[str]


class StageState(TypedDict):
    """What a work dir knows of one stage."""

    key: NotRequired[str]
    items: NotRequired[dict[str, dict[str, Any]]]


#: ``stages/state.json`` of a work dir.
State = dict[str, StageState]


class TrainingDone(TypedDict):
    """The note of a completed training."""

    checkpoint: str
    finished: float


#: What a message calls them.
NAMES = {Labels: 'a YouTube-VIS label file', Proposals: 'a proposals file',
         ClipDescription: 'the description of a clip', State: 'the state of a work dir',
         TrainingDone: 'the note of a completed training'}
