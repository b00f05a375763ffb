"""What ``proposer`` of a config means, and the configs that are shipped."""

from pathlib import Path

import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.configs import load_config
from s2d_plugins.proposals.build import build_proposer, proposer_settings

CONFIGS = Path(__file__).parents[2] / 'configs' / 'proposals'


@pytest.mark.parametrize('path', sorted(CONFIGS.glob('*.py')), ids=lambda path: path.name)
def test_shipped_configs_describe_a_proposer(path):
    config = load_config(path)
    assert config.default_scope == 's2d_plugins'
    assert set(config) == {'default_scope', 'proposer'}
    assert proposer_settings(config)['type']
    assert f'`{path.name}`' in (CONFIGS / 'README.md').read_text(), 'name it in the table'


@pytest.fixture
def write(tmp_path):
    def write(name, proposer):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'proposer = {proposer}\n')
        return path
    return write


def test_a_file_stands_for_its_proposer_and_other_keys_override_it(write):
    write('shared/base.py', "dict(type='MotionColorProposer', regions=500, gaps=[1, 2])")
    path = write('mine.py', "dict(from_file='shared/base.py', regions=300)")
    settings = dict(type='MotionColorProposer', regions=300, gaps=[1, 2])
    assert proposer_settings(load_config(path)) == settings
    assert proposer_settings(load_config(path, {'proposer.regions': 200})) == dict(
        settings, regions=200)
    below = write('deeper/mine.py', "dict(from_file='shared/base.py')")  # in a folder above
    assert proposer_settings(load_config(below))['regions'] == 500
    built = build_proposer(load_config(path))
    assert type(built).__name__ == 'MotionColorProposer'


@pytest.mark.parametrize(('proposer', 'message'), [
    ("dict(from_file='none.py')", 'mine.py names none.py, which is neither beside it'),
    ('dict(from_file=3)', 'from_file|path'),
    ("dict(from_file='mine.py')", 'names another file'),
    ("dict(from_file='other.py')", 'other.py: expected `proposer = dict'),
    ("dict(from_file='base.py', gaps=dict(a=1))", 'do not fit .*base.py'),
    ('dict(max_masks=3)', 'expected `proposer = dict'),
    ('[]', 'expected `proposer = dict')])
def test_mistakes_are_one_line(write, proposer, message):
    write('other.py', '3')
    write('base.py', "dict(type='MotionColorProposer', gaps=[1, 2])")
    path = write('mine.py', proposer)
    with pytest.raises(S2DInputError, match=message) as info:
        build_proposer(load_config(path))
    assert '\n' not in str(info.value)
