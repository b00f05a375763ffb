"""The settings of window inference and their ranges, for tools, configs and Python alike."""

from collections.abc import Callable, Mapping
from numbers import Integral, Real

from .arguments import shown
from .errors import S2DInputError

#: The window that is chosen from the memory that is there.
AUTO = 'auto'
#: Frames for which an instance may be out of sight, by default.
MAX_LOST = 24
#: Of :func:`~s2d_plugins.models.window_inference.segment_video`.
SETTINGS = ('window', 'overlap', 'top_k', 'score_thr', 'tube_nms_iou', 'link_iou', 'max_lost',
            'keep_empty')
#: How frames are resized before that; a config's test pipeline says it for tests.
RESIZING = ('scale', 'resize_backend')
#: Pillow's resizing is antialiased, OpenCV's is not.
RESIZE_BACKENDS = ('pillow', 'cv2')
_SHARES = ('score_thr', 'tube_nms_iou', 'link_iou')
_LEAST = dict(window=2, overlap=0, top_k=1, max_lost=0)
_MAY_BE_NONE = ('window', 'tube_nms_iou')


def check_settings(settings: Mapping, call: Callable[[str], str] = str,
                   auto: bool = False) -> None:
    """Check that settings exist and lie in their ranges.

    Args:
        settings: Any of :data:`RESIZING` and :data:`SETTINGS`.
        call: Gives the name of a setting as the user wrote it.
        auto: ``window`` may be :data:`AUTO`.

    Raises:
        S2DInputError: Names the first that does not.
    """
    if auto and settings.get('window') == AUTO:
        settings = {**settings, 'window': None}
    for name, value in settings.items():
        if name not in (*RESIZING, *SETTINGS):
            raise S2DInputError(f'{call(name)} is not a setting of inference; expected '
                                f'{", ".join((*RESIZING, *SETTINGS))}')
        if value is None and name in _MAY_BE_NONE:
            continue
        if name in _SHARES and not (_is_number(value, Real) and 0 <= value <= 1):
            raise S2DInputError(f'{call(name)}: expected a number from 0 to 1, found '
                                f'{shown(value)}')
        if name in _LEAST and not (_is_number(value, Integral) and value >= _LEAST[name]):
            raise S2DInputError(f'{call(name)}: expected a whole number, at least {_LEAST[name]}, '
                                f'found {shown(value)}')
        if name == 'keep_empty' and not isinstance(value, bool):
            raise S2DInputError(f'{call(name)}: expected True or False, found {shown(value)}')
        if name == 'scale' and not (isinstance(value, tuple | list) and len(value) == 2 and all(
                _is_number(side, Integral) and side > 0 for side in value)):
            raise S2DInputError(f'{call(name)}: expected (long side, short side) in pixels, '
                                f'found {shown(value)}')
        if name == 'resize_backend' and value not in RESIZE_BACKENDS:
            raise S2DInputError(f'{call(name)}: expected {" or ".join(RESIZE_BACKENDS)}, found '
                                f'{shown(value)}')
    check_window(settings.get('window'), settings.get('overlap', 0), call)


def check_window(window: int | None, overlap: int, call: Callable[[str], str] = str) -> None:
    """Check that neighbouring windows can be linked.

    Raises:
        S2DInputError: If they share no frame or would not move on.
    """
    if window is not None and not 1 <= overlap < window:
        raise S2DInputError(f'{call("overlap")}: expected an overlap of at least 1 and below the '
                            f'window of {window} frames, found {overlap}')


def _is_number(value, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
