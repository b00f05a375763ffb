"""Large JSON files, an item of a list at a time."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import S2DInputError
from .json_files import check_content
from .plain_files import check_is_file

_SPACE = re.compile(r'[ \t\r\n]*')
_NUMBER_PART = re.compile(r'[-+.0-9eE]*')
_CHUNK = 2**20
#: A fault of JSON this near to the end of the window may be one of the window.
_LONGEST_TOKEN = 16


def iterate_items(path: str | Path) -> Iterator[tuple[str, Any, tuple[int, int] | None]]:
    """Go through a JSON file that is an object, with one value or list item in memory at a time.

    Yields:
        For every item of a list that is a value of the outermost object: the value's key, the
        item, and its (first byte, length). For any other value: key, value, None.

    Raises:
        S2DInputError: If the file cannot be read or is not such JSON.
    """
    check_is_file(path)
    try:
        # a character of Latin-1 is a byte, so that positions can be looked up again
        with Path(path).open(encoding='latin-1', newline='') as file:
            yield from _Reader(file).items()
    except OSError as error:
        raise S2DInputError(f'cannot read {path}: {error.strerror or error}') from error
    except RecursionError as error:
        raise S2DInputError(f'{path} is nested too deeply; get it again') from error
    except ValueError as error:
        raise S2DInputError(f'{path} is not valid JSON ({error}); get it again') from error


def read_item(path: str | Path, place: tuple[int, int], kind: Any, where: str) -> Any:
    """Read one item again, and check what it holds.

    Args:
        path: The file.
        place: (first byte, length) as :func:`iterate_items` gave it.
        kind: What it must hold, see :mod:`.json_kinds`.
        where: The file and what the item is in it, for messages.

    Raises:
        S2DInputError: If the file cannot be read or has changed, or the item is something else.
    """
    try:
        with Path(path).open('rb') as file:
            file.seek(place[0])
            item = json.loads(file.read(place[1]))
    except OSError as error:
        raise S2DInputError(f'cannot read {path}: {error.strerror or error}') from error
    except ValueError as error:
        raise S2DInputError(f'{path} has changed while it was read ({error})') from error
    except RecursionError as error:
        raise S2DInputError(f'{path} is nested too deeply; get it again') from error
    check_content(item, kind, where)
    return item


def _refuse(name: str) -> None:
    """Refuse NaN and infinities, which Python's reader takes and JSON does not have.

    Items are handed on as they are, and would make files that other readers refuse.
    """
    raise ValueError(f'{name} is no number of JSON')


class _Reader:
    """A window of a file's text that moves on as values are taken from it."""

    def __init__(self, file):
        self._file = file
        self._decode = json.JSONDecoder(parse_constant=_refuse).raw_decode
        self._text, self._position, self._before, self._ended = '', 0, 0, False

    def items(self) -> Iterator[tuple[str, Any, tuple[int, int] | None]]:
        self._expect('{')
        if self._next() == '}':
            return
        while True:
            key, _ = self._value()
            self._expect(':')
            if self._next() == '[':
                self._expect('[')
                yield from ((key, *item) for item in self._list())
            else:
                yield key, self._value()[0], None
            if self._next() != ',':
                break
            self._expect(',')
        self._expect('}')

    def _list(self) -> Iterator[tuple[Any, tuple[int, int]]]:
        if self._next() == ']':
            self._expect(']')
            return
        while True:
            yield self._value()
            if self._next() != ',':
                break
            self._expect(',')
        self._expect(']')

    def _more(self) -> bool:
        """Read on, twice as much as is at hand; forget what was taken."""
        chunk = self._file.read(max(_CHUNK, len(self._text) - self._position))
        self._ended = not chunk
        self._before += self._position
        self._text, self._position = self._text[self._position:] + chunk, 0
        return not self._ended

    def _next(self) -> str:
        """Return the next character that is not space, or '' at the end."""
        while True:
            self._position = _SPACE.match(self._text, self._position).end()
            if self._position < len(self._text):
                return self._text[self._position]
            if not self._more():
                return ''

    def _expect(self, character: str) -> None:
        found = self._next()
        if found != character:
            raise ValueError(f'expected {character!r} at byte {self._before + self._position}, '
                             f'found {found!r}' if found else 'it is cut off')
        self._position += 1

    def _is_broken(self, error: ValueError) -> bool:
        """Say whether reading on cannot mend what the decoder stumbled over."""
        return self._ended or (
            isinstance(error, json.JSONDecodeError) and 'Unterminated' not in error.msg
            and error.pos < len(self._text) - _LONGEST_TOKEN)

    def _value(self) -> tuple[Any, tuple[int, int]]:
        """Take one value; return it and its (first byte, length)."""
        self._next()
        while True:
            try:
                value, end = self._decode(self._text, self._position)
            except ValueError as error:
                if self._is_broken(error) or not self._more():
                    raise
                continue
            # a number may go on after the window, and '1.' or '1e-' are read as 1
            if (_NUMBER_PART.match(self._text, end).end() < len(self._text)
                    or not self._more()):
                place = (self._before + self._position, end - self._position)
                is_ascii = self._text[self._position:end].isascii()
                self._position = end
                return value if is_ascii else _as_utf8(value), place


def _as_utf8(value: Any) -> Any:
    """Undo the reading of UTF-8 as Latin-1."""
    if isinstance(value, str):
        return value.encode('latin-1').decode('utf-8')
    if isinstance(value, dict):
        return {_as_utf8(key): _as_utf8(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_utf8(item) for item in value]
    return value
