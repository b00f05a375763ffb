"""Names that can be files, paths that stay in their folder, outputs that spare the inputs.

The one place for these rules: whoever makes a file name of something a user or a file gave, or
follows a path that a file names, comes here.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..errors import S2DInputError
from .folders import IMAGE_SUFFIXES

#: Most bytes of a made name: leaves room for ``_shot00.json`` in a file system's 255.
MAX_NAME_BYTES = 120
_FORBIDDEN = set('/\\:*?"<>|')
_DEVICES = {'con', 'prn', 'aux', 'nul', *(f'{kind}{number}' for kind in ('com', 'lpt')
                                          for number in range(1, 10))}


def safe_name(text: str, fallback: str = 'video') -> str:
    """Make a name that can be a file's or folder's on any system and prints as one line.

    Control characters, separators and what Windows forbids become ``_``, as do bytes that are not
    UTF-8; spaces of any kind become plain ones; leading and trailing dots and spaces go; a long
    name is cut and told apart by a hash. Ordinary names stay as they are.

    Args:
        text: Any text, such as a file's stem or the name in a label file.
        fallback: Name where nothing is left.
    """
    text = unicodedata.normalize('NFC', text)
    name = ''.join(map(_safe_character, text)).strip(' .')
    if name.partition('.')[0].lower() in _DEVICES:
        name = f'_{name}'
    data = name.encode()
    if len(data) > MAX_NAME_BYTES:
        stamp = hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]
        name = f'{data[:MAX_NAME_BYTES - 9].decode(errors="ignore").rstrip(" .")}~{stamp}'
    return name or fallback


def _safe_character(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == 'Zs':
        return ' '
    return '_' if character in _FORBIDDEN or kind[0] in 'CZ' else character


def named_path(path: str | Path) -> Path:
    """Return a path that ends in a name: ``.`` and ``videos/..`` become what they stand for.

    Any other stays as it is, links too: a thing is called by the entry that the user sees.
    """
    path = Path(path)
    return path.resolve() if path.name in ('', '..') else path


def is_inside(name: str) -> bool:
    """Say whether a path that a file names stays below the folder it is relative to.

    It may not be empty or absolute, have a drive, climb with ``..`` or hold a NUL; with forward
    or backward slashes.
    """
    if not isinstance(name, str) or not name or '\0' in name:
        return False
    if name[0] != '/' and '..' not in name and '\\' not in name and ':' not in name:
        return True  # nearly all are like this, and a file may name a million
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    return not (posix.is_absolute() or windows.drive or windows.root or '..' in windows.parts
                or '..' in posix.parts)


def check_inside(name: str, where: str) -> str:
    """Return a path that a file names if it stays below its folder; see :func:`is_inside`.

    Args:
        name: The path.
        where: Which file names it, for the message.

    Raises:
        S2DInputError: If it leads elsewhere.
    """
    if not is_inside(name):
        raise S2DInputError(f'{where} names the file {str(name)[:80]!r}, expected a path inside '
                            "its folder, without '..' and not absolute; correct the file")
    return name


def check_outputs(inputs: Iterable[str | Path | None], files: Iterable[str | Path | None] = (),
                  folders: Iterable[str | Path | None] = (),
                  owned: Iterable[str | Path | None] = ()) -> None:
    """Check, before anything is written, that no output would destroy an input.

    Args:
        inputs: Files and folders that are read; None is passed over everywhere.
        files: Files that will be written: no input, no image inside one, no folder, and all
            different.
        folders: Folders that will get files beside what they hold: no input themselves, and none
            of ``files``.
        owned: Folders that belong to the output alone, such as a work dir: no input, and none
            inside them.

    Raises:
        S2DInputError: Names the two that overlap.
    """
    read = [(path, _resolved(path)) for path in inputs if path is not None]
    written: list[tuple[str | Path, Path]] = []
    for path in files:
        if path is None:
            continue
        target = _resolved(path)
        if target.is_dir():
            raise S2DInputError(f'{path} is a folder, expected the name of a file to write; give '
                                'a file name')
        for other, known in (*read, *written):
            if _same(target, known):
                raise S2DInputError(f'{path} would be written over {other}, which this command '
                                    'uses too; choose another output')
        if target.suffix.lower() in IMAGE_SUFFIXES and target.is_file() and any(
                known in target.parents for _, known in read):
            raise S2DInputError(f'{path} would be written over an image of the input; choose '
                                'another output')
        written.append((path, target))
    for path, alone in (*((path, False) for path in folders), *((path, True) for path in owned)):
        if path is None:
            continue
        target = _resolved(path)
        if target.exists() and not target.is_dir():
            raise S2DInputError(f'{path} is a file, expected a folder for the output; choose '
                                'another one')
        if any(target == known for _, known in written):
            raise S2DInputError(f'{path} would be a folder and a file to write; choose another '
                                'one of them')
        for other, known in read:
            if _same(target, known) or (alone and target in known.parents):
                relation = 'is' if _same(target, known) else 'holds'
                raise S2DInputError(f'the output folder {path} {relation} the input {other}; '
                                    'choose an output folder of its own')


def _resolved(path: str | Path) -> Path:
    try:
        return Path(path).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, NUL
        raise S2DInputError(f'cannot use the path {str(path)[:80]!r}: '
                            f'{getattr(error, "strerror", None) or error}; correct it') from error


def _same(first: Path, second: Path) -> bool:
    """Say whether two resolved paths are one file, also by a hard link or another spelling."""
    if first == second:
        return True
    try:
        return first.samefile(second)
    except OSError:
        return False


def unique_names(texts: Sequence[str], reserved: Iterable[str] = (),
                 kinds: Sequence[str] | None = None) -> list[str]:
    """Give each of several texts a safe name of its own, also where case does not count.

    Args:
        texts: What to name, see :func:`safe_name`.
        reserved: Names that are taken.
        kinds: Per text what tells it from another of the same name first, such as a suffix;
            then a number.
    """
    stems = [safe_name(text) for text in texts]
    counts: dict[str, int] = {}
    for stem in stems:
        counts[stem.lower()] = counts.get(stem.lower(), 0) + 1
    taken = {name.lower() for name in reserved}
    names = []
    for index, stem in enumerate(stems):
        alone = counts[stem.lower()] == 1 and stem.lower() not in taken
        name = base = stem if alone else f'{stem}_{kinds[index]}' if kinds else stem
        number = 2
        while name.lower() in taken:
            name, number = f'{base}_{number}', number + 1
        taken.add(name.lower())
        names.append(name)
    return names
