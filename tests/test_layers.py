"""The rooms of the package: imports point downwards only."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / 's2d_plugins'
#: From low to high; a module imports only from lower floors, or from its own room.
FLOORS = (
    {'__init__', 'errors', '__version__'},
    {'arguments', 'devices'},
    {'structures', 'inference_settings', 'fileio', 'compat'},
    {'registry', 'labels', 'doctor', 'video', 'model_converters', 'distributed', 'engines'},
    {'visualization', 'models', 'evaluation', 'datasets', 'dataset_converters', 'motion',
     'utils'},
    {'proposals', 'outputs'},
    {'keymasks', 'apis'},
    {'hooks'},
    {'pipeline'},
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def imported_rooms(path: Path) -> set[str]:
    """Return the rooms of the package that a module imports from."""
    package = path.relative_to(PACKAGE.parent).parent.parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if not isinstance(node, ast.ImportFrom):
            continue
        base = package[:len(package) - node.level + 1] if node.level else ()
        module = (*base, *(node.module or '').split('.')) if node.module else base
        if module[:1] == (PACKAGE.name,):
            found |= {module[1]} if len(module) > 1 else {name.name for name in node.names}
    return found


@pytest.mark.parametrize('path', sorted(PACKAGE.rglob('*.py')),
                         ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards(path):
    parts = path.relative_to(PACKAGE).with_suffix('').parts
    if parts[0] == '.mim':
        return
    for room in imported_rooms(path) - {parts[0]}:
        assert FLOOR_OF[room] < FLOOR_OF[parts[0]], f'{parts[0]} imports {room}'


def test_nothing_shipped_imports_tests():
    for folder in ('s2d_plugins', 'tools', 'projects'):
        for path in (PACKAGE.parent / folder).rglob('*.py'):
            text = path.read_text(encoding='utf-8')
            assert 'tests/test_' not in text and 'from tests' not in text, path
