"""Which of the two sets of OpenMMLab packages is installed, and commands that stay within it.

Upstream's ``mmengine``, ``mmcv`` (or ``mmcv-lite``) and ``mmdet`` share their import names with
OneDL's maintained forks. Installing one over the other mixes up files: no command here does so.
"""

from collections.abc import Iterable
from importlib import metadata

#: Import name: distributions that provide it, OneDL's first.
DISTRIBUTIONS = dict(
    mmengine=('onedl-mmengine', 'mmengine', 'mmengine-lite'),
    mmcv=('onedl-mmcv', 'mmcv', 'mmcv-lite', 'mmcv-full'),
    mmdet=('onedl-mmdetection', 'mmdet'))
ONEDL = dict(mmengine='onedl-mmengine==0.10.12', mmcv='onedl-mmcv==2.3.6',
             mmdet='onedl-mmdetection==3.5.1')
#: mmcv-lite: pure Python like OneDL's; what mmdet needs of the ops comes from the stand-in.
UPSTREAM = dict(mmengine='"mmengine>=0.10"', mmcv='"mmcv-lite>=2.0.1,<2.2"', mmdet='mmdet==3.3.0')
ONEDL_COMMAND = f'pip install {" ".join(ONEDL.values())}'
#: In a clone of the repository: an environment of its own with the tested set, here .venv.
OWN_ENVIRONMENT_COMMAND = 'make install'


def installed(distributions: Iterable[str]) -> list[tuple[str, str]]:
    """Name and version of each of the distributions that is there."""
    found = []
    for name in distributions:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return found


def found_set(modules: Iterable[str] = tuple(DISTRIBUTIONS)) -> str:
    """Which set the modules come from: 'onedl', 'upstream', 'mixed' or 'none'."""
    names = [name for module in modules for name, _ in installed(DISTRIBUTIONS[module])]
    onedl = [name.startswith('onedl-') for name in names]
    if not names:
        return 'none'
    if any(onedl):
        return 'onedl' if all(onedl) else 'mixed'
    return 'upstream'


def install_command(module: str) -> str:
    """The command that installs one of the modules, from the set of the other two."""
    others = found_set(name for name in DISTRIBUTIONS if name != module)
    return dict(none=ONEDL_COMMAND, onedl=f'pip install {ONEDL[module]}',
                upstream=f'pip install {UPSTREAM[module]}', mixed=OWN_ENVIRONMENT_COMMAND)[others]


def mend_command(module: str) -> str:
    """The command for one of the modules that is installed and does not import."""
    name, version = installed(DISTRIBUTIONS[module])[0]
    if found_set() == 'mixed':
        return OWN_ENVIRONMENT_COMMAND
    mmcv = installed(DISTRIBUTIONS['mmcv'])
    if name == 'mmdet' and mmcv and not _fits_upstream(mmcv[0][1]):
        return f'pip install "{mmcv[0][0]}>=2.0.1,<2.2"'
    return f'pip install --force-reinstall --no-deps {name}=={version}'


def sort_out_command(module: str) -> str:
    """The command for one of the modules that both sets have put into the same folder."""
    found = installed(DISTRIBUTIONS[module])
    uninstall = f'pip uninstall -y {" ".join(name for name, _ in found)}'
    others = found_set(name for name in DISTRIBUTIONS if name != module)
    upstream = [f'{name}=={version}' for name, version in found if not name.startswith('onedl-')]
    if others == 'upstream':
        return f'{uninstall} && pip install --no-deps {upstream[0]}'
    return f'{uninstall} && {install_command(module)}'


def _fits_upstream(version: str) -> bool:
    """Whether upstream mmdet 3.3 takes this mmcv."""
    return version.split('.')[:2] in (['2', '0'], ['2', '1'])


def compiled_ops_command() -> str:
    """The command that compiles the ops of the mmcv that is installed, in its own version."""
    found = installed(DISTRIBUTIONS['mmcv'])
    if len(found) > 1:
        return sort_out_command('mmcv')
    name, version = found[0] if found else ONEDL['mmcv'].split('==')
    if name == 'onedl-mmcv':
        return ('pip install ninja wheel "setuptools>=80" "packaging>=24.2" && pip install '
                '--force-reinstall --no-deps --no-cache-dir --no-build-isolation '
                f'onedl-mmcv=={version}')
    # mmcv and mmcv-lite share a folder: the one leaves only once the other is built
    return ('pip install ninja wheel "setuptools<81" && pip wheel --no-deps --no-cache-dir '
            f'--no-build-isolation --wheel-dir mmcv_wheel mmcv=={version} && pip uninstall -y '
            f'{name} && pip install --no-deps mmcv_wheel/mmcv-{version}-*.whl')
