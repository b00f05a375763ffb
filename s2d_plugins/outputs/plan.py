"""Where the outputs of several videos go: checked before any work, and locked during it."""

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import S2DInputError, S2DOutputError
from ..fileio.paths import check_outputs
from ..fileio.stamps import Stamp, make_stamp, read_stamp, stamped
from ..fileio.whole_files import clean_partials, write_json
from ..visualization import OverlayStyle, check_encoder
from .formats import FORMATS, format_names, save_tracks, saved_files
from .id_images import check_own_folder
from .video_tracks import VideoTracks

LOCK = '.s2d.lock'
DONE, JOURNAL = '.made_from.json', '.s2d-journal'


@dataclass(frozen=True)
class OutputPlan:
    """Output folders of some videos and what goes into each.

    Attributes:
        out_dir: Folder of all.
        folders: Per video its own; that of a video alone is ``out_dir``.
        formats: Names of :data:`~.formats.FORMATS`.
        encoder: Of overlays.
        style: Of overlays.
    """

    out_dir: Path
    folders: Sequence[Path]
    formats: tuple[str, ...]
    encoder: str = 'libx264'
    style: OverlayStyle | None = None

    @classmethod
    def make(cls, out_dir: str | Path, names: Sequence[str], alone: bool,
             save: str | Sequence[str] | None = None, encoder: str = 'libx264',
             style: OverlayStyle | None = None) -> 'OutputPlan':
        """Plan the outputs of videos of these names; ``alone`` means one that is no list of one.

        Raises:
            S2DInputError: If a format or the encoder is not known.
        """
        formats = format_names(save)
        if 'overlay' in formats:
            check_encoder(encoder)
        out_dir = Path(out_dir)
        return cls(out_dir, [out_dir if alone else out_dir / name for name in names], formats,
                   encoder, style)

    def check(self, inputs: Sequence[str | Path | None]) -> None:
        """Check that nothing of it would destroy an input, and clear what killed runs have left.

        Raises:
            S2DInputError: Names the two that overlap, or a folder that holds something else.
        """
        owned = [place for index in range(len(self.folders))
                 for name, place in self.places(index).items() if FORMATS[name].is_folder]
        check_outputs(inputs, files=self.files(), folders=[self.out_dir, *self.folders],
                      owned=owned)
        for folder in owned:
            check_own_folder(folder)
        clean_partials(self.out_dir, *self.folders)

    def places(self, index: int) -> dict[str, Path]:
        """Return where each format of video ``index`` lies."""
        return saved_files(self.folders[index], self.formats)

    def files(self) -> list[Path]:
        """Return all files that will be written, without those in folders of their own."""
        return [place for index in range(len(self.folders))
                for name, place in self.places(index).items() if not FORMATS[name].is_folder]

    def journal_folder(self, index: int, shot: int) -> Path:
        """Return where what is done of a shot of video ``index`` is kept until all is."""
        return self.folders[index] / JOURNAL / str(shot)

    def forget(self, index: int) -> None:
        """Forget what is known to be done of video ``index``; its outputs stay until replaced."""
        with contextlib.suppress(FileNotFoundError):
            (self.folders[index] / DONE).unlink()
        self._clear_journal(index)

    def is_done(self, index: int, stamp: Stamp) -> bool:
        """Say whether video ``index`` has all its outputs, made from the same in the same way.

        What a kill has left beside outputs that are complete is removed.
        """
        done = (read_stamp(self.folders[index] / DONE) == self._stamp(stamp)
                and all(place.exists() for place in self.places(index).values()))
        if done:
            self._clear_journal(index)
        return done

    def _clear_journal(self, index: int) -> None:
        folder = self.folders[index] / JOURNAL
        if not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)

    def save(self, index: int, tracks: VideoTracks, stamp: Stamp | None = None) -> dict[str, Path]:
        """Write the outputs of video ``index``; see :func:`~.formats.save_tracks`.

        Args:
            index: Which.
            tracks: What was found in it.
            stamp: What they were made from, for :meth:`is_done`; None is never done.
        """
        folder = self.folders[index]
        with contextlib.suppress(FileNotFoundError):
            (folder / DONE).unlink()
        places = save_tracks(folder, tracks, self.formats, self.encoder, self.style)
        if stamp is not None:
            write_json(folder / DONE, stamped(self._stamp(stamp), {}))
        self._clear_journal(index)
        return places

    def _stamp(self, stamp: Stamp) -> Stamp:
        return {**stamp, **make_stamp(formats=list(self.formats), encoder=self.encoder,
                                      style=None if self.style is None else asdict(self.style))}

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs out of the output folder; a dead run keeps nobody out.

        Raises:
            S2DInputError: If another run is writing there.
            S2DOutputError: If nothing can be written there.
        """
        lock = FileLock(self.out_dir / LOCK)
        try:
            self.out_dir.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise S2DInputError(f'another run is writing to {self.out_dir}; wait for its end or '
                                'choose another output folder') from error
        except (OSError, NotImplementedError) as error:
            raise S2DOutputError(f'cannot write {self.out_dir}: '
                                 f'{getattr(error, "strerror", None) or error}; free space or '
                                 'choose another output folder') from error
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                (self.out_dir / LOCK).unlink()
            lock.release()
