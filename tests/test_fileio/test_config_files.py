"""Whatever a config file does, it is one line with its place."""

import os

import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.configs import load_config

BESIDE = dict(wrong='a = 1\nb = 1 / 0', unparsed='a = (', one='a = 1', two='a = 2',
              loop="_base_ = 'broken.py'")


@pytest.mark.parametrize(('text', 'expected'), [
    ('\nx = 1 / 0', 'line 2, ZeroDivisionError: division by zero'),
    ('def f():\n    return f()\nf()', 'line 2, RecursionError: it is nested too deeply, or calls'),
    ('import sys\nprint("hi")\nsys.exit(3)', r'line 3, it ends the program with exit\(3\)'),
    ('raise SystemExit', r'exit\(None\)'),
    ('x = int("a")', 'line 1, ValueError: invalid literal'),
    ('x = [][3]', 'line 1, IndexError'),
    ('x = {}["a"]', 'line 1, KeyError: a'),
    ('assert False', 'line 1, AssertionError'),
    ('raise StopIteration', 'line 1, StopIteration'),
    ('raise GeneratorExit', 'line 1, GeneratorExit'),
    ('x = bytearray(10 ** 18)', 'line 1, MemoryError'),
    ('class Bad(Exception):\n    def __str__(self): raise self\nraise Bad', 'line 3, Bad'),
    ('raise ValueError("a\\n\\x1b[1mb" * 999)', r'ValueError: a \?\[1mba'),
    ('filename = "a"', 'is reserved'),
    ('x = "\\ud800"\nraise ValueError(x)', 'line 2, ValueError'),
    ('_base_ = 3', 'line 1: its _base_ 3 is no path'),
    ("a = 1\n_base_ = ['none.py']", "line 2: its _base_ 'none.py': config .*none.py does not"),
    ("_base_ = 'broken.py'", "line 1: its _base_ 'broken.py' leads back to itself"),
    ("_base_ = './sub/../loop.py'", "loop.py, line 1: its _base_ 'broken.py' leads back"),
    ("_base_ = 'a.yaml'", "its _base_ 'a.yaml': expected a .py config"),
    ("_base_ = ''", "its _base_ '': expected a .py config"),
    ("_base_ = 'sub.py'", "its _base_ 'sub.py': config: cannot read .*sub.py: it is a folder"),
    ("_base_ = 'nobody::a.py'", 'ValueError'),
    ("_base_ = 'mmdet::none/none.py'", 'none.py'),
    ("_base_ = 'no' + 'ne.py'", 'none.py'),
    ("_base_ = 'wrong.py'", 'line 2 of its base .*wrong.py, ZeroDivisionError'),
    ("_base_ = 'unparsed.py'", 'line 1 of its base .*unparsed.py, SyntaxError'),
    ("_base_ = ['one.py', 'two.py']", 'Duplicate key'),
    ("_base_ = 'one.py'\na = dict(b=1)", 'cannot inherit from base'),
    ("_base_ = 'one.py'\nb = _base_.nothing", 'nothing'),
    ('from .none import *', 'ConfigParsingError: Illegal syntax'),
    ('with open("x"):\n    pass', 'Only `read_base` context manager'),
    ('from mmengine.config import read_base\nwith read_base():\n    from .wrong import *',
     'line 2 of its base .*wrong.py, ZeroDivisionError'),
    ('custom_imports = dict(imports=["no_such_module"])', 'no_such_module'),
    ('custom_imports = 3', 'custom_imports|mapping'),
    ('x = ' + '(' * 500 + ')' * 500, 'SyntaxError|RecursionError|MemoryError'),
    ('x = ' + '-' * 100_000 + '1', 'RecursionError|MemoryError|SyntaxError'),
    ('x = "\0"', 'SyntaxError|ValueError'),
])
def test_whatever_a_config_does_is_one_line(tmp_path, capfd, text, expected):
    for name, content in BESIDE.items():
        (tmp_path / f'{name}.py').write_text(content)
    (tmp_path / 'sub.py').mkdir()
    (tmp_path / 'sub').mkdir()
    (tmp_path / 'a.yaml').write_text('a: 1')
    path = tmp_path / 'broken.py'
    path.write_text(text)
    with pytest.raises(S2DInputError, match=expected) as info:
        load_config(path)
    message = str(info.value)
    assert 'broken.py' in message and '\n' not in message and '\x1b' not in message
    assert len(message) < 700 and message.isprintable()
    assert capfd.readouterr().out == ''


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / 'a.py').write_bytes(b'x = "\xff\xfe"')
    with pytest.raises(S2DInputError, match='a.py cannot be read .*UnicodeDecodeError'):
        load_config(tmp_path / 'a.py')


