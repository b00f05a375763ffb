"""One view on the masks of a video, however they are given."""

from collections.abc import Sequence

import numpy as np
from pycocotools import mask as coco_mask

from ..errors import S2DInputError
from ..evaluation.rle import measure, to_rle
from ..labels import encode_mask


class FrameMasks:
    """Masks of a video, frame by frame; only the frame that is asked for is ever decoded.

    Args:
        masks: Either id maps (T, H, W) of integers, 0 = background; or per frame a list whose
            items are RLEs, bool masks (H, W), or dicts with the key ``segmentation`` as in a
            proposals file. A frame may have no masks. Masks in a list may overlap. The n-th mask
            of an id map is that of its n-th smallest non-zero id.
        size: (H, W) that all masks must have; None takes the size of the first mask.
        first_frame: Number of the first frame in the video, for messages.

    Raises:
        S2DInputError: If a mask has another size, no pixel or cannot be decoded; frame and
            position are named.
    """

    def __init__(self, masks: Sequence, size: tuple[int, int] | None = None,
                 first_frame: int = 0):
        self.size = size
        self._first_frame = first_frame
        self._frames = [self._read_frame(frame, content) for frame, content in enumerate(masks)]
        self.counts = np.array([len(frame[1]) for frame in self._frames], dtype=np.int64)
        self.first = np.concatenate([[0], np.cumsum(self.counts)])

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def total(self) -> int:
        """Number M of masks in the video; mask ``first[frame] + index`` is their running number."""
        return int(self.first[-1])

    @property
    def frame_of(self) -> np.ndarray:
        """(M,) frame of each mask."""
        return np.repeat(np.arange(len(self)), self.counts)

    def rle(self, frame: int, index: int) -> dict:
        """Return one mask as RLE."""
        id_map, items = self._frames[frame]
        return items[index] if id_map is None else encode_mask(id_map == items[index])

    def lookup(self, frame: int, pixels: np.ndarray) -> np.ndarray:
        """Say which masks of a frame cover which pixels.

        Args:
            frame: Frame number.
            pixels: (N,) row-major pixel indices.

        Returns:
            (N, n) bool, n masks in the frame.
        """
        id_map, items = self._frames[frame]
        if len(items) == 0:
            return np.zeros((len(pixels), 0), bool)
        if id_map is not None:
            return id_map.reshape(-1)[pixels][:, None] == np.asarray(items)
        # Decoded masks are column-major, so one mask after another is gathered from memory.
        decoded = coco_mask.decode(items).reshape(-1, len(items), order='F')
        height, width = self.size
        transposed = (pixels % width) * height + pixels // width
        return np.stack([column[transposed] for column in decoded.T], axis=1).view(bool)

    def _read_frame(self, frame: int, content) -> tuple[np.ndarray | None, list]:
        if isinstance(content, np.ndarray) and content.ndim == 2:
            self._check_size(frame, 'its id map', content.shape)
            id_map = content.astype(np.uint8) if content.dtype == bool else content
            if not np.issubdtype(id_map.dtype, np.integer):
                raise S2DInputError(f'frame {self._first_frame + frame}: expected an id map of '
                                    f'integers, found {id_map.dtype}')
            return id_map, _ids(id_map)
        items = [self._read_mask(frame, index, mask) for index, mask in enumerate(content)]
        areas, valid = measure(items)
        for fault, bad in (('is a broken RLE; make the masks again', ~valid),
                           ('has no pixels; leave empty masks out', areas == 0)):
            if bad.any():
                raise S2DInputError(f'frame {self._first_frame + frame}: mask '
                                    f'{int(np.flatnonzero(bad)[0])} {fault}')
        return None, items

    def _read_mask(self, frame: int, index: int, mask) -> dict:
        if isinstance(mask, dict):
            rle = mask.get('segmentation', mask)
            self._check_size(frame, f'mask {index}', rle['size'])
            return to_rle(rle, self.size)
        mask = np.asarray(mask)
        self._check_size(frame, f'mask {index}', mask.shape)
        return encode_mask(mask.astype(bool))

    def _check_size(self, frame: int, where: str, found: Sequence[int]) -> None:
        found = tuple(int(side) for side in found)
        if self.size is None:
            self.size = found
        if found != tuple(self.size):
            raise S2DInputError(f'frame {self._first_frame + frame}: {where} is {_text(found)}, '
                                f'expected {_text(self.size)}; make the masks from the same '
                                'frames')


def _ids(id_map: np.ndarray) -> list[int]:
    """List the non-zero ids of a map, sorted; counting is fast where ids are small."""
    if id_map.size and id_map.min() >= 0 and id_map.max() < 2**16:
        return (np.flatnonzero(np.bincount(id_map.ravel())[1:]) + 1).tolist()
    ids = np.unique(id_map)
    return ids[ids != 0].tolist()


def _text(size: Sequence[int]) -> str:
    return f'{size[0]} x {size[1]} (height x width)' if len(size) == 2 else f'of shape {size}'
