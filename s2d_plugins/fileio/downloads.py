"""Downloads that go on where they broke off, and files that are whole or not there.

What has come lies beside the target as ``NAME.part``, with the server's mark of the file's version
in ``NAME.part.version``: a part of another version is thrown away. A file takes the target's name
when its length, and its digest where that is known, are right.
"""

import contextlib
import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ..errors import S2DInputError, one_line, shortened
from .digests import file_sha256
from .whole_files import cannot_write

#: Called with the number of bytes that have come, and the number in all, None where unknown.
ByteProgress = Callable[[int, int | None], None]

_BLOCK = 1 << 20
_TIMEOUT = 30.0
#: A download that breaks off goes on by itself this often without a byte more.
_ATTEMPTS = 3
_PAUSE = 1.0
_RANGE = re.compile(r'bytes (\d+)-\d+/(\d+)')
_NOTHING_LEFT = 416


def download(url: str, path: Path, size: int | None = None, sha256: str | None = None,
             progress: ByteProgress | None = None) -> str:
    """Download a file; a part that is there is completed.

    Args:
        url: HTTP or HTTPS address of the file.
        path: Where it goes; its folder is made.
        size: In bytes, if it is known.
        sha256: In hexadecimal digits, if it is known.
        progress: Tells how far it is.

    Returns:
        The SHA-256 of the file.

    Raises:
        S2DInputError: If it cannot be had whole. What has come stays for the next time; what is
            not the file goes.
        S2DOutputError: If the folder cannot be written or the disk is full.
    """
    part = path.with_name(f'{path.name}.part')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path):
            _complete(url, part, size, progress)
            found = file_sha256(part)
            _check(url, part, size, sha256, found)
            part.replace(path)
            _forget(part)
    except S2DInputError:
        raise
    except OSError as error:
        raise cannot_write(path, error) from error
    return found


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    lock = FileLock(path.with_name(f'.{path.name}.lock'))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise S2DInputError(f'another process downloads {path}; wait for it') from error
    try:
        yield
    finally:
        lock.release()
        with contextlib.suppress(OSError):
            Path(lock.lock_file).unlink()


def _complete(url: str, part: Path, size: int | None, progress: ByteProgress | None) -> None:
    """Fetch what is missing, again and again while that brings anything."""
    failures = 0
    while True:
        before = _length(part)
        try:
            _fetch(url, part, size, progress)
            return
        except _Broken as error:
            came = _length(part)
            failures = 0 if came > before else failures + 1
            if failures >= _ATTEMPTS or error.final:
                rest = f'; {came} bytes have come: the same command goes on there' if came else ''
                raise S2DInputError(f'cannot download {url}: {error}{rest}') from error
            time.sleep(_PAUSE)


class _Broken(Exception):
    """A request that gave less than the file; ``final`` if asking again is of no use."""

    def __init__(self, reason: str, final: bool = False):
        super().__init__(reason)
        self.final = final


def _fetch(url: str, part: Path, size: int | None, progress: ByteProgress | None) -> None:
    start = _length(part)
    with _answer(url, part, start) as answer:
        if answer is None:  # the part is the whole
            return
        start = _agreed_start(answer, start)
        total = _total(answer, start) or size
        version = _version_file(part)
        version.write_text(_version_of(answer), encoding='utf-8')
        with part.open('r+b' if start else 'wb') as file:
            file.truncate(start)
            file.seek(start)
            came = start
            for block in _blocks(answer):
                file.write(block)
                came += len(block)
                if progress is not None:
                    progress(came, total)
    if total is not None and came < total:
        raise _Broken(f'it broke off after {came} of {total} bytes')


@contextlib.contextmanager
def _answer(url: str, part: Path, start: int) -> Iterator[Any]:
    """Ask for the bytes from ``start`` on; None where there are none left."""
    headers = {'User-Agent': 's2d-plugins', 'Accept-Encoding': 'identity'}
    if start:
        headers['Range'] = f'bytes={start}-'
        with contextlib.suppress(OSError):
            version = _version_file(part).read_text(encoding='utf-8')
            headers.update({'If-Range': version} if version else {})
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, headers=headers),
                                        timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == _NOTHING_LEFT and start:
            if error.headers.get('Content-Range', '').endswith(f'/{start}'):
                yield None
                return
            _forget(part)
            raise _Broken('what had come was not a part of it') from error
        raise _Broken(f'the server says {error.code} {error.reason}',
                      final=error.code < 500) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _Broken(_reason(error), final=isinstance(error, ValueError)) from error
    with answer:
        yield answer


def _blocks(answer: Any) -> Iterator[bytes]:
    while True:
        try:
            block = answer.read(_BLOCK)
        except http.client.IncompleteRead as error:
            yield error.partial
            return
        except (OSError, http.client.HTTPException) as error:
            raise _Broken(_reason(error)) from error
        if not block:
            return
        yield block


def _agreed_start(answer: Any, asked: int) -> int:
    """Return from where on the server sends: from the beginning if it knows no ranges."""
    if answer.headers.get_content_type() == 'text/html':
        raise _Broken('it is a web page, not a file; fetch it by hand', final=True)
    sent = _RANGE.match(answer.headers.get('Content-Range', ''))
    if answer.status != http.HTTPStatus.PARTIAL_CONTENT or sent is None:
        return 0
    if int(sent[1]) > asked:
        raise _Broken(f'the server sends from byte {sent[1]}, not from {asked}', final=True)
    return int(sent[1])


def _total(answer: Any, start: int) -> int | None:
    sent = _RANGE.match(answer.headers.get('Content-Range', ''))
    if sent is not None:
        return int(sent[2])
    length = answer.headers.get('Content-Length', '')
    return start + int(length) if length.isdecimal() else None


def _version_of(answer: Any) -> str:
    """A strong mark of the file's version; weak ones do not tell bytes apart."""
    mark = answer.headers.get('ETag', '')
    return mark if mark.startswith('"') else answer.headers.get('Last-Modified', '')


def _check(url: str, part: Path, size: int | None, sha256: str | None, found: str) -> None:
    length = _length(part)
    wrong = None
    if size is not None and length != size:
        wrong = f'{length} bytes, expected {size}'
    elif sha256 is not None and found != sha256.lower():
        wrong = f'the SHA-256 {found}, expected {sha256.lower()}'
    elif not length:
        wrong = 'no bytes'
    if wrong:
        _forget(part)
        raise S2DInputError(f'{url} is not the expected file: it has {wrong}; it was not kept: try '
                            'again, and if it stays so, fetch the file from its page')


def _reason(error: BaseException) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    return shortened(one_line(str(cause)) or type(cause).__name__, 120)


def _length(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _version_file(part: Path) -> Path:
    return part.with_name(f'{part.name}.version')


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _version_file(part).unlink(missing_ok=True)