def test_what_is_no_plain_file(tmp_path):
    (tmp_path / 'folder.py').mkdir()
    os.mkfifo(tmp_path / 'pipe.py')
    (tmp_path / 'loop.py').symlink_to('loop.py')
    (tmp_path / 'dangling.py').symlink_to('nowhere.py')
    for name in ('folder', 'pipe', 'loop', 'dangling'):
        with pytest.raises(S2DInputError, match=f'config: cannot read .*{name}.py'):
            load_config(tmp_path / f'{name}.py')
    for path in ('', 3, None, 'a\0.py'):
        with pytest.raises(S2DInputError, match='load_config: expected path'):
            load_config(path)


def test_what_a_config_prints_is_no_result(tmp_path, capsys):
    (tmp_path / 'a.py').write_text('print("hello")\nx = 1')
    assert load_config(tmp_path / 'a.py').x == 1
    out, err = capsys.readouterr()
    assert (out, err) == ('', 'hello\n')


def test_ctrl_c_stays_ctrl_c(tmp_path):
    (tmp_path / 'a.py').write_text('raise KeyboardInterrupt')
    with pytest.raises(KeyboardInterrupt):
        load_config(tmp_path / 'a.py')


@pytest.mark.parametrize('name', ['a.yaml', 'a.yml', 'a.json', 'a.toml', 'a', 'a.PY', '.py'])
def test_only_python_configs_are_read(tmp_path, monkeypatch, name):
    """YAML can ask for any function to be called."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text('!!python/object/apply:os.system ["touch executed"]')
    with pytest.raises(S2DInputError, match='expected a .py config, found .*; no other kind is re'):
        load_config(tmp_path / name)
    assert not os.path.exists('executed')


OPTIONS = '''
a = [dict(b=1), 2]
c = dict(d=dict(e=1), f=None, g='text', h=(1, 2))
model = dict(type='A')
'''


@pytest.mark.parametrize(('options', 'expected'), [
    ({'a.3': 1}, 'a.3=1: a has 2 items, from 0 to 1'),
    ({'a.3.b': 1}, 'a has 2 items'),
    ({'a.b': 1}, 'a.b=1: a is a list of 2; give a.0 and so on'),
    ({'a.-1': 1}, 'a is a list of 2'),
    ({'a.0.b.c': 1}, "a.0.b is 1 and has no 'c'; give the whole of a.0.b"),
    ({'a.1.b': 1}, "a.1 is 2 and has no 'b'"),
    ({'a.1': 5}, 'an item of a list cannot be replaced; give the whole list a'),
    ({'c.f.x': 1}, "c.f is None and has no 'x'"),
    ({'c.g.x': 1}, "c.g is 'text' and has no 'x'"),
    ({'c.h.0': 1}, r"c.h is \(1, 2\) and has no '0'"),
    ({'c..d': 1}, 'a part of its name is empty'),
    ({'': 1}, 'a part of its name is empty'),
    ({'.c': 1}, 'a part of its name is empty'),
    ({'modle.depth': 50}, "the config has no 'modle'; did you mean 'model'"),
    ({'nothing_like_it': 1}, "has no 'nothing_like_it', and nothing reads it"),
    ({'c.d': 1, 'c.d.e': 2}, 'c.d.e=2: it is part of another override'),
    ({'c.d.e': 2, 'c.d': 1}, 'c.d.e=2: it is part of another override'),
    ({'x' * 999: 1}, 'xxx'),
])
def test_options_that_do_not_fit(tmp_path, options, expected):
    (tmp_path / 'a.py').write_text(OPTIONS)
    with pytest.raises(S2DInputError, match='--cfg-options do not fit .*a.py: .*' + expected) as (
            info):
        load_config(tmp_path / 'a.py', options)
    assert '\n' not in str(info.value) and len(str(info.value)) < 550


def test_options_that_fit(tmp_path):
    (tmp_path / 'a.py').write_text(OPTIONS)
    config = load_config(tmp_path / 'a.py', {
        'a.0.b': 2, 'c.d.new': 3, 'c.new.x': 4, 'work_dir': 'w', 'randomness.seed': 1,
        'c.h': [3]})
    assert config.a == [dict(b=2), 2] and config.c.new.x == 4 and config.work_dir == 'w'
    assert config.randomness == dict(seed=1) and config.c.d == dict(e=1, new=3)
    assert config.c.h == [3]


def test_names_that_a_runner_knows_may_be_new(tmp_path):
    (tmp_path / 'a.py').write_text('x = 1')
    names = ('model', 'custom_hooks', 'load_from', 'resume', 'compile', 'inference', 'tta_model')
    config = load_config(tmp_path / 'a.py', {f'{name}.a': 1 for name in names})
    assert all(config[name] == dict(a=1) for name in names)
