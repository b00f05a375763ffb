"""Would the harness notice? Tools that end badly, files left half, and mutators that do nothing."""

import random

import pytest

from . import made_inputs as made
from .kill_cases import KillTarget, KillTest
from .mutation_cases import run_case, target_of
from .mutation_run import by_cause, report, summarise
from .mutations import KINDS, Case, mutate, mutators_of
from .targets import TARGETS, Target, Templates
from .tools import TOOLS, tool_path
from .trees import difference, read_tree

ENDS = {
    'pass': None,
    'print("error: the file is not there", file=sys.stderr); sys.exit(2)': None,
    'print("failed: a: no frames"); sys.exit(2)': None,
    'raise KeyError("x")': "traceback: KeyError: 'x'",
    'import traceback; traceback.print_stack(); sys.exit(3)': 'exit code 3',
    'sys.exit("stop")': 'exit code 1',
    'sys.exit(2)': 'exit code 2 with 0 error lines',
    'print("error: one line\\nerror: and one", file=sys.stderr); sys.exit(2)':
        'exit code 2 with 2 error lines',
    'print("error: what?", file=sys.stderr); sys.exit(2)': "unclear: 'error: what?'",
    'print("error:", "x" * 2000, file=sys.stderr); sys.exit(2)': 'unclear: a line of 2007',
    'import os; os.abort()': 'signal 6',
    'import time; time.sleep(60)': 'hang',
    'sys.stdin.read(); x = bytearray(b"x") * 2**30; import time; time.sleep(60)': 'memory',
    'import subprocess; subprocess.Popen(["sleep", "60"])': 'left processes running',
}


@pytest.fixture
def run(server, tmp_path):
    """A function that runs a few lines as a tool, with little time and memory."""
    def start(lines, seconds=20):
        script = tmp_path / 'tool.py'
        script.write_text(f'import sys\n{lines}\n')
        (tmp_path / 'work').mkdir(exist_ok=True)
        return server.run(str(script), [], tmp_path, seconds=seconds, memory_mb=1000)
    return start


@pytest.mark.parametrize(('lines', 'problem'), ENDS.items())
def test_ends_are_told_apart(run, lines, problem):
    outcome = run(lines, seconds=1 if problem == 'hang' else 20)
    assert (outcome.problem or '').startswith(problem or '') and bool(outcome.problem) == bool(
        problem)
    assert outcome.kind == ('FAILURE' if problem else 'message' if outcome.code else 'result')


def test_the_cause_names_where_an_error_was_raised(run):
    outcome = run('from s2d_plugins.labels import decode_mask\ndecode_mask(3)')
    assert outcome.cause.startswith('traceback: ') and 'decode_mask' in outcome.cause


def test_every_tool_is_there():
    assert all(tool_path(name).is_file() for name in TOOLS)
    with pytest.raises(FileNotFoundError, match='nothing'):
        TOOLS['nothing'] = ['nothing.py']
        try:
            tool_path('nothing')
        finally:
            del TOOLS['nothing']


@pytest.mark.parametrize('target', TARGETS, ids=lambda target: target.name)
def test_valid_inputs_give_results(target, server, tmp_path_factory, templates):
    folder = tmp_path_factory.mktemp('valid')
    templates.copy(target, folder / 'work', server)
    outcome = server.run(target.tool, target.args, folder)
    assert outcome.code == 0 and outcome.problem is None, outcome.tail
    for pattern in target.inputs:
        assert list((folder / 'work').glob(pattern)), pattern


@pytest.fixture(scope='session')
def templates(tmp_path_factory):
    return Templates(tmp_path_factory.mktemp('templates'))


WRITERS = dict(json=lambda path: made.write_json(path, made.labels(dict(cat=['0.jpg', '1.jpg']))),
               image=lambda path: made.write_image(path, made.image(0)),
               checkpoint=made.write_checkpoint, video=made.write_video,
               config=lambda path: path.write_text(made.MODEL),
               text=lambda path: path.write_text('cat\ndog\n'),
               folder=lambda path: made.write_frames(path, 3), output=lambda path: None)
SUFFIXES = dict(json='.json', image='.png', checkpoint='.pth', video='.mp4', config='.py')


def make_case(folder, kind):
    path = folder / f'input{SUFFIXES.get(kind, "")}'
    folder.mkdir(exist_ok=True)
    WRITERS[kind](path)
    return Case(folder, [path.name]), path


def look(folder):
    """What is in a folder, to the byte."""
    return {path.name: path.read_bytes() if path.is_file() else path.lstat().st_mode
            for path in sorted(folder.rglob('*'))}


@pytest.mark.parametrize('kind', KINDS)
def test_every_mutator_changes_something(tmp_path, kind):
    for name, mutator in mutators_of(kind).items():
        changed = []
        for seed in range(3):
            case, path = make_case(tmp_path / f'{name}{seed}', kind)
            before = look(case.work), list(case.args)
            if mutator(case, path, random.Random(seed)) is not None:
                changed.append((look(case.work), case.args) != before)
        assert any(changed) or name == 'no_permission', name


def test_a_number_always_breaks_the_same(tmp_path):
    trees = []
    for attempt in ('a', 'b'):
        case, path = make_case(tmp_path / attempt, 'json')
        trees.append([mutate(case, path, 'json', random.Random(7)), read_tree(tmp_path / attempt)])
    assert trees[0] == trees[1]
    assert target_of(5, 0, TARGETS) is target_of(5, 0, TARGETS)


