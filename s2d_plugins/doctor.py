"""What this environment has, what S2D can do with it, and the command that mends the rest.

Run ``python -m s2d_plugins.doctor``. It ends with 0 if S2D can run, with 1 if not. It imports
nothing at its top that could be missing.
"""

import contextlib
import importlib
import importlib.util
import io
import platform
import re
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from . import __version__
from .compat import COMPILED_OPS_COMMAND, MMFLOW_COMMAND, has_compiled_ops, working_torchvision

ONEDL_COMMAND = 'pip install onedl-mmengine==0.10.12 onedl-mmcv==2.3.6 onedl-mmdetection==3.5.1'
UPSTREAM_COMMAND = 'pip install "mmengine>=0.10" "mmcv>=2.0.1,<2.2" "mmdet==3.3.0"'
HEADLESS_COMMAND = ('pip uninstall -y opencv-python && '
                    'pip install --force-reinstall --no-deps opencv-python-headless==4.12.0.88')
OPENMMLAB = ('mmengine', 'mmcv', 'mmdet')
COTRACKER_COMMAND = 'pip install git+https://github.com/facebookresearch/co-tracker'
#: Import name, distributions that provide it, the command that installs it.
REQUIRED = (
    ('torch', ('torch',), 'pip install "torch>=2.4"'),
    ('mmengine', ('onedl-mmengine', 'mmengine', 'mmengine-lite'), ONEDL_COMMAND),
    ('mmcv', ('onedl-mmcv', 'mmcv', 'mmcv-lite', 'mmcv-full'), ONEDL_COMMAND),
    ('mmdet', ('onedl-mmdetection', 'mmdet'), ONEDL_COMMAND),
    ('numpy', ('numpy',), 'pip install "numpy>=1.24"'),
    ('cv2', ('opencv-python', 'opencv-python-headless', 'opencv-contrib-python',
             'opencv-contrib-python-headless'), 'pip install "opencv-python>=4.8"'),
    ('PIL', ('pillow',), 'pip install "pillow>=10"'),
    ('pycocotools', ('pycocotools',), 'pip install "pycocotools>=2.0.7"'),
    ('scipy', ('scipy',), 'pip install "scipy>=1.10"'),
    ('sklearn', ('scikit-learn',), 'pip install "scikit-learn>=1.3"'),
    ('skimage', ('scikit-image',), 'pip install "scikit-image>=0.21"'),
    ('scenedetect', ('scenedetect',), 'pip install "scenedetect>=0.6.7"'),
    ('psutil', ('psutil',), 'pip install "psutil>=5.9"'),
    ('tqdm', ('tqdm',), 'pip install "tqdm>=4.60"'),
)
MARKS = dict(ok='ok', off='--', bad='!!')


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        name: What was looked at.
        state: 'ok'; 'off': missing, S2D runs without it; 'bad': S2D cannot run.
        detail: What was found.
        fix: The command that mends it; '' if there is nothing to mend.
    """

    name: str
    state: str
    detail: str
    fix: str = ''


def check_all() -> list[Finding]:
    """Look at everything, the required parts first."""
    findings = [_check_python(), *(_check_required(*part) for part in REQUIRED), _check_set()]
    if not any(finding.state == 'bad' for finding in findings):
        findings += [_attempt('S2D parts', _import_parts, ONEDL_COMMAND, state='bad'),
                     _attempt('video files', _check_decoding,
                              'pip install --force-reinstall --no-deps opencv-python==4.12.0.88',
                              state='bad'),
                     _check_compiled_ops(), _check_cuda(), _check_deformops(),
                     _check_torchvision()]
    return [*findings, _attempt('mmflow', _import_mmflow, MMFLOW_COMMAND), _check_cotracker()]


def _check_python() -> Finding:
    version = platform.python_version()
    tested = '' if sys.version_info < (3, 13) else '; tested up to 3.12'
    return Finding('python', 'ok', f'{version} ({sys.executable}){tested}')


def _check_required(module: str, distributions: tuple[str, ...], command: str) -> Finding:
    installed = _installed(distributions)
    if module in OPENMMLAB and len(installed) > 1:
        others = ' '.join(name for name, _ in installed)
        return Finding(module, 'bad', f'installed more than once ({others}): files are mixed up',
                       f'pip uninstall -y {others} && {command}')
    version = ' '.join(f'{name} {version}' for name, version in installed)
    try:
        loaded = importlib.import_module(module)
    except Exception as error:
        if module == 'cv2' and 'cannot open shared object file' in str(error):
            return Finding(module, 'bad', f'{version}: {error}', HEADLESS_COMMAND)
        if not installed:
            return Finding(module, 'bad', 'not installed', command)
        if module in OPENMMLAB and not installed[0][0].startswith('onedl-'):
            command = UPSTREAM_COMMAND
        return Finding(module, 'bad', f'{version} does not import: {_in_one_line(error)}',
                       command.replace('install', 'install --force-reinstall --no-deps'))
    version = version or str(getattr(loaded, '__version__', 'unknown version'))
    return Finding(module, 'ok', version)


def _check_set() -> Finding:
    """Tell OneDL's maintained forks from upstream's releases, which share import names."""
    names = [name for module, candidates, _ in REQUIRED if module in OPENMMLAB
             for name, _ in _installed(candidates)]
    onedl = [name for name in names if name.startswith('onedl-')]
    if not onedl:
        return Finding('OpenMMLab set', 'ok', 'upstream; used as it is')
    if len(onedl) == len(names):
        return Finding('OpenMMLab set', 'ok', 'OneDL, the maintained forks')
    return Finding('OpenMMLab set', 'off', f'mixed ({", ".join(names)}): not tested',
                   ONEDL_COMMAND)


def _installed(distributions: Iterable[str]) -> list[tuple[str, str]]:
    found = []
    for name in distributions:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return found


def _attempt(name: str, check: Callable[[], str], fix: str, state: str = 'off') -> Finding:
    """Run a check that returns a detail or raises; whatever it raises is the finding."""
    try:
        return Finding(name, 'ok', check())
    except Exception as error:
        return Finding(name, state, _in_one_line(error), fix)


def _in_one_line(error: Exception) -> str:
    return f'{type(error).__name__}: {error}'.replace('\n', ' ')[:300]


def _import_parts() -> str:
    for room in ('registry', 'models', 'datasets', 'motion', 'keymasks', 'proposals',
                 'evaluation', 'visualization', 'hooks'):
        importlib.import_module(f's2d_plugins.{room}')
    return f's2d_plugins {__version__} in {Path(__file__).parent}'


def _check_decoding() -> str:
    import cv2
    if cv2.CAP_FFMPEG not in cv2.videoio_registry.getBackends():
        raise RuntimeError('this OpenCV was built without FFMPEG: folders of frames work, video '
                           'files do not')
    return 'OpenCV decodes them with FFMPEG'


def _check_compiled_ops() -> Finding:
    if not has_compiled_ops():
        return Finding('compiled mmcv ops', 'off', 'missing; NMS, RoIAlign and deformable '
                       'attention run on PyTorch, other ops do not', COMPILED_OPS_COMMAND)
    return _attempt('compiled mmcv ops', _import_compiled_ops, COMPILED_OPS_COMMAND, state='bad')


def _import_compiled_ops() -> str:
    return f'used ({importlib.import_module("mmcv._ext").__file__})'


def _check_cuda() -> Finding:
    import torch
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        return Finding('CUDA', 'ok', f'{torch.cuda.device_count()} x {properties.name}, '
                       f'{properties.total_memory / 2**30:.0f} GiB')
    if torch.version.cuda is None:
        return Finding('CUDA', 'off', 'this torch is built for the CPU, where S2D runs slowly',
                       'pip install --force-reinstall torch')
    return Finding('CUDA', 'off', 'no device found; S2D runs on the CPU, slowly', 'nvidia-smi')


def _check_deformops() -> Finding:
    name = 'deformops'
    if importlib.util.find_spec(name) is not None:
        return _attempt(name, lambda: f'{metadata.version(name)}; serves deformable attention on '
                        'CUDA where compiled ops are missing', 'pip install --upgrade deformops')
    if sys.version_info < (3, 12):
        return Finding(name, 'off', 'faster deformable attention on CUDA; needs Python 3.12',
                       'make distclean install PYTHON=python3.12 && '
                       '.venv/bin/pip install deformops')
    return Finding(name, 'off', 'faster deformable attention on CUDA', 'pip install deformops')


def _check_torchvision() -> Finding:
    if working_torchvision() is not None:
        return Finding('torchvision', 'ok', metadata.version('torchvision'))
    detail = 'not installed' if importlib.util.find_spec('torchvision') is None else (
        'installed, but built for another torch')
    return Finding('torchvision', 'off', f'{detail}; NMS and RoIAlign run on PyTorch',
                   'pip install --upgrade torch torchvision')


def _import_mmflow() -> str:
    from .compat import import_mmflow
    return f'{import_mmflow().__version__}; MMFlowPrior works'


def _check_cotracker() -> Finding:
    if importlib.util.find_spec('cotracker') is not None:
        return Finding('cotracker', 'ok', 'CoTrackerPrior takes a checkpoint, or torch.hub '
                       'downloads one (CC-BY-NC)')
    return Finding('cotracker', 'off', 'not installed; CoTrackerPrior asks torch.hub for code and '
                   'weights (CC-BY-NC)', COTRACKER_COMMAND)


def report(findings: list[Finding]) -> str:
    """Lay the findings out for a person."""
    lines = []
    for finding in findings:
        lines.append(f'[{MARKS[finding.state]}] {finding.name:<18} {finding.detail}')
        if finding.fix:
            lines.append(f'{"":>24}fix: {_for_this_python(finding.fix)}')
    bad = [finding.name for finding in findings if finding.state == 'bad']
    lines.append('')
    if bad:
        lines.append(f'S2D cannot run: mend {", ".join(bad)} first ([!!] above).')
    else:
        lines.append('S2D can run. What is marked [--] is optional.')
    return '\n'.join(lines)


def _for_this_python(command: str) -> str:
    """Make every ``pip`` that of the interpreter at work, which need not be the shell's."""
    return re.sub(r'(?<![\w/-])pip (?=install|uninstall)', f'{sys.executable} -m pip ', command)


def main() -> int:
    """Print the report; return 0 if S2D can run, else 1."""
    warnings.simplefilter('ignore')
    with contextlib.redirect_stdout(io.StringIO()):  # what packages say at their import
        findings = check_all()
    print(report(findings))
    return int(any(finding.state == 'bad' for finding in findings))


if __name__ == '__main__':
    sys.exit(main())
