"""Nothing in the package, the tools or the projects runs what a file of data says.

Configs are Python and run; they are read in one place.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for folder in ('s2d_plugins', 'tools', 'projects')
               for path in (ROOT / folder).rglob('*.py'))
#: Calls that execute what they read, by the end of their name, and where they may stand.
UNSAFE = {
    'pickle.load': (), 'pickle.loads': (), 'pickle.Unpickler': (), 'dill.load': (),
    'joblib.load': (), 'shelve.open': (), 'marshal.loads': (), 'cloudpickle.load': (),
    'pandas.read_pickle': (), 'yaml.load': (), 'yaml.unsafe_load': (), 'yaml.full_load': (),
    'mmengine.load': (), 'fileio.load': (), 'Config.fromstring': (), 'torch.jit.load': (),
    'hub.load_state_dict_from_url': (), 'model_zoo.load_url': (), 'load_url': (),
    'eval': (), 'exec': (), 'compile': (), '__import__': (), 'os.system': (),
    'Config.fromfile': ('s2d_plugins/fileio/configs.py',),
    # CoTracker's code, which whoever chooses that prior without a checkpoint asks for
    'hub.load': ('s2d_plugins/motion/cotracker_prior.py',),
}
#: Calls that are safe with one argument only.
REQUIRED = {'torch.load': ('weights_only', True), 'np.load': ('allow_pickle', False),
            'numpy.load': ('allow_pickle', False)}


def name_of(node: ast.AST) -> str:
    """Return ``a.b.c`` of a call's function."""
    if isinstance(node, ast.Attribute):
        return f'{name_of(node.value)}.{node.attr}'
    return node.id if isinstance(node, ast.Name) else ''


def faults_of(tree: ast.AST, place: str) -> list[str]:
    faults = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ('pickle', 'yaml', 'dill', 'joblib'):
            faults += [f'{place}:{node.lineno}: {node.module}.{name.name}' for name in node.names
                       if 'load' in name.name or name.name == 'Unpickler']
        if not isinstance(node, ast.Call):
            continue
        name = name_of(node.func)
        for unsafe, allowed in UNSAFE.items():
            same = name == unsafe or name.endswith(f'.{unsafe}') and '.' in unsafe
            if same and place not in allowed:
                faults.append(f'{place}:{node.lineno}: {name}')
        if name in REQUIRED:
            keyword, wanted = REQUIRED[name]
            given = {item.arg: item.value for item in node.keywords}
            if getattr(given.get(keyword), 'value', None) is not wanted:
                faults.append(f'{place}:{node.lineno}: {name} without {keyword}={wanted}')
    return faults


@pytest.mark.parametrize('path', FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_unsafe_call(path):
    tree = ast.parse(path.read_text(encoding='utf-8'))
    assert faults_of(tree, str(path.relative_to(ROOT))) == []


@pytest.mark.parametrize('code', [
    'torch.load(path)', 'torch.load(path, weights_only=False)', 'pickle.load(file)',
    'from pickle import loads', 'import mmengine\nmmengine.load(path)', 'eval(text)',
    'mmengine.fileio.load(path)', 'np.load(path)', 'Config.fromfile(path)',
    'torch.hub.load("a/b", "c")', 'torch.hub.load_state_dict_from_url(url)', 'yaml.load(text, L)',
    'mmengine.Config.fromfile(path)'])
def test_the_search_finds_them(code):
    assert len(faults_of(ast.parse(code), 'a.py')) == 1


def test_it_leaves_others_alone():
    code = ('model.eval()\nre.compile("a")\njson.load(file)\nnp.load(a, allow_pickle=False)\n'
            'torch.load(a, weights_only=True)\nast.literal_eval(text)')
    assert faults_of(ast.parse(code), 'a.py') == []
