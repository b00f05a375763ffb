"""Tracks as ``supervision.Detections``, which its annotators, zones and trackers take."""

from typing import TYPE_CHECKING

import numpy as np

from ..errors import S2DInputError
from ..labels.rle import areas_and_boxes, decode_mask
from .video_tracks import VideoTracks

if TYPE_CHECKING:
    import supervision


def to_detections(tracks: VideoTracks, frame: int) -> 'supervision.Detections':
    """Return what is seen in one frame.

    ``xyxy`` are the boxes of the masks, ``mask`` (N, H, W) bool, ``confidence`` the tracks' scores,
    ``class_id`` 0 and ``tracker_id`` the tracks' numbers; ``data['class_name']`` is ``object``.

    Args:
        tracks: Of a video.
        frame: Which one, from 0.

    Raises:
        S2DInputError: If supervision is not installed, or there is no such frame.
    """
    try:
        import supervision
    except ImportError as error:
        raise S2DInputError('Detections need the package supervision, which is not installed; run '
                            '`pip install supervision`') from error
    if not 0 <= frame < len(tracks):
        raise S2DInputError(f'{tracks.name} has {len(tracks)} frames, found frame {frame}; give '
                            f'one from 0 to {len(tracks) - 1}')
    seen = tracks.present(frame)
    if not seen:
        return supervision.Detections.empty()
    boxes = np.array(areas_and_boxes([rle for *_, rle in seen])[1])
    boxes[:, 2:] += boxes[:, :2]
    return supervision.Detections(
        xyxy=boxes.astype(np.float32), mask=np.stack([decode_mask(rle) for *_, rle in seen]),
        confidence=np.array([track['score'] for _, track, _ in seen], np.float32),
        class_id=np.zeros(len(seen), int),
        tracker_id=np.array([number for number, *_ in seen]),
        data=dict(class_name=np.array(['object'] * len(seen))))
