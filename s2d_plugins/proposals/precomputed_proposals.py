"""Masks that another program made, read from proposals files."""

from pathlib import Path

from s2d_plugins.arguments import check_path
from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.proposals_file import read_proposals
from s2d_plugins.registry import MASK_PROPOSERS
from s2d_plugins.structures import Frames

from .base_mask_proposer import BaseMaskProposer, Progress, checked_frame


@MASK_PROPOSERS.register_module()
class PrecomputedProposals(BaseMaskProposer):
    """Reads the masks of a clip from a proposals file instead of computing them.

    Args:
        path: A proposals file, or a folder of them, one ``<clip>.json`` per clip; from a folder
            the file is chosen by the ``name`` of the frame sequence.
    """

    def __init__(self, path: str | Path):
        check_path(self, path=path)
        self.path = Path(path)

    def propose(self, frames: Frames,
                progress: Progress | None = None) -> list[list[dict]]:
        """See :meth:`BaseMaskProposer.propose`."""
        path = self._file_of(frames)
        content = read_proposals(path)
        if len(content['frames']) != len(frames):
            raise S2DInputError(f'{path}: expected masks for {len(frames)} frames, found '
                                f'{len(content["frames"])}; make the file from the same clip')
        size = (content['height'], content['width'])
        if len(frames) and checked_frame(frames, 0).shape[:2] != size:
            raise S2DInputError(f'{path}: masks are {size[1]}x{size[0]}, frames '
                                f'{frames[0].shape[1]}x{frames[0].shape[0]}; make the file from '
                                'frames of the same size')
        if progress is not None:
            progress(len(frames), len(frames))
        return [sorted(masks, key=lambda mask: -mask['score']) for masks in content['frames']]

    def _file_of(self, frames: Frames) -> Path:
        if not self.path.is_dir():
            return self.path
        name = getattr(frames, 'name', None)
        if name is None:
            raise S2DInputError(f'PrecomputedProposals: {self.path} is a folder, and these frames '
                                'have no name to choose a file by; give the file itself')
        return self.path / f'{name}.json'
