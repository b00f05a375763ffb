"""The table of output formats: their names, where each lies, who writes it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import S2DInputError, printable, shortened
from ..visualization import OverlayStyle
from .coco_json import write_coco_json
from .id_images import write_id_images
from .npz import write_npz
from .overlay import write_overlay_video
from .video_tracks import VideoTracks
from .vis_json import write_labels, write_results


@dataclass(frozen=True)
class OutputFormat:
    """One form of a video's tracks.

    Attributes:
        place: File or folder, in the folder of the video.
        about: What it is, for help texts.
        write: Writes it whole or not at all, given where and what.
        is_folder: Whether it is a folder of its own.
    """

    place: str
    about: str
    write: Callable[..., None]
    is_folder: bool = False


#: By the name that ``save`` and ``--save`` take.
FORMATS = {
    'json': OutputFormat('results.json', 'YouTube-VIS results', write_results),
    'overlay': OutputFormat('overlay.mp4', 'the video with masks', write_overlay_video),
    'png': OutputFormat('masks', 'indexed PNGs as DAVIS has them', write_id_images,
                        is_folder=True),
    'labels': OutputFormat('labels.json', 'YouTube-VIS labels, to train with', write_labels),
    'coco': OutputFormat('coco.json', 'COCO JSON, every frame an image', write_coco_json),
    'npz': OutputFormat('tracks.npz', 'NumPy arrays', write_npz),
}
DEFAULT_FORMATS = ('json', 'overlay')


def format_names(save: str | Sequence[str] | None, owner: str = 'save') -> tuple[str, ...]:
    """Read names of formats: a list of them, or one text with commas.

    Args:
        save: As the user gave it; None stands for :data:`DEFAULT_FORMATS`.
        owner: What the user calls it.

    Raises:
        S2DInputError: If there is none, or one is not known.
    """
    if save is None:
        return DEFAULT_FORMATS
    names = [name.strip() for name in save.split(',')] if isinstance(save, str) else save
    if not isinstance(names, list | tuple) or not names:
        raise S2DInputError(f'{owner}: expected names of formats, found '
                            f'{shortened(printable(repr(save)), 60)}; give some of '
                            f'{", ".join(FORMATS)}')
    for name in names:
        if not isinstance(name, str) or name not in FORMATS:
            raise S2DInputError(f'{owner}: no format is named '
                                f'{shortened(printable(repr(name)), 60)}; expected some of '
                                f'{", ".join(FORMATS)}')
    return tuple(dict.fromkeys(names))


def saved_files(folder: str | Path, formats: Sequence[str] = tuple(FORMATS)) -> dict[str, Path]:
    """Return where each format of a video lies, by its name; ``png`` is a folder."""
    return {name: Path(folder) / FORMATS[name].place for name in formats}


def save_tracks(folder: str | Path, tracks: VideoTracks,
                formats: Sequence[str] = DEFAULT_FORMATS, encoder: str = 'libx264',
                style: OverlayStyle | None = None) -> dict[str, Path]:
    """Write a video's tracks in some formats.

    What takes longest, the overlay, comes last.

    Args:
        folder: Where to; it is made.
        tracks: What was found.
        formats: Names of :data:`FORMATS`.
        encoder: Of the overlay, see :class:`~s2d_plugins.visualization.VideoWriter`.
        style: Of the overlay.

    Returns:
        Where each format lies.

    Raises:
        S2DInputError: If a format is not known.
        S2DOutputError: If one cannot be written; those before it are complete.
    """
    places = saved_files(folder, format_names(list(formats), 'formats'))
    for name in sorted(places, key=lambda name: name == 'overlay'):
        options = dict(encoder=encoder, style=style) if name == 'overlay' else {}
        FORMATS[name].write(places[name], tracks, **options)
    return places
