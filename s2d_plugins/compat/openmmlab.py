"""Which of the two sets of OpenMMLab packages is installed, and commands that stay within it.

Upstream's ``mmengine``, ``mmcv`` (or ``mmcv-lite``) and ``mmdet`` share their import names with
OneDL's maintained forks. Installing one over the other mixes up files, so no command here does.
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
COMPILED_OPS_COMMAND = (
    'pip install ninja wheel "setuptools>=80" "packaging>=24.2" && '
    'pip install --force-reinstall --no-deps --no-cache-dir --no-build-isolation '
    + ONEDL['mmcv'])


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
    """The command that installs one missing module from the set of the other two."""
    others = found_set(name for name in DISTRIBUTIONS if name != module)
    return f'pip install {(UPSTREAM if others == "upstream" else ONEDL)[module]}'


def compiled_ops_command() -> str:
    """The command that compiles the ops of the mmcv that is installed, in its own version."""
    name, version = (installed(DISTRIBUTIONS['mmcv']) or [('onedl-mmcv', '')])[0]
    if name == 'onedl-mmcv':
        return COMPILED_OPS_COMMAND
    # mmcv and mmcv-lite share a folder: the one leaves only once the other is built
    return ('pip install ninja wheel "setuptools<81" && pip wheel --no-deps --no-cache-dir '
            f'--no-build-isolation --wheel-dir mmcv_wheel mmcv=={version} && pip uninstall -y '
            f'{name} && pip install --no-deps mmcv_wheel/mmcv-{version}-*.whl')
