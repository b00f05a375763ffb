"""JSON that parses and is wrong: values, keys, ids, names, masks."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from .base import Case, mutator

DEEP = '@deep@'
NAMES = ['../../../../etc/passwd', '/etc/passwd', '..', '.', '', '/', 'a/../b', '../executed',
         'nul\0byte', 'x' * 300, '\ud800', '~/x', 'a\nb', 'C:\\x', '-x', './']
SCALARS = [None, True, False, -1, 0, 1, 0.5, -0.0, 2**31, 2**63, -2**63 - 1, 10**30, 1e308,
           float('nan'), float('inf'), float('-inf'), 'text', '', '1', [], {}, [[]], [None], [{}],
           {'a': 1}, DEEP, 10**4000]
ROOTS = [None, 0, 'text', [], {}, [[]], [1], [None], {'videos': None}, {'videos': []},
         {'videos': {}, 'annotations': {}}, {'videos': [], 'annotations': [], 'categories': []},
         True, DEEP]


def load(path: Path):
    """Read JSON; None where it is none (another mutator was there)."""
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except (ValueError, OSError):
        return None


def save(path: Path, content) -> None:
    """Write JSON, with what Python allows beyond it."""
    text = json.dumps(content)
    deep = '[' * 30_000 + ']' * 30_000
    path.write_text(text.replace(json.dumps(DEEP), deep), encoding='utf-8')


def places(content, trail: tuple = ()) -> Iterator[tuple]:
    """Yield (container, key, trail) of all values; in a trail, every list index is '*'."""
    items = content.items() if isinstance(content, dict) else (
        enumerate(content) if isinstance(content, list) else ())
    for key, value in items:
        here = (*trail, '*' if isinstance(content, list) else key)
        yield content, key, here
        yield from places(value, here)


def pick(content, rng: random.Random,
         fits: Callable[[object, object], bool] = lambda key, value: True) -> tuple | None:
    """Choose a value: first the kind of place, so that long lists do not outweigh single keys."""
    groups: dict[tuple, list] = {}
    for container, key, trail in places(content):
        if fits(key, container[key]):
            groups.setdefault(trail, []).append((container, key, '.'.join(map(str, trail))))
    return rng.choice(groups[rng.choice(sorted(groups, key=str))]) if groups else None


def changes(function: Callable) -> Callable:
    """Make a mutator of ``function(content, rng)``, which changes content and says how."""
    def wrapper(case: Case, path: Path, rng: random.Random) -> str | None:
        content = load(path)
        done = None if content is None else function(content, rng)
        if done is not None:
            save(path, content)
        return done
    wrapper.__name__ = function.__name__
    return mutator('json')(wrapper)


@changes
def key_deleted(content, rng: random.Random) -> str | None:
    found = pick(content, rng, lambda key, value: isinstance(key, str))
    if found is None:
        return None
    del found[0][found[1]]
    return found[2]


@changes
def entry_deleted(content, rng: random.Random) -> str | None:
    found = pick(content, rng, lambda key, value: isinstance(key, int))
    if found is None:
        return None
    del found[0][found[1]]
    return found[2]


def _replace(content, rng: random.Random, values: list, fits=lambda key, value: True):
    found = pick(content, rng, fits)
    if found is None:
        return None
    container, key, place = found
    container[key] = value = rng.choice(values)
    return f'{place} = {repr(value)[:60]}'


@changes
def wrong_value(content, rng: random.Random) -> str | None:
    return _replace(content, rng, SCALARS)


@changes
def wrong_number(content, rng: random.Random) -> str | None:
    return _replace(content, rng, [x for x in SCALARS if isinstance(x, (int, float))],
                    lambda key, value: isinstance(value, (int, float)))


@changes
def wrong_name(content, rng: random.Random) -> str | None:
    return _replace(content, rng, NAMES, lambda key, value: isinstance(value, str)
                    and key != 'counts')


@changes
def wrong_container(content, rng: random.Random) -> str | None:
    """A list becomes a dict or the reverse, is emptied, nested, doubled or joined by a stranger."""
    found = pick(content, rng, lambda key, value: isinstance(value, (list, dict)))
    if found is None:
        return None
    container, key, place = found
    value = container[key]
    as_other = ({str(i): x for i, x in enumerate(value)} if isinstance(value, list)
                else list(value.values()))
    name, container[key] = rng.choice([
        ('other kind', as_other), ('nested', [value]), ('emptied', type(value)()),
        ('as text', json.dumps(value)[:2000]),
        ('doubled', value + value if isinstance(value, list) else {**value, 'extra': 1}),
        ('one null', [*value, None] if isinstance(value, list) else {**value, '': None})])
    return f'{place} {name}'


@changes
def same_id_twice(content, rng: random.Random) -> str | None:
    found = pick(content, rng, lambda key, value: isinstance(value, list) and len(value) > 0
                 and all(isinstance(entry, dict) for entry in value))
    if found is None:
        return None
    container, key, place = found
    container[key].append(copy.deepcopy(rng.choice(container[key])))
    return place


@mutator('json')
def wrong_root(case: Case, path: Path, rng: random.Random) -> str | None:
    root = rng.choice(ROOTS)
    save(path, root)
    return repr(root)[:60]


@mutator('json')
def wrong_text(case: Case, path: Path, rng: random.Random) -> str | None:
    text = path.read_bytes()
    name, text = rng.choice([
        ('with a byte order mark', b'\xef\xbb\xbf' + text), ('in UTF-16', text.decode().encode(
            'utf-16')), ('latin-1 text', b'{"name": "caf\xe9"}'), ('a key twice', text.replace(
                b'{', b'{"id": 7, "id": 8, ', 1)), ('single quotes', text.replace(b'"', b"'")),
        ('two values', text + text), ('deep dicts', b'{"a":' * 50_000), ('NaN', b'NaN'),
        ('trailing comma', text[:-1] + b',' + text[-1:])])
    path.write_bytes(text)
    return name


def _is_rle(key, value) -> bool:
    return isinstance(value, dict) and 'counts' in value


def _other_counts(rle: dict, rng: random.Random):
    """Return (name, RLE or polygons) that no mask has."""
    counts, size = rle['counts'], list(rle.get('size') or [4, 4])
    area = size[0] * size[1]
    text = counts if isinstance(counts, str) else 'PPYo1'
    flipped = ''.join(chr(rng.randrange(33, 126)) if rng.random() < 0.2 else c for c in text)
    with_counts = [
        '', [], text[:-1], text[:len(text) // 2], text + '0', 2 * text, flipped, '~~~~', '\x00',
        'é', '0' * 100_000, [area - 1], [area + 1], [-1, area + 1], [5, -3, area - 2], [0, 2**40],
        [2**63, 1], [1.5, area - 1.5], [None], ['1'], [[1]], [float('nan')], None, 7, {}, True,
        [0, area], [area], [0, 0, area], [1] * area]
    with_size = [None, [], size[::-1], [0, 0], [-1, -1], [60000, 60000], [2**31, 2**31],
                 [size[0]], [*size, 1], ['4', '4'], [float('nan'), 4], 'size', [2**63, 1],
                 [size[0] + 0.5, size[1]], {}, [1, area], [True, True]]
    polygons = [[[]], [], [1, 2, 3, 4, 5, 6], [[1, 2, 3, 4]], [[1, 1, 9, 9, 2, 2]], [1, 2, 9, 9],
                [[1, 2, 9, 9]], [[float('nan')] * 6], [[1e9, -1e9, 1e9, 1e9, 0, 0]], [['1'] * 6],
                [[0, 0, 5]], 'polygon', [[[1, 1], [2, 2], [3, 1]]], [None], [[2**63] * 6]]
    which = rng.randrange(4)
    if which <= 1:
        value = rng.choice(with_counts)
        return f'counts {repr(value)[:60]}', {**rle, 'counts': value}
    if which == 2:
        value = rng.choice(with_size)
        return f'size {value}', {**rle, 'size': value}
    value = rng.choice(polygons)
    return f'polygons {repr(value)[:60]}', value


def _broken_masks(content, rng: random.Random) -> str | None:
    found = pick(content, rng, _is_rle)
    if found is None:
        return None
    container, key, place = found
    name, container[key] = _other_counts(container[key], rng)
    return f'{place}: {name}'


for _name in ('broken_mask', 'broken_rle', 'mask_of_another_kind'):  # masks are what counts: thrice
    def _mutator(content, rng, function=_broken_masks):
        return function(content, rng)
    _mutator.__name__ = _name
    changes(_mutator)
