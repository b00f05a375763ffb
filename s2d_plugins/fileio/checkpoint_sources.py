"""Where checkpoints come from: files, URLs and mmengine's names for them, all read as data.

mmengine has a loader for each prefix (``torchvision://``, ``open-mmlab://``, ``s3://``, ...), most
of which execute what a file says. :func:`use_safe_checkpoints` replaces every one: by the safe
reader, or by one line that says to download the file.
"""

import os
from pathlib import Path
from urllib.parse import urlparse

import torch
from mmengine.dist import barrier, get_dist_info
from mmengine.fileio import register_backend
from mmengine.runner import checkpoint as mmengine_checkpoint
from mmengine.runner.checkpoint import CheckpointLoader

from ..errors import S2DInputError, one_line, shortened
from .checkpoint_checks import weights_of
from .checkpoints import load_checkpoint
from .plain_files import check_is_file
from .weights_cache import PACKAGE_PREFIX, find_weights
from .weights_list import WEIGHTS
from .whole_file_backend import WholeFileBackend

URL_PREFIXES = ('http://', 'https://')
_MMLAB_PREFIXES = ('open-mmlab://', 'openmmlab://')
_TORCHVISION_PREFIXES = ('torchvision://', 'modelzoo://')
_MMCLS_PREFIX = 'mmcls://'
_WEIGHTS = Path(__file__).parents[1] / 'weights'


def use_safe_checkpoints() -> None:
    """Make mmengine read checkpoints through this module, and write files whole.

    It holds for every prefix that is known by now, and for weights that a model loads by itself
    (``init_cfg=dict(type='Pretrained', ...)``). Call it wherever a model is built.
    """
    register_backend('local', WholeFileBackend, force=True, prefixes='')
    for prefix in CheckpointLoader._schemes:
        CheckpointLoader.register_scheme(prefix, loader=load_from_nowhere, force=True)
    for prefixes, loader in (('', load_from_local), (URL_PREFIXES, load_from_http),
                             (_MMLAB_PREFIXES, load_from_openmmlab),
                             (_TORCHVISION_PREFIXES, load_from_torchvision),
                             (_MMCLS_PREFIX, load_from_mmcls),
                             (PACKAGE_PREFIX, load_from_package)):
        CheckpointLoader.register_scheme(prefixes, loader=loader, force=True)


def read_checkpoint(source: str | Path, map_location='cpu') -> dict:
    """Read a checkpoint from a path or URL.

    Raises:
        S2DInputError: If it cannot be found, downloaded or read as data.
    """
    if str(source).startswith(URL_PREFIXES):
        return load_from_http(str(source), map_location)
    if str(source).startswith(PACKAGE_PREFIX):
        return load_from_package(str(source), map_location)
    return load_checkpoint(source, map_location)


def check_source(source: str | Path) -> None:
    """Check that a checkpoint is there, as far as that can be told without the network.

    Raises:
        S2DInputError: If a path is no file, or weights of this package or of its list are not
            there.
    """
    if str(source).startswith(PACKAGE_PREFIX):
        local_file(source)
    elif '://' not in str(source):
        check_is_file(source, 'the weights')


def local_file(source: str | Path) -> str | Path:
    """Return the path that ``s2d://NAME`` stands for; any other source as it is.

    Raises:
        S2DInputError: If the package knows no such weights, or they are not there.
    """
    return _packaged(source) if str(source).startswith(PACKAGE_PREFIX) else source


def load_from_local(filename: str, map_location=None) -> dict:
    """Read a file for mmengine."""
    return _for_mmengine(load_checkpoint(filename, map_location), filename)


def load_from_http(filename: str, map_location=None, model_dir=None,
                   progress: bool = False) -> dict:
    """Read a URL; the first worker downloads it, the others find it in the cache."""
    rank = get_dist_info()[0]
    if rank > 0:
        barrier()
    try:
        path = _downloaded(filename, model_dir, progress)
    finally:
        if rank == 0:
            barrier()
    return _for_mmengine(load_checkpoint(path, map_location), path)


