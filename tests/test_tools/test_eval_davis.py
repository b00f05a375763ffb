"""J and F as a command."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from s2d_plugins.labels.indexed_png import write_indexed_png

TOOL = Path(__file__).parents[2] / 'tools/eval_davis.py'


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location('eval_davis', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def arguments(tmp_path):
    ids = np.zeros((6, 8), np.uint8)
    ids[2:4, 3:6], ids[5] = 1, 2
    for name in ('cat', 'dog'):
        for frame in range(3):
            write_indexed_png(tmp_path / f'gt/{name}/{frame:05d}.png', ids)
            write_indexed_png(tmp_path / f'results/{name}/{frame:05d}.png', ids)
    return ['--gt', str(tmp_path / 'gt'), '--results', str(tmp_path / 'results'), '--jobs', '1']


def test_table_and_numbers(tool, arguments, tmp_path, capsys):
    out = tmp_path / 'out/jf.json'
    assert tool.main([*arguments, '--task', 'semi-supervised', '--out', str(out)]) == 0
    printed = capsys.readouterr().out
    rows = [line.split('|')[1].strip() for line in printed.splitlines()[2:-1]]
    assert rows == ['cat 1', 'cat 2', 'cat', 'dog 1', 'dog 2', 'dog', '**all**']
    assert '2 sequences, 0 entries left out' in printed
    assert json.loads(out.read_text())['overall']['J&F_mean'] == 1


def test_sequences_from_a_list_file(tool, arguments, tmp_path, capsys):
    (tmp_path / 'val.txt').write_text('dog\n')
    for names in (['dog'], [str(tmp_path / 'val.txt')]):
        assert tool.main([*arguments, '--task', 'unsupervised', '--sequences', *names]) == 0
        assert 'cat' not in capsys.readouterr().out
    assert tool.main([*arguments, '--task', 'unsupervised', '--sequences', 'no.txt']) == 2
    assert capsys.readouterr().err.startswith('error: cannot read the list of sequences no.txt: no ')


def test_bad_input_ends_with_2_and_writes_nothing(tool, arguments, tmp_path, capsys):
    (tmp_path / 'results/cat/00001.png').unlink()
    out = tmp_path / 'jf.json'
    command = [*arguments, '--task', 'unsupervised', '--out', str(out)]
    assert tool.main(command) == 2
    error = capsys.readouterr().err
    assert error.startswith('error: cat, frame 00001: no result')
    assert error.count('\n') == 1
    assert not out.exists()
    assert tool.main([*command, '--lenient']) == 0
    assert json.loads(out.read_text())['left_out'] == 1


def other_size(folder):
    write_indexed_png(folder / 'cat/00001.png', np.zeros((5, 8), np.uint8))


def many(folder):
    write_indexed_png(folder / 'cat/00001.png', np.arange(48, dtype=np.uint8).reshape(6, 8) % 22)


def no_image(folder):
    (folder / 'cat/00001.png').write_bytes(b'none')


def other_sequence(folder):
    (folder / 'bird').mkdir()


@pytest.mark.parametrize(('damage', 'message'), [
    (other_size, 'cat, frame 00001: {}/cat/00001.png has size (5, 8), expected'),
    (many, 'cat, frame 00001: object id 21, expected at most 20'),
    (no_image, 'cat, frame 00001: cannot read mask {}/cat/00001.png'),
    (other_sequence, '{}/bird: no sequence of this name in the ground truth')])
def test_bad_results(tool, arguments, tmp_path, capsys, damage, message):
    damage(tmp_path / 'results')
    out = tmp_path / 'jf.json'
    command = [*arguments, '--task', 'unsupervised', '--out', str(out)]
    assert tool.main(command) == 2
    error = capsys.readouterr().err
    assert error.startswith(f'error: {message.format(tmp_path / "results")}')
    assert error.count('\n') == 1 and not out.exists()
    assert tool.main([*command, '--lenient']) == 0
    assert '2 sequences, 1 entries left out' in capsys.readouterr().out
    assert json.loads(out.read_text())['left_out'] == 1


@pytest.mark.parametrize('out', ['gt', 'results', 'gt/cat/00000.png', 'results/dog/00001.png',
                                 'val.txt'])
def test_numbers_spare_the_inputs(tool, arguments, tmp_path, capsys, out):
    (tmp_path / 'val.txt').write_text('dog\n')
    before = {path: path.read_bytes() for path in tmp_path.rglob('*.*')}
    assert tool.main([*arguments, '--task', 'unsupervised', '--sequences',
                      str(tmp_path / 'val.txt'), '--out', str(tmp_path / out)]) == 2
    assert capsys.readouterr().err.startswith('error: ')
    assert before == {path: path.read_bytes() for path in tmp_path.rglob('*.*')}
