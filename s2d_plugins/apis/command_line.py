"""What every tool does with errors, interrupts and devices."""

import argparse
import contextlib
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator

from ..errors import S2DInputError, one_line

EXIT_INPUT_ERROR = 2
EXIT_INTERRUPTED = 130
DEVICES = 'cpu, cuda or cuda:N'


def run_tool(main: Callable[[], int | None],
             on_interrupt: str = 'interrupted; run the same command again') -> int:
    """Run a tool's ``main`` and return the exit code.

    A mistake of the user's ends with one line and code 2, Ctrl-C with one line and code 130.
    A tool run by several processes that fails in one of them also ends so.

    Args:
        main: Returns the exit code, or None for 0.
        on_interrupt: The line for Ctrl-C.
    """
    try:
        return main() or 0
    except S2DInputError as error:
        print(f'error: {one_line(error)}', file=sys.stderr)
        return EXIT_INPUT_ERROR
    except KeyboardInterrupt:
        print(f'\n{on_interrupt}', file=sys.stderr)
        return EXIT_INTERRUPTED


@contextlib.contextmanager
def quiet_imports() -> Iterator[None]:
    """Keep notes of libraries about parts that are not used here off the console."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        yield


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the config file and mmengine's ``--cfg-options``."""
    from mmengine.config import DictAction
    parser.add_argument('config', help='config file path')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE',
        help='override settings of the config; lists as key="[a,b]" or key=a,b, without spaces')


def add_window_arguments(parser: argparse.ArgumentParser, score_thr: float) -> None:
    """Add the settings of window inference."""
    parser.add_argument('--score-thr', type=float, default=score_thr,
                        help='least score of an instance, 0 to 1')
    parser.add_argument('--top-k', type=int, default=10, help='instances kept per window')
    parser.add_argument('--window', type=int, metavar='FRAMES',
                        help='frames that the model sees at once; by default all of a shot')
    parser.add_argument('--overlap', type=int, metavar='FRAMES',
                        help='frames that neighbouring windows share; by default half a window')
    parser.add_argument('--tube-nms-iou', type=float, metavar='IOU',
                        help='drop the worse of two instances that overlap more')


def window_settings(args: argparse.Namespace) -> dict:
    """Return the settings of :func:`add_window_arguments` for a ``VideoSegmenter``."""
    overlap = (args.window or 0) // 2 if args.overlap is None else args.overlap
    return dict(score_thr=args.score_thr, top_k=args.top_k, window=args.window, overlap=overlap,
                tube_nms_iou=args.tube_nms_iou)


def choose_device(name: str | None) -> str:
    """Choose where torch runs; mmengine's Runner follows.

    Call it before anything touches CUDA: other devices are then hidden.

    Args:
        name: One of :data:`DEVICES`; None takes a GPU where torch sees one.

    Returns:
        ``'cpu'`` or ``'cuda'``.

    Raises:
        S2DInputError: If there is no such device.
    """
    import torch
    kind, _, index = (name or '').partition(':')
    if kind not in ('', 'cpu', 'cuda') or (index and not (kind == 'cuda' and index.isdecimal())):
        raise S2DInputError(f'expected the device {DEVICES}, found {name!r}')
    if kind == 'cpu':
        os.environ['CUDA_VISIBLE_DEVICES'] = ''
    elif index:
        os.environ['CUDA_VISIBLE_DEVICES'] = index
    available = torch.cuda.is_available()
    if kind == 'cuda' and not available:
        raise S2DInputError(f'device {name} was asked for, but torch {torch.__version__} sees no '
                            'GPU there; use --device cpu, or run python -m s2d_plugins.doctor')
    return 'cuda' if available and kind != 'cpu' else 'cpu'