SPOILS = {
    'Path("labels.json").write_text("")': 'changed an input: labels.json',
    'Path("labels.json").unlink()': 'changed an input: labels.json',
    'Path("../elsewhere").touch()': 'wrote outside of its folder: elsewhere',
    'Path(".half").touch()': 'left a temporary file: .half',
    'Path("out.json").write_text("{")': 'wrote broken JSON',
    'Path("out.json").write_text("[NaN]")': 'wrote broken JSON (NaN is not JSON)',
    'import tempfile; tempfile.mkdtemp()': 'left a temporary file',
    'Path("executed").touch()': 'code in the input was run',
    'Path("fine.json").write_text("[1]")': None,
}


@pytest.mark.parametrize(('line', 'problem'), SPOILS.items())
def test_damage_is_found(server, tmp_path, line, problem):
    script = tmp_path / 'tool.py'
    script.write_text(f'from pathlib import Path\n{line}\n')

    def make(folder):
        made.write_json(folder / 'labels.json', {'a': 1})
        made.write_json(folder / 'broken.json', {'a': 1})
    target = Target('spoils', str(script), (), make, {'broken.json': 'json'})
    record = run_case(3, 0, target, Templates(tmp_path / 'made'), server, tmp_path / 'case')
    assert (record.outcome.problem or '').startswith(problem or '')
    assert bool(record.outcome.problem) == bool(problem)
    text = report([record], 0)
    assert ('1 cases of spoils: 3' in text) == bool(problem)
    assert len(by_cause([record])) == bool(problem) and '| json | 1 |' in summarise([record])


CAREFUL = '''
import os, pathlib, tempfile
for path in pathlib.Path('.').glob('.new*'):
    path.unlink()
for name in ('a', 'b'):
    with open(f'.new{name}', 'w') as file:
        file.write('some text')
    os.replace(f'.new{name}', name)
'''
CARELESS = '''
import os, pathlib
for name in ('a', 'b'):
    if not os.path.exists(name):
        pathlib.Path(name).write_text('some text')
'''
FORGETFUL = '''
import os, tempfile
with tempfile.NamedTemporaryFile('w', dir='.', delete=False) as file:
    file.write('some text')
os.replace(file.name, 'a')
'''
LIBRARIES = '''
import av, cv2, numpy, os, torch
torch.save(dict(a=torch.zeros(3)), 'a.pth')
cv2.imwrite('a.png', numpy.zeros((9, 9), numpy.uint8))
numpy.save('a.npy', numpy.zeros(3))
output = av.open('a.mp4', 'w')
stream = output.add_stream('mpeg4', rate=10)
stream.width = stream.height = 16
output.mux(stream.encode(av.VideoFrame.from_ndarray(numpy.zeros((24, 16), 'uint8'), 'yuv420p')))
output.close()
os.makedirs('folder/log')
open('run.log', 'w').close()
'''


@pytest.mark.parametrize(('lines', 'operations', 'bad'), [
    (CAREFUL, ['open .newa', 'just opened .newa', 'write .newa', 'os.rename .newa', 'open .newb',
               'just opened .newb', 'write .newb', 'os.rename .newb'], []),
    (CARELESS, ['open a', 'just opened a', 'write a', 'open b', 'just opened b', 'write b'],
     [2, 3, 5, 6]),
    (FORGETFUL, ['open', 'just opened', 'write', 'os.rename'], [2, 3, 4]),
    (LIBRARIES, ['torch.save a.pth', 'torch.save a.pth', 'cv2.imwrite a.png',
                 'cv2.imwrite a.png', 'open a.npy', 'just opened a.npy', 'write a.npy',
                 'write a.npy', 'av.open a.mp4', 'av.mux a.mp4', 'av.close a.mp4',
                 'av closed a.mp4', 'os.mkdir folder', 'os.mkdir folder/log'], []),
], ids=['careful', 'careless', 'forgetful', 'libraries'])
def test_kills(server, tmp_path, lines, operations, bad):
    script = tmp_path / 'tool.py'
    script.write_text(lines.replace("makedirs('folder/log')",
                                    "makedirs('folder/log', exist_ok=True)"))
    test = KillTest(KillTarget('made', str(script), (), lambda folder: None), server,
                    tmp_path / 'kills')
    found = [operation if lines != FORGETFUL else operation.rpartition(' ')[0]
             for operation in test.reference.operations]
    assert found == operations
    records = [test.kill(number) for number in test.samples()]
    assert [record.number for record in records if record.problems] == bad
    assert all(record.first.code == -9 for record in records)
    assert list(test.samples(2)) == [1 + len(found) // 4, 1 + 3 * len(found) // 4]


def test_trees_are_compared_without_times(tmp_path):
    for name, seconds, value in (('a', 1, 1), ('b', 2, 1), ('c', 2, 2)):
        folder = tmp_path / name
        made.write_json(folder / 'out/x.json', dict(seconds=seconds, value=value,
                                                    path=str(folder / 'x')))
        (folder / 'run.log').write_text(name)
    trees = {name: read_tree(tmp_path / name) for name in 'abc'}
    assert list(trees['a']) == ['out/', 'out/x.json']
    assert difference(trees['a'], trees['b']) == []
    assert difference(trees['a'], trees['c']) == ['differs: out/x.json']
    assert difference(trees['a'], {'new': ''}) == ['missing: out/', 'missing: out/x.json',
                                                   'stray: new']
