"""One view on the masks of a video, however they are given."""

from collections.abc import Sequence

import numpy as np

from ..arguments import check_count, items_of, refuse, shown
from ..errors import S2DInputError
from ..labels.mask_reader import read_masks, rle_size
from ..labels.rle import encode_mask
from .bit_maps import MASKS_PER_MAP, bit_map, bits_at, changes_of


class FrameMasks:
    """Masks of a video, frame by frame; no mask is ever decoded as a whole.

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
        if size is not None:
            check_count(self, **items_of(self, 'size', size, length=2))
        if isinstance(masks, str | bytes | dict) or not hasattr(masks, '__len__'):
            raise refuse(self, 'masks', masks, 'id maps (T, H, W) or a list of masks per frame')
        self.size = size
        self._first_frame = first_frame
        self._known_changes: dict[int, list[np.ndarray]] = {}
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
            pixels: (N,) pixels counted column by column, as ``pixel_of`` returns them.

        Returns:
            (N, n) bool, n masks in the frame.
        """
        id_map, items = self._frames[frame]
        if len(items) == 0:
            return np.zeros((len(pixels), 0), bool)
        height, width = self.size
        if id_map is not None:
            ids = id_map[pixels % height, pixels // height]
            return ids[:, None] == np.asarray(items)
        parts = []
        for start in range(0, len(items), MASKS_PER_MAP):
            some = self._changes(frame)[start:start + MASKS_PER_MAP]
            parts.append(bits_at(bit_map(some, height * width), pixels, len(some)))
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _changes(self, frame: int) -> list[np.ndarray]:
        if frame not in self._known_changes:
            self._known_changes[frame] = [changes_of(rle) for rle in self._frames[frame][1]]
        return self._known_changes[frame]

    def _read_frame(self, frame: int, content) -> tuple[np.ndarray | None, list]:
        if isinstance(content, np.ndarray) and content.ndim == 2:
            self._check_size(frame, 'its id map', content.shape)
            id_map = content.astype(np.uint8) if content.dtype == bool else content
            if not np.issubdtype(id_map.dtype, np.integer):
                raise S2DInputError(f'frame {self._first_frame + frame}: expected an id map of '
                                    f'integers, found {id_map.dtype}')
            return id_map, _ids(id_map)
        if not isinstance(content, list | tuple | np.ndarray) or (
                isinstance(content, np.ndarray) and content.ndim == 0):
            raise S2DInputError(f'frame {self._first_frame + frame}: expected an id map (H, W) or '
                                f'a list of masks, found {shown(content)}')
        items = [self._as_rle(frame, index, mask) for index, mask in enumerate(content)]
        if not items:
            return None, []
        rles, areas = read_masks(items, self.size, lambda index: (
            f'frame {self._first_frame + frame}, mask {index}'))
        if (areas == 0).any():
            raise S2DInputError(f'frame {self._first_frame + frame}: mask '
                                f'{int(np.flatnonzero(areas == 0)[0])} has no pixels; leave empty '
                                'masks out')
        return None, rles

    def _as_rle(self, frame: int, index: int, mask) -> dict:
        if isinstance(mask, dict):
            rle = mask.get('segmentation', mask)
            if self.size is None:
                self.size = rle_size(rle, f'frame {self._first_frame + frame}, mask {index}')
            return rle
        mask = np.asarray(mask)
        if mask.dtype.kind not in 'biuf':
            raise S2DInputError(f'frame {self._first_frame + frame}: expected mask {index} to be '
                                f'an RLE or a bool mask (H, W), found {shown(mask)}')
        self._check_size(frame, f'mask {index}', mask.shape)
        return encode_mask(mask.astype(bool))

    def _check_size(self, frame: int, where: str, found: Sequence[int]) -> None:
        place = f'frame {self._first_frame + frame}: {where}'
        if len(found) != 2:
            raise S2DInputError(f'{place} has {len(found)} dimensions, expected an RLE or an '
                                'array (height, width)')
        if self.size is None:
            self.size = tuple(found)
        if tuple(found) != tuple(self.size):
            raise S2DInputError(f'{place} is {_text(found)}, expected {_text(self.size)}; make '
                                'the masks from the same frames')


def _ids(id_map: np.ndarray) -> list[int]:
    """List the non-zero ids of a map, sorted; counting is fast where ids are small."""
    if id_map.size and id_map.min() >= 0 and id_map.max() < 2**16:
        return (np.flatnonzero(np.bincount(id_map.ravel())[1:]) + 1).tolist()
    ids = np.unique(id_map)
    return ids[ids != 0].tolist()


def _text(size: Sequence[int]) -> str:
    return f'{size[0]} x {size[1]} (height x width)' if len(size) == 2 else f'of shape {size}'
