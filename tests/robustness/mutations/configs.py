"""Python configs with errors, wrong leaves and missing parts; YAML and JSON in their place."""

import ast
import json
import random
from pathlib import Path

from .base import Case, mutator, write_bytes
from .checkpoints import EXECUTED

_NUMBERS = ['-1', '0', '1', '0.5', '2**63', '-2**63', '10**30', '1e308', "float('nan')",
            "float('inf')"]
_VALUES = [*_NUMBERS, 'None', "'text'", "''", '[]', '{}', '()', 'True', 'False', '[1, 2, 3]',
           "dict(type='Nobody')", "['a']", "b'x'", '[None]', "'../../etc/passwd'"]
#: What makes a run as long as it says has no wrong large value.
_LENGTHS = ('max_iters', 'max_epochs', 'num_workers', 'max_keep_ckpts')
_SMALL = ['-1', '0', 'None', "'text'", '[]', '{}', '0.5', "float('nan')"]
_LINES = ["raise RuntimeError('in the config')", '1 / 0', 'import no_such_module', 'nobody',
          "_base_ = ['no_such_base.py']", '_base_ = 3', "open('no/such/file')",
          'def f():\n    return f()\nf()', 'assert False', "int('x')", '[][0]', '{}[1]',
          "raise SystemExit('stop')", 'model = None', 'default_scope = None',
          "default_scope = 'nobody'", "custom_imports = dict(imports=['no_such_module'])",
          'custom_imports = 3', "custom_imports = dict(imports=['json', None])",
          'env_cfg = 3', "x = '\\ud800'", 'x = lambda: 0', "x = open('y', 'w')",
          '_delete_ = True', "_base_ = ['{{fileDirname}}/x.py']", 'import json\nx = json']


@mutator('config')
def syntax_error(case: Case, path: Path, rng: random.Random) -> str | None:
    lines = path.read_text().splitlines()
    position = rng.randrange(len(lines))
    lines.insert(position, rng.choice(['model = (', '  indented = 1', 'a = = 1', '"""', ')',
                                       'x = \0']))
    path.write_text('\n'.join(lines))
    return f'line {position + 1}'


@mutator('config')
def bad_line(case: Case, path: Path, rng: random.Random) -> str | None:
    line = rng.choice(_LINES)
    path.write_text(f'{path.read_text()}\n{line}\n')
    return line


@mutator('config')
def its_own_base(case: Case, path: Path, rng: random.Random) -> str | None:
    path.write_text(f'_base_ = [{path.name!r}]\n{path.read_text()}')
    return ''


def _change(path: Path, rng: random.Random, choose) -> str | None:
    """Parse, let ``choose(tree)`` change something and say what, and write."""
    try:
        tree = ast.parse(path.read_text())
    except (SyntaxError, ValueError):
        return None
    done = choose(tree)
    if done is not None:
        path.write_text(ast.unparse(ast.fix_missing_locations(tree)))
    return done


