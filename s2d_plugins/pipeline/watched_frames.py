"""Progress of work that has parts, and of parts that do not tell of it themselves."""

from dataclasses import dataclass

import numpy as np

from ..structures import Frames, Progress


def part_of(progress: Progress, index: int, count: int) -> Progress:
    """Make the progress of one of several parts that are taken to last equally long.

    Args:
        progress: Of the whole.
        index: Of the part.
        count: Of all parts.
    """
    return lambda done, total: progress(index * total + done, count * total)


@dataclass
class WatchedFrames:
    """Frames that tell how many of them have been reached.

    Attributes:
        frames: Frame sequence.
        progress: Told of each frame that is later than all before.
    """

    frames: Frames
    progress: Progress
    reached: int = 0

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> np.ndarray:
        if index >= self.reached:
            self.reached = index + 1
            self.progress(self.reached, len(self.frames))
        return self.frames[index]
