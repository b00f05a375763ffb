"""What can be wrong with any file or folder, whatever is in it."""

import os
import random
import shutil
from pathlib import Path

from .base import Case, mutator, write_bytes

FILES = ('json', 'image', 'checkpoint', 'config', 'video', 'text')
WEIRD_NAMES = ['with space', 'new\nline', "quote'\"", 'ünïcødé 視頻', '%d', '[1]', '*', '-x', '~',
               '$HOME', 'a' * 240, 'tab\t', 'semi;colon', '{0}', 'back\\slash', ' ', '..x',
               os.fsdecode(b'not-utf8-\xff')]


@mutator(*FILES)
def missing(case: Case, path: Path, rng: random.Random) -> str | None:
    path.unlink()
    return ''


@mutator(*FILES)
def truncated(case: Case, path: Path, rng: random.Random) -> str | None:
    data = path.read_bytes()
    length = int(len(data) * rng.choice([0.02, 0.1, 0.5, 0.9, 0.99, rng.random()]))
    path.write_bytes(data[:length])
    return f'{length} of {len(data)} bytes'


@mutator(*FILES)
def flipped_bits(case: Case, path: Path, rng: random.Random) -> str | None:
    data = bytearray(path.read_bytes())
    count = rng.choice([1, 1, 3, 20, 200])
    for _ in range(count):
        position = rng.randrange(len(data))
        data[position] ^= 1 << rng.randrange(8)
    path.write_bytes(data)
    return f'{count} bits'


@mutator(*FILES)
def empty(case: Case, path: Path, rng: random.Random) -> str | None:
    return write_bytes(path, b'')


@mutator(*FILES)
def random_bytes(case: Case, path: Path, rng: random.Random) -> str | None:
    return write_bytes(path, rng.randbytes(rng.choice([1, 10, 1000, 50_000])))


@mutator(*FILES)
def zeros(case: Case, path: Path, rng: random.Random) -> str | None:
    """As after a power cut."""
    return write_bytes(path, bytes(path.stat().st_size))


@mutator(*FILES)
def directory_in_its_place(case: Case, path: Path, rng: random.Random) -> str | None:
    path.unlink()
    path.mkdir()
    return ''


@mutator(*FILES, 'folder')
def dangling_link(case: Case, path: Path, rng: random.Random) -> str | None:
    _remove(path)
    path.symlink_to('nowhere')
    return ''


@mutator(*FILES, 'folder')
def link_loop(case: Case, path: Path, rng: random.Random) -> str | None:
    _remove(path)
    path.symlink_to(path.name)
    return ''


@mutator(*FILES)
def fifo(case: Case, path: Path, rng: random.Random) -> str | None:
    path.unlink()
    os.mkfifo(path)
    return ''


@mutator(*FILES, 'folder')
def no_permission(case: Case, path: Path, rng: random.Random) -> str | None:
    if os.geteuid() == 0:  # may read all
        return None
    path.chmod(0)
    return ''


@mutator('folder')
def file_in_its_place(case: Case, path: Path, rng: random.Random) -> str | None:
    _remove(path)
    return write_bytes(path, b'file')


@mutator('folder')
def emptied(case: Case, path: Path, rng: random.Random) -> str | None:
    _remove(path)
    path.mkdir()
    return ''


@mutator('folder')
def folder_missing(case: Case, path: Path, rng: random.Random) -> str | None:
    _remove(path)
    return ''


@mutator('folder')
def one_entry_lost(case: Case, path: Path, rng: random.Random) -> str | None:
    entry = rng.choice(sorted(path.iterdir()))
    _remove(entry)
    return entry.name


@mutator('folder')
def one_entry_twice(case: Case, path: Path, rng: random.Random) -> str | None:
    entry = rng.choice(sorted(path.iterdir()))
    target = entry.with_name(f'copy {entry.name}')
    (shutil.copytree if entry.is_dir() else shutil.copy2)(entry, target)
    return entry.name


@mutator('folder')
def one_entry_renamed(case: Case, path: Path, rng: random.Random) -> str | None:
    entry = rng.choice(sorted(path.iterdir()))
    return rename_weirdly(case, entry, rng)


@mutator('folder')
def stray_entries(case: Case, path: Path, rng: random.Random) -> str | None:
    """What other programs leave in folders."""
    entry = rng.choice(sorted(path.iterdir()))
    for name in ('.DS_Store', 'Thumbs.db', 'desktop.ini', f'._{entry.name}'):
        (path / name).write_bytes(b'\0\1')
    name = rng.choice(['folder', f'z{entry.suffix}', f'00000{entry.suffix}x', 'z.json', 'z.mp4'])
    if not (path / name).exists():
        (path / name).mkdir()
    return name


@mutator('folder')
def link_to_itself_inside(case: Case, path: Path, rng: random.Random) -> str | None:
    (path / 'again').symlink_to('.')
    return ''


def rename_weirdly(case: Case, path: Path, rng: random.Random) -> str | None:
    """Give an entry a name that people hardly think of."""
    name = rng.choice(WEIRD_NAMES) + path.suffix
    return None if case.rename(path, name) is None else ascii(name)


@mutator('output')
def is_a_directory(case: Case, path: Path, rng: random.Random) -> str | None:
    (path / 'inside').mkdir(parents=True)
    return ''


@mutator('output')
def is_a_dangling_link(case: Case, path: Path, rng: random.Random) -> str | None:
    path.symlink_to('nowhere/at/all')
    return ''


@mutator('output')
def parent_is_a_file(case: Case, path: Path, rng: random.Random) -> str | None:
    before = str(path.relative_to(case.work))
    (case.work / 'plain').write_bytes(b'file')
    case.args = [f'plain/{path.name}' if arg == before else arg for arg in case.args]
    return ''


@mutator('output')
def is_a_file(case: Case, path: Path, rng: random.Random) -> str | None:
    return write_bytes(path, b'{"half": ')


@mutator('output')
def name_too_long(case: Case, path: Path, rng: random.Random) -> str | None:
    before = str(path.relative_to(case.work))
    case.args = ['o' * 254 + path.suffix if arg == before else arg for arg in case.args]
    return ''


@mutator('text')
def strange_lines(case: Case, path: Path, rng: random.Random) -> str | None:
    lines = [b'../../etc/passwd', b'nobody', b'\xff\xfe', b'a\0b', b'/etc', b'.', b'..',
             b'x' * 5000, b'', b'\xef\xbb\xbf', '視頻'.encode(), b'a b c d e']
    line = rng.choice(lines)
    path.write_bytes(rng.choice([b'', path.read_bytes()]) + line + b'\r\n')
    return ascii(line[:40])


@mutator('text')
def lines_twice(case: Case, path: Path, rng: random.Random) -> str | None:
    return write_bytes(path, 2 * path.read_bytes())


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