def _leaves(tree: ast.AST) -> list[tuple[str, ast.AST, str, int | None]]:
    """Return (name, parent, field, index) of settings: keywords, entries and list items."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg:
            found.append((node.arg, node, 'value', None))
        elif isinstance(node, ast.Dict):
            found += [(str(getattr(key, 'value', '?')), node, 'values', index)
                      for index, key in enumerate(node.keys)]
        elif isinstance(node, (ast.List, ast.Tuple)):
            found += [('item', node, 'elts', index) for index in range(len(node.elts))]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.append((node.targets[0].id, node, 'value', None))
    return [leaf for leaf in found if leaf[0] not in ('custom_imports', 'imports')]


def _by_name(leaves: list, rng: random.Random) -> tuple:
    name = rng.choice(sorted({leaf[0] for leaf in leaves}))
    return rng.choice([leaf for leaf in leaves if leaf[0] == name])


def _wrong(path: Path, rng: random.Random, values: list[str], numbers: bool) -> str | None:
    def choose(tree: ast.AST) -> str | None:
        leaves = _leaves(tree)
        if numbers:
            leaves = [leaf for leaf in leaves if isinstance(_get(leaf), ast.Constant)
                      and isinstance(_get(leaf).value, (int, float))]
        if not leaves:
            return None
        name, parent, field, index = leaf = _by_name(leaves, rng)
        text = rng.choice(_SMALL if name in _LENGTHS else values)
        before = ast.unparse(_get(leaf))[:40]
        value = ast.parse(text, mode='eval').body
        if index is None:
            setattr(parent, field, value)
        else:
            getattr(parent, field)[index] = value
        return f'{name} = {text}, was {before}'
    return _change(path, rng, choose)


def _get(leaf: tuple) -> ast.AST:
    _, parent, field, index = leaf
    value = getattr(parent, field)
    return value if index is None else value[index]


@mutator('config')
def wrong_setting(case: Case, path: Path, rng: random.Random) -> str | None:
    return _wrong(path, rng, _VALUES, numbers=False)


@mutator('config')
def setting_of_wrong_type(case: Case, path: Path, rng: random.Random) -> str | None:
    return _wrong(path, rng, _VALUES, numbers=False)


@mutator('config')
def number_out_of_range(case: Case, path: Path, rng: random.Random) -> str | None:
    return _wrong(path, rng, _NUMBERS, numbers=True)


@mutator('config')
def number_of_wrong_type(case: Case, path: Path, rng: random.Random) -> str | None:
    return _wrong(path, rng, _VALUES, numbers=True)


@mutator('config')
def setting_missing(case: Case, path: Path, rng: random.Random) -> str | None:
    def choose(tree: ast.AST) -> str | None:
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.keywords]
        calls += [node for node in ast.walk(tree) if isinstance(node, ast.Dict) and node.keys]
        if not calls:
            return None
        node = rng.choice(calls)
        if isinstance(node, ast.Call):
            gone = node.keywords.pop(rng.randrange(len(node.keywords)))
            return str(gone.arg)
        position = rng.randrange(len(node.keys))
        node.values.pop(position)
        return ast.unparse(node.keys.pop(position))
    return _change(path, rng, choose)


@mutator('config')
def setting_unknown(case: Case, path: Path, rng: random.Random) -> str | None:
    def choose(tree: ast.AST) -> str | None:
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)
                 and getattr(node.func, 'id', '') == 'dict']
        if not calls:
            return None
        node = rng.choice(calls)
        node.keywords.append(ast.keyword('no_such_setting', ast.Constant(1)))
        return ast.unparse(node)[:60]
    return _change(path, rng, choose)


@mutator('config')
def part_missing(case: Case, path: Path, rng: random.Random) -> str | None:
    def choose(tree: ast.AST) -> str | None:
        gone = rng.randrange(len(tree.body))
        return ast.unparse(tree.body.pop(gone))[:60] if tree.body else None
    return _change(path, rng, choose)


@mutator('config')
def not_python(case: Case, path: Path, rng: random.Random) -> str | None:
    """Under a name of another format, with code in it where the format can hold some."""
    suffix, text = rng.choice([
        ('.yaml', f'model: !!python/object/apply:os.system ["touch {EXECUTED}"]\n'),
        ('.yaml', f'!!python/object/new:os.system ["touch {EXECUTED}"]\n'),
        ('.yml', 'model:\n  type: Nobody\n'), ('.yaml', 'a: &a [*a]\n'), ('.yaml', '\t:'),
        ('.json', json.dumps(dict(model=dict(type='Nobody')))), ('.json', '{'), ('.txt', 'x = 1'),
        ('', 'x = 1'), ('.py', 'model: !!python/object/apply:os.system ["true"]\n')])
    path.write_text(text)
    if suffix != '.py':
        before = str(path.relative_to(case.work))
        renamed = case.rename(path, path.stem + suffix)
        for config in case.work.rglob('*.py'):  # a config that names this one
            if config.is_file():
                config.write_text(config.read_text().replace(
                    before, str(renamed.relative_to(case.work))))
    return f'{suffix or "no suffix"}: {text.strip()[:60]}'


@mutator('config')
def not_text(case: Case, path: Path, rng: random.Random) -> str | None:
    return write_bytes(path, rng.choice([
        b'\xff\xfe' + path.read_text().encode('utf-16'), b"x = 'caf\xe9'\n", b'\0' * 100,
        b'# coding: nobody\nx = 1\n', b'\xef\xbb\xbf' + path.read_bytes(),
        path.read_bytes().replace(b'\n', b'\r\n')]))