def load_from_torchvision(filename: str, map_location=None) -> dict:
    """Read what torchvision publishes under a name."""
    try:
        urls = mmengine_checkpoint.get_torchvision_models()
    except ImportError as error:
        raise S2DInputError(f'{filename} needs torchvision, which is not there ({error}); install '
                            'it, or download the weights and give their path') from error
    return load_from_http(_named(filename, _TORCHVISION_PREFIXES, urls), map_location)


def load_from_openmmlab(filename: str, map_location=None) -> dict:
    """Read what OpenMMLab publishes under a name."""
    urls = mmengine_checkpoint.get_external_models()
    for old, new in mmengine_checkpoint.get_deprecated_model_names().items():
        urls.setdefault(old, urls.get(new))
    source = _named(filename, _MMLAB_PREFIXES, urls)
    if source.startswith(URL_PREFIXES):
        return load_from_http(source, map_location)
    return load_from_local(os.path.join(mmengine_checkpoint._get_mmengine_home(), source),
                           map_location)


def load_from_mmcls(filename: str, map_location=None) -> dict:
    """Read what mmcls publishes under a name; a backbone's weights lose their prefix."""
    url = _named(filename, (_MMCLS_PREFIX,), mmengine_checkpoint.get_mmcls_models())
    weights = weights_of(load_from_http(url, map_location), url)
    return dict(state_dict={name.removeprefix('backbone.'): value
                            for name, value in weights.items() if name.startswith('backbone.')})


def load_from_package(filename: str, map_location=None) -> dict:
    """Read weights that come with this package or that it knows, such as ``s2d://cutler_m2f_rn50``.
    """
    return load_from_local(str(local_file(filename)), map_location)


def load_from_nowhere(filename: str, map_location=None) -> dict:
    """Refuse a prefix whose loader would run code from the file."""
    raise S2DInputError(f'{filename}: checkpoints are not read from there, for what they hold '
                        'cannot be checked before; download the file and give its path')


def _named(filename: str, prefixes: tuple[str, ...], urls: dict[str, str]) -> str:
    name = next(filename.removeprefix(prefix) for prefix in prefixes
                if filename.startswith(prefix))
    if not urls.get(name):
        raise S2DInputError(f'{filename}: there is no such published checkpoint; correct the '
                            'name, or download the weights and give their path')
    return urls[name]


def _packaged(source: str | Path) -> Path:
    known = {path.stem: path for path in _WEIGHTS.glob('*.pth')}
    name = str(source).removeprefix(PACKAGE_PREFIX)
    if name in known:
        return known[name]
    if name in WEIGHTS:
        return find_weights(name)
    raise S2DInputError(f'{source}: this package knows no such weights, it knows '
                        f'{", ".join([*sorted(known), *WEIGHTS])}; correct the name')


def _for_mmengine(content, where: str | Path) -> dict:
    """Return a checkpoint that mmengine may have.

    To resume, mmengine runs ``meta.config`` as a Python program; only its own releases of years
    ago wrote it, and it goes.
    """
    if not isinstance(content, dict):
        raise S2DInputError(f'{where} holds a {type(content).__name__}; expected a checkpoint, '
                            'tensors by name')
    if isinstance(content.get('meta'), dict):
        content['meta'].pop('config', None)
    return content


def _downloaded(url: str, folder: str | None, progress: bool) -> Path:
    """Return the file of a URL in torch's cache; it is downloaded once.

    Raises:
        S2DInputError: If it cannot be downloaded.
    """
    advice = 'download it elsewhere and give the path of the file'
    name = os.path.basename(urlparse(url).path)
    if not name or '\0' in url:
        raise S2DInputError(f'cannot download {url}: it names no file; {advice}')
    path = Path(folder or os.path.join(torch.hub.get_dir(), 'checkpoints')) / name
    if path.is_file():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(path), progress=progress)
    except Exception as error:  # network, URL and disk, each in words of its own
        raise S2DInputError(f'cannot download {url} to {path} ({shortened(one_line(error), 120)}); '
                            f'{advice}') from error
    return path
