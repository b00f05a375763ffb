"""Flows on disk, found again by what they were computed from."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np

from ..errors import S2DOutputError
from ..fileio.whole_files import clean_partials, whole_file


class FlowCache:
    """One file per pair of images, in half precision.

    The name of a file is a hash of both images and of the network, so that an entry is never
    used for anything else. A broken entry counts as missing.

    Args:
        folder: Where the files are.
        fingerprint: What identifies the network and its weights.
    """

    def __init__(self, folder: str | Path, fingerprint: str):
        self._folder = Path(folder)
        self._fingerprint = fingerprint.encode()
        clean_partials(*self._folder.glob('??'))

    def get(self, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the flows (h, w, 2) float32 there and back, None if they are not kept."""
        try:
            with np.load(self._path(first, second), allow_pickle=False) as entry:
                return entry['forward'].astype(np.float32), entry['backward'].astype(np.float32)
        except (FileNotFoundError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
            return None

    def put(self, first: np.ndarray, second: np.ndarray,
            flows: tuple[np.ndarray, np.ndarray]) -> None:
        """Keep the flows of a pair.

        Raises:
            S2DOutputError: If the folder cannot be written.
        """
        target = self._path(first, second)
        try:
            with whole_file(target) as temporary, temporary.open('wb') as file:
                np.savez(file, forward=flows[0].astype(np.float16),
                         backward=flows[1].astype(np.float16))
        except S2DOutputError as error:
            raise S2DOutputError(f'cannot write the flow cache {self._folder}: '
                                 f'{error.__cause__.strerror}; free space or leave cache_dir '
                                 'out') from error

    def _path(self, first: np.ndarray, second: np.ndarray) -> Path:
        digest = hashlib.sha256(self._fingerprint)
        for image in (first, second):
            digest.update(str(image.shape).encode())
            digest.update(image.tobytes())
        name = digest.hexdigest()
        return self._folder / name[:2] / f'{name}.npz'
