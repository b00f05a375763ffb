"""The values of a pipeline's config, described once: their types and ranges.

Keyword arguments of parts (proposer, discovery, a training) are not here: those are checked where
they are built.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta
from typing_extensions import NotRequired, TypedDict

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]


class Shots(TypedDict, total=False):
    """Arguments of :func:`~s2d_plugins.video.find_shots`."""

    threshold: Annotated[float, Meta(gt=0)]
    min_change: Annotated[float, Meta(ge=0, le=255)]
    min_length: Positive


class Frames(TypedDict, total=False):
    """How clips are cut and extracted."""

    max_short_side: Annotated[int, Meta(ge=8)]
    min_frames: Positive
    shots: Shots


class Selection(TypedDict, total=False):
    """Arguments of :func:`~s2d_plugins.proposals.selection.select_proposals`."""

    min_score: float
    max_containment: Annotated[float, Meta(ge=0)]


class Inference(TypedDict, total=False):
    """Arguments of :class:`~s2d_plugins.apis.VideoSegmenter`."""

    scale: tuple[Positive, Positive]
    window: Positive | None
    overlap: Count
    top_k: Positive
    score_thr: Share
    tube_nms_iou: Share | None
    link_iou: Share


class Training(TypedDict):
    """Where a training's config is, and what is changed in it."""

    config: str
    options: NotRequired[dict[str, Any] | None]


class FinalTraining(Training):
    """A training that may start from the distilled weights."""

    init_from: NotRequired[Literal['teacher', 'student'] | None]


class PipelineConfig(TypedDict):
    """A pipeline's config."""

    proposer: dict
    discovery: dict
    distill: Training
    final: FinalTraining
    frames: NotRequired[Frames]
    selection: NotRequired[Selection]
    max_one2x: NotRequired[Share]
    inference: NotRequired[Inference]
    dense: NotRequired[Inference]


#: Sections whose keys must all be known.
CLOSED = {'frames': Frames, 'frames.shots': Shots, 'selection': Selection,
          'inference': Inference, 'dense': Inference, 'distill': Training, 'final': FinalTraining}
