import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.configs import config_errors, find_beside, load_config
from s2d_plugins.fileio.digests import digest, file_digest


def test_load_config_with_base_and_options(tmp_path):
    (tmp_path / 'base.py').write_text('a = dict(b=1, c=2)')
    (tmp_path / 'child.py').write_text("_base_ = 'base.py'\na = dict(c=3)")
    cfg = load_config(tmp_path / 'child.py', {'a.b': 7})
    assert cfg.a == dict(b=7, c=3)


@pytest.mark.parametrize(('text', 'expected'), [
    ('a = (', 'cannot be read .line 1, SyntaxError'), ('a = b', 'NameError'),
    ("_base_ = 'none.py'", 'none.py'), ("custom_imports = dict(imports=['no_such_module'])",
                                        'no_such_module')])
def test_broken_configs_are_named(tmp_path, text, expected):
    path = tmp_path / 'broken.py'
    path.write_text(text)
    with pytest.raises(S2DInputError, match=expected) as info:
        load_config(path)
    assert 'broken.py' in str(info.value) and '\n' not in str(info.value)


def test_missing_and_foreign_files(tmp_path):
    with pytest.raises(S2DInputError, match='none.py does not exist'):
        load_config(tmp_path / 'none.py')
    (tmp_path / 'a.json').touch()
    with pytest.raises(S2DInputError, match='expected a .py config, found .*a.json'):
        load_config(tmp_path / 'a.json')


def test_options_that_do_not_fit(tmp_path):
    (tmp_path / 'a.py').write_text('a = [1]')
    with pytest.raises(S2DInputError, match='--cfg-options do not fit .*a.py'):
        load_config(tmp_path / 'a.py', {'a.3': 1})


def test_find_beside_looks_upwards_whatever_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir('/')
    (tmp_path / 'top' / 'deep').mkdir(parents=True)
    (tmp_path / 'top' / 'wanted.py').touch()
    config = tmp_path / 'top' / 'deep' / 'config.py'
    assert find_beside('wanted.py', config) == tmp_path / 'top' / 'wanted.py'
    assert find_beside(tmp_path / 'top', config) == tmp_path / 'top'
    with pytest.raises(S2DInputError, match='config.py names other.py'):
        find_beside('other.py', config)


def test_digests_depend_on_content_alone(tmp_path):
    assert digest(dict(a=1, b=[2])) == digest(dict(b=[2], a=1)) != digest(dict(a=1, b=[3]))
    (tmp_path / 'a').write_text('x')
    (tmp_path / 'b').write_text('x')
    assert file_digest(tmp_path / 'a') == file_digest(tmp_path / 'b')


def test_config_errors_tells_registry_errors():
    expected = 'config a.py: X is not in the r registry; correct it'
    with pytest.raises(S2DInputError, match=expected), config_errors('a.py'):
        raise KeyError('X is not in the r registry. Please check')
