"""What a reader of a dataset hands to the one writer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Instance:
    """One object of a video.

    Attributes:
        segmentations: Per frame a compressed RLE, or None where there is no mask.
        category_id: Among the source's categories; None where the dataset has none.
        iscrowd: 1 for a region that evaluation ignores.
    """

    segmentations: list[dict | None]
    category_id: int | None = None
    iscrowd: int = 0


@dataclass
class SourceVideo:
    """One video of a dataset.

    Attributes:
        name: Name of the video.
        size: (height, width) of its frames in pixels.
        file_names: One per frame, relative to the source's image root, with forward slashes.
        instances: Objects; those without any mask are left out by the writer.
        source_id: Its id in the dataset's own files, if it has one.
    """

    name: str
    size: tuple[int, int]
    file_names: list[str]
    instances: list[Instance] = field(default_factory=list)
    source_id: int | str | None = None


@dataclass
class Source:
    """A dataset, read one video at a time.

    Attributes:
        image_root: Folder that file names are relative to.
        jobs: One entry per video, whatever ``read`` needs to find it.
        read: Turns a job into a video; raises S2DInputError that names file, video and frame.
        categories: ``dict(id, name)`` each; None where the dataset has no categories.
        faults: What was found wrong before any video was read.
        inputs: Files of annotations and lists that are read, which nothing may overwrite.
    """

    image_root: Path
    jobs: Sequence[Any]
    read: Callable[[Any], SourceVideo]
    categories: list[dict] | None = None
    faults: list[str] = field(default_factory=list)
    inputs: Sequence[Path] = ()
