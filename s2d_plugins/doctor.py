"""What this environment has, what S2D can do with it, and the command that mends the rest.

No command changes the version of anything that works here: upstream's OpenMMLab packages stay
upstream's, OneDL's stay OneDL's, torch and numpy stay as they are.

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
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from . import __version__
from .compat import MMFLOW_COMMAND, has_compiled_ops, working_torchvision
from .compat.openmmlab import (
    DISTRIBUTIONS,
    OWN_ENVIRONMENT_COMMAND,
    compiled_ops_command,
    found_set,
    install_command,
    installed,
    mend_command,
    sort_out_command,
)

COTRACKER_COMMAND = 'pip install git+https://github.com/facebookresearch/co-tracker'
DEFORMOPS_COMMAND = ('make install VENV=../s2d-py312 PYTHON=python3.12 && '
                     '../s2d-py312/bin/pip install deformops')
#: Import name, distributions that provide it, what pip installs where it is missing.
REQUIRED = (
    ('torch', ('torch',), '"torch>=2.4"'),
    *((module, names, '') for module, names in DISTRIBUTIONS.items()),
    ('numpy', ('numpy',), '"numpy>=1.24"'),
    ('cv2', ('opencv-python', 'opencv-python-headless', 'opencv-contrib-python',
             'opencv-contrib-python-headless'), '"opencv-python>=4.8"'),
    ('av', ('av',), '"av>=17"'),
    ('PIL', ('pillow',), '"pillow>=10"'),
    ('pycocotools', ('pycocotools',), '"pycocotools>=2.0.7"'),
    ('scipy', ('scipy',), '"scipy>=1.10"'),
    ('sklearn', ('scikit-learn',), '"scikit-learn>=1.3"'),
    ('skimage', ('scikit-image',), '"scikit-image>=0.21"'),
    ('scenedetect', ('scenedetect',), '"scenedetect>=0.6.7"'),
    ('msgspec', ('msgspec',), '"msgspec>=0.18"'),
    ('typing_extensions', ('typing-extensions',), '"typing-extensions>=4.10"'),
    ('filelock', ('filelock',), '"filelock>=3.20.1"'),
    ('joblib', ('joblib',), '"joblib>=1.3"'),
    ('psutil', ('psutil',), '"psutil>=5.9"'),
    ('fsspec', ('fsspec',), '"fsspec>=2023.1"'),
    ('tqdm', ('tqdm',), '"tqdm>=4.60"'),
)
#: What MaskCut's features come from: import name, what pip installs, what needs it.
FEATURES = (
    ('timm', 'timm', 'TimmFeatures (DINO, DINOv2, DINOv3)'),
    ('mmpretrain', 'onedl-mmpretrain', "BackboneFeatures of mmpretrain's backbones"),
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
        findings += [_attempt('S2D parts', _import_parts, OWN_ENVIRONMENT_COMMAND, state='bad'),
                     _attempt('video files', _check_decoding, _reinstall(*_opencv()), state='bad'),
                     _check_compiled_ops(), _check_cuda(), _check_deformops(),
                     _check_torchvision(),
                     *(_check_features(*part) for part in FEATURES)]
    return [*findings, _attempt('mmflow', _import_mmflow, MMFLOW_COMMAND), _check_cotracker()]


def _check_python() -> Finding:
    version = platform.python_version()
    tested = '' if sys.version_info < (3, 13) else '; tested up to 3.12'
    return Finding('python', 'ok', f'{version} ({sys.executable}){tested}')


def _check_required(module: str, distributions: tuple[str, ...], requirement: str) -> Finding:
    found = installed(distributions)
    version = ' '.join(f'{name} {version}' for name, version in found)
    if module in DISTRIBUTIONS and len(found) > 1:
        return Finding(module, 'bad', f'installed more than once ({version}): files are mixed up',
                       sort_out_command(module))
    try:
        loaded = importlib.import_module(module)
    except Exception as error:
        if not found:
            command = _add(requirement) if requirement else install_command(module)
            return Finding(module, 'bad', 'not installed', command)
        detail = f'{version} does not import: {_in_one_line(error)}'
        if module in DISTRIBUTIONS:
            return Finding(module, 'bad', detail, mend_command(module))
        if 'cannot open shared object file' in str(error) and module == 'cv2':
            return Finding(module, 'bad', detail, _without_windows(*found[0]))
        return Finding(module, 'bad', detail, _reinstall(*found[0]))
    version = version or str(getattr(loaded, '__version__', 'unknown version'))
    return Finding(module, 'ok', version)


def _add(requirement: str) -> str:
    """The command that installs what is missing and leaves numpy, which all share, as it is."""
    kept = [f'numpy=={version}' for _, version in installed(['numpy'])]
    return ' '.join(['pip install', requirement, *kept])


def _reinstall(name: str, version: str) -> str:
    """The command that installs a distribution anew, in its own version and nothing else."""
    return f'pip install --force-reinstall --no-deps {name}=={version.partition("+")[0]}'


def _without_windows(name: str, version: str) -> str:
    """The command that exchanges OpenCV for its build without windows, in the same version."""
    return f'pip uninstall -y {name} && {_reinstall(f"{name}-headless", version)}'


def _opencv() -> tuple[str, str]:
    names = next(names for module, names, _ in REQUIRED if module == 'cv2')
    return next(iter(installed(names)), ('opencv-python', '4.12.0.88'))


def _check_set() -> Finding:
    """Tell OneDL's maintained forks from upstream's releases, which share import names."""
    name, found = 'OpenMMLab set', found_set()
    versions = ', '.join(f'{name} {version}' for names in DISTRIBUTIONS.values()
                         for name, version in installed(names))
    if found == 'mixed':
        return Finding(name, 'off', f'mixed ({versions}): not tested', OWN_ENVIRONMENT_COMMAND)
    detail = dict(onedl=f'OneDL, the maintained forks ({versions})',
                  upstream=f'upstream ({versions}); used as it is', none='none')[found]
    return Finding(name, 'ok', detail)


def _attempt(name: str, check: Callable[[], str], fix: str, state: str = 'off') -> Finding:
    """Run a check that returns a detail or raises; whatever it raises is the finding."""
    try:
        return Finding(name, 'ok', check())
    except Exception as error:
        return Finding(name, state, _in_one_line(error), fix)


def _in_one_line(error: Exception) -> str:
    return f'{type(error).__name__}: {error}'.replace('\n', ' ')[:300]


def _import_parts() -> str:
    importlib.import_module('s2d_plugins.utils').register_all_modules(init_default_scope=False)
    importlib.import_module('s2d_plugins.keymasks')
    return f's2d_plugins {__version__} in {Path(__file__).parent}'


def _check_decoding() -> str:
    import av
    for name, mode in (('h264', 'r'), ('hevc', 'r'), ('vp9', 'r'), ('av1', 'r'), ('libx264', 'w')):
        try:
            av.codec.Codec(name, mode)
        except ValueError as error:
            raise RuntimeError(f'the FFmpeg of PyAV {av.__version__} lacks {name}: folders of '
                               'frames work, some video files do not') from error
    return f'PyAV {av.__version__} reads them and writes H.264'


def _check_compiled_ops() -> Finding:
    if not has_compiled_ops():
        return Finding('compiled mmcv ops', 'off', 'missing; NMS, RoIAlign and deformable '
                       'attention run on PyTorch, other ops do not', compiled_ops_command())
    return _attempt('compiled mmcv ops', _import_compiled_ops, compiled_ops_command(), state='bad')


def _import_compiled_ops() -> str:
    return f'used ({importlib.import_module("mmcv._ext").__file__})'


def _check_cuda() -> Finding:
    import torch
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        return Finding('CUDA', 'ok', f'{torch.cuda.device_count()} x {properties.name}, '
                       f'{properties.total_memory / 2**30:.0f} GiB')
    if torch.version.cuda is None:
        # the same version built for CUDA, then what that needs: nothing else is upgraded
        version = torch.__version__.partition('+')[0]
        return Finding('CUDA', 'off', 'this torch is built for the CPU, where S2D runs slowly',
                       f'{_reinstall("torch", version)} && pip install torch=={version}')
    return Finding('CUDA', 'off', 'no device found; S2D runs on the CPU, slowly', 'nvidia-smi')


def _check_deformops() -> Finding:
    name = 'deformops'
    if importlib.util.find_spec(name) is not None:
        version = metadata.version(name)
        return _attempt(name, lambda: f'{version}; serves deformable attention on CUDA where '
                        'compiled ops are missing', _reinstall(name, version))
    if sys.version_info < (3, 12) or _torch_release() < (2, 11):  # pip would upgrade torch
        return Finding(name, 'off', 'faster deformable attention on CUDA; needs Python 3.12 and '
                       'torch 2.11', DEFORMOPS_COMMAND)
    return Finding(name, 'off', 'faster deformable attention on CUDA', 'pip install deformops')


def _torch_release() -> tuple[int, int]:
    import torch
    major, minor = torch.__version__.split('.')[:2]
    return int(major), int(minor)


def _check_torchvision() -> Finding:
    import torch
    name, plain = 'torchvision', 'NMS and RoIAlign run on PyTorch'
    if working_torchvision() is not None:
        return Finding(name, 'ok', metadata.version(name))
    # every release fits one release of torch, and only a build for the same device
    fitting = f'"torchvision==0.{_torch_release()[1] + 15}.*"'
    if importlib.util.find_spec(name) is not None:
        return Finding(name, 'off', f'installed, but built for another torch; {plain}',
                       'pip uninstall -y torchvision' if torch.version.cuda is None else
                       f'pip install --force-reinstall --no-deps {fitting}')
    if torch.version.cuda is None:
        return Finding(name, 'ok', f'not installed and not needed; {plain}')
    return Finding(name, 'off', f'not installed; {plain}', f'pip install --no-deps {fitting}')


def _check_features(module: str, package: str, serves: str) -> Finding:
    command = _features_command(package)
    if importlib.util.find_spec(module) is None:
        return Finding(module, 'off', f'not installed; {serves} needs it', command)
    return _attempt(module, lambda: f'{importlib.import_module(module).__version__}; {serves}',
                    command)


def _features_command(package: str) -> str:
    """How to get what asks for a torchvision, without another torch."""
    import torch
    if working_torchvision() is not None:
        return f'pip install {package}'
    if torch.version.cuda is None:  # torchvision for the CPU is not where pip looks
        return 'make torchvision'
    return f'pip install {package} "torchvision==0.{_torch_release()[1] + 15}.*"'


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
    return re.sub(r'(?<![\w/-])pip (?=install|uninstall|wheel)', f'{sys.executable} -m pip ',
                  command)


def main() -> int:
    """Print the report; return 0 if S2D can run, else 1."""
    warnings.simplefilter('ignore')
    with contextlib.redirect_stdout(io.StringIO()):  # what packages say at their import
        findings = check_all()
    print(report(findings))
    return int(any(finding.state == 'bad' for finding in findings))


if __name__ == '__main__':
    sys.exit(main())
