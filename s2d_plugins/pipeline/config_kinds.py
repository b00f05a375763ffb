"""The values of a pipeline's config, described once: their types and ranges.

Settings of selection and inference, and the arguments of parts (proposer, discovery, trainings),
are not here: those are checked where they are used or built.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta
from typing_extensions import NotRequired, TypedDict

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[int, Meta(ge=1)]


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


class Overlay(TypedDict, total=False):
    """How the overlay is written: by which encoder of H.264."""

    encoder: str


class Training(TypedDict):
    """Where a training's config is, and what is changed in it."""

    config: str
    options: NotRequired[dict[str, Any] | None]


class FinalTraining(Training):
    """A training that may start from the distilled weights."""

    init_from: NotRequired[Literal['teacher', 'student'] | None]


class GivenModel(TypedDict):
    """A model that is trained already: the config of its training, and its weights."""

    config: str
    weights: str


class InferenceConfig(TypedDict):
    """The config of a pipeline that trains nothing."""

    trained_model: GivenModel
    frames: NotRequired[Frames]
    inference: NotRequired[dict]
    overlay: NotRequired[Overlay]
    engine: NotRequired[dict]


class PipelineConfig(TypedDict):
    """A pipeline's config."""

    proposer: dict
    discovery: dict
    distill: Training
    final: FinalTraining
    frames: NotRequired[Frames]
    selection: NotRequired[dict]
    max_one2x: NotRequired[Share]
    inference: NotRequired[dict]
    overlay: NotRequired[Overlay]
    dense: NotRequired[dict]
    dense_support: NotRequired[dict | None]
    result_support: NotRequired[dict | None]
    keymask_refinement: NotRequired[dict | list[dict] | None]
    dense_refinement: NotRequired[dict | list[dict] | None]
    result_refinement: NotRequired[dict | list[dict] | None]
    result_vote: NotRequired[dict | None]
    result_quality: NotRequired[dict | None]
    engine: NotRequired[dict]


#: Sections whose keys must all be known.
CLOSED = {'frames': Frames, 'frames.shots': Shots, 'distill': Training, 'final': FinalTraining,
          'trained_model': GivenModel, 'overlay': Overlay}
