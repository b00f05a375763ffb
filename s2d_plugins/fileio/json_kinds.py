"""The JSON files of this project, described once, for :func:`.json_files.read_json`.

Only what a reader relies on is described: keys that are not named here are allowed. A key that the
official YouTube-VIS files leave out or set to null may be absent or null here too. Masks are
checked where they are read, by :mod:`s2d_plugins.labels.mask_reader`, since only there their size
is known.
"""

from typing import Annotated, Any

from msgspec import Meta
from typing_extensions import NotRequired, TypedDict  # typing has both from Python 3.11 on

Id = int | str
Side = Annotated[int, Meta(ge=1, le=2**20)]
#: A side that may be written as 848.0.
FloatSide = Annotated[float, Meta(ge=1, le=2**20)]
Count = Annotated[int, Meta(ge=0)]
#: An RLE, polygons, or nothing in this frame.
Mask = dict | list | None


class Video(TypedDict):
    """One video of a label file."""

    id: Id
    height: Side
    width: Side
    file_names: Annotated[list[str], Meta(min_length=1)]
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
    id: NotRequired[Id | None]


#: A results file.
Results = list[TrackResult]


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


class ScoredFrames(TypedDict):
    """What is measured of a proposals file; each mask is checked on its own."""

    video: str
    frames: list[list[dict]]


class Identified(TypedDict):
    """Anything with an id."""

    id: Id


class OfVideo(TypedDict):
    """Anything of a video."""

    id: Id
    video_id: Id


class Masklets(TypedDict):
    """SA-V: per annotated frame the masks of all objects."""

    video_id: Id
    video_height: FloatSide
    video_width: FloatSide
    masklet: Annotated[list[list[Mask]], Meta(min_length=1)]


class PanopticCategory(TypedDict):
    """A category of VIPSeg: a thing or stuff."""

    id: int
    isthing: int | bool
    name: NotRequired[str | None]


class PanopticSegment(TypedDict):
    """One region of a panoptic image."""

    id: int
    category_id: int


class PanopticFrame(TypedDict):
    """One panoptic image and its regions."""

    file_name: str
    segments_info: list[PanopticSegment]


class PanopticVideo(TypedDict):
    """One video of VIPSeg's panoptic JSON."""

    video_id: str
    annotations: Annotated[list[PanopticFrame], Meta(min_length=1)]


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
    file_names: Annotated[list[str], Meta(min_length=1)]


class StageRecord(TypedDict, total=False):
    """What a stage cost for one clip, video or training, and what it found there."""

    seconds: float
    peak_memory_mb: float
    frames: Count
    proposals: Count
    keymasks: Count
    instances: Count
    masks: Count
    steps: Count
    loss: float | None
    resumed: bool
    made_from: str
    low_quality: list[Count]
    why: str | None


class StageState(TypedDict):
    """What a work dir knows of one stage."""

    key: NotRequired[str]
    items: NotRequired[dict[str, StageRecord]]


#: ``stages/state.json`` of a work dir.
State = dict[str, StageState]


class RunNote(TypedDict):
    """``stages/run.json`` of a work dir: what the latest run says of itself."""

    started: float
    ended: float | None
    stage: str | None
    error: str | None
    device: str
    config: str
    videos: dict[str, str]
    failures: dict[str, str]


class InstanceQuality(TypedDict):
    """How far an instance of the results can be trusted."""

    instance: Count
    quality: float
    low: bool


class ResultQuality(TypedDict, total=False):
    """How far a video's results can be trusted."""

    quality: float | None
    low: bool
    why: str | None
    instances: list[InstanceQuality]


class Summary(TypedDict):
    """``summary.json`` of a video."""

    num_frames: Count
    fps: float
    seconds: float
    quality: NotRequired[ResultQuality]


class StageScores(TypedDict):
    """The scores of all stages of a work dir."""

    stages: dict[str, dict[str, float | None]]
    videos: dict[str, dict[str, dict]]


class TrainingDone(TypedDict):
    """The note of a completed training."""

    checkpoint: str
    finished: float


#: What a message calls them.
NAMES = {Labels: 'a YouTube-VIS label file', Video: 'a video of a label file',
         Annotation: 'an annotation of a label file', Category: 'a category of a label file',
         Results: 'a results file (a list of tracks)', TrackResult: 'a track of a results file',
         ScoredMask: 'a mask of a proposals file', Proposals: 'a proposals file',
         ScoredFrames: 'the content of a proposals file', Masklets: 'a masklets file of SA-V',
         PanopticVideo: 'a video of panoptic JSON',
         PanopticCategory: 'a category of panoptic JSON',
         list[PanopticCategory]: 'a list of categories of panoptic JSON',
         Identified: 'anything with an id', OfVideo: 'anything with an id and a video_id',
         ClipDescription: 'the description of a clip', State: 'the state of a work dir',
         RunNote: 'the note of a run', Summary: 'the summary of a video',
         StageScores: 'the scores of the stages',
         TrainingDone: 'the note of a completed training'}
_SIGNS = ((('videos', 'images'), 'JSON with an entry per image, made for training on images'),
          (('images', 'annotations'), 'COCO JSON of single images'),
          (('videos',), NAMES[Labels]), (('frames', 'height'), NAMES[Proposals]),
          (('masklet',), NAMES[Masklets]), (('stamp', 'shot'), NAMES[ClipDescription]))


def guess_kind(content: Any) -> str | None:
    """Say what a file seems to be that is not what was expected; None if it is like none."""
    if isinstance(content, dict):
        return next((name for keys, name in _SIGNS if all(key in content for key in keys)), None)
    if isinstance(content, list) and content and isinstance(content[0], dict) and (
            {'score', 'segmentations'} <= content[0].keys()):
        return NAMES[Results]
    return None
