"""Published weights, fetched into the cache and made ready for our models."""

from pathlib import Path

from ..errors import S2DInputError
from ..fileio.checkpoints import load_checkpoint
from ..fileio.downloads import ByteProgress, download
from ..fileio.weights_cache import find_entry, how_to_get, published_file, usable_file
from ..fileio.weights_list import PublishedWeights
from ..fileio.whole_files import clean_partials
from ..model_converters import convert_cascade_file, convert_file


def get_weights(name: str, folder: str | Path | None = None,
                progress: ByteProgress | None = None) -> Path:
    """Make published weights ready: download what is not there, convert what has another layout.

    A file that was fetched by hand is taken from the cache. What is ready is left as it is, unless
    the published file beside it is newer.

    Args:
        name: As in the table of weights.
        folder: The cache; by default as :func:`~s2d_plugins.fileio.weights_cache.cache_folder`
            says.
        progress: Of the download.

    Returns:
        The file that our models take.

    Raises:
        S2DInputError: If there are no such weights, they must be fetched by hand, the download
            breaks off, or the file is not what it should be.
    """
    entry = find_entry(name)
    published, usable = published_file(entry, folder), usable_file(entry, folder)
    clean_partials(published.parent, usable.parent)
    if _is_ready(published, usable):
        return usable
    if not published.is_file():
        if entry.by_hand:
            raise S2DInputError(how_to_get(entry, folder))
        download(entry.url, published, entry.size, entry.sha256, progress)
    _make_usable(entry, published, usable)
    return usable


def _is_ready(published: Path, usable: Path) -> bool:
    if not usable.is_file():
        return False
    return not published.is_file() or published.stat().st_mtime <= usable.stat().st_mtime


def _make_usable(entry: PublishedWeights, published: Path, usable: Path) -> None:
    try:
        if entry.layout == 'mask2former':
            convert_file(published, usable)
        elif entry.layout == 'cascade-mask-rcnn':
            convert_cascade_file(published, usable)
        else:
            load_checkpoint(published)
    except S2DInputError as error:
        raise S2DInputError(f'{error}; if it is another file than the one on '
                            f'{entry.page}, delete it and fetch that') from error
