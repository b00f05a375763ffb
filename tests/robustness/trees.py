"""Compare two folders of results, leaving out what differs from run to run by nature."""

import hashlib
import io
import json
import re
from pathlib import Path

import torch

#: Logs, mmengine's folders named by the time, locks, and what a run says of itself: neither
#: counted nor compared.
IGNORED = (r'(^|/)(\d{8}_\d{6}(/|$)|[^/]*\.log$|lock$|vis_data(/|$)|__pycache__(/|$)'
           r'|report\.html$|stages/run\.json$)')
_VOLATILE = {'seconds', 'peak_memory_mb', 'finished', 'time', 'data_time', 'memory', 'stamp',
             'key', 'resumed', 'eta', 'experiment_name', 'env', 'cfg', 'mmengine_version'}
#: Lines of a dumped config that say how a training was started.
_STARTS = re.compile(rb'^(load_from|resume) = .*\n', re.MULTILINE)


def read_tree(folder: Path) -> dict[str, str]:
    """Return the path of everything below a folder to a digest of it."""
    tree = {}
    for path in sorted(folder.rglob('*')):
        name = str(path.relative_to(folder))
        if re.search(IGNORED, name):
            continue
        if path.is_symlink():
            tree[name] = f'link to {path.readlink()}'
        elif path.is_dir():
            tree[f'{name}/'] = 'folder'
        elif path.is_file():
            tree[name] = digest(path, folder)
        else:
            tree[name] = 'neither file nor folder'
    return tree


def digest(path: Path, folder: Path) -> str:
    """Return a short hash of what in a file should be the same for every run.

    Args:
        path: The file.
        folder: Its absolute path is taken for the same as any other's.
    """
    data = path.read_bytes()
    try:
        if path.suffix == '.json':
            data = json.dumps(_steady(json.loads(data)), sort_keys=True).encode()
        elif path.suffix == '.pth':
            content = torch.load(io.BytesIO(data), map_location='cpu', weights_only=False)
            data = repr(_steady(content)).encode()
    except Exception as error:  # a broken file is a digest of its own
        return f'broken ({type(error).__name__})'
    data = data.replace(str(folder).encode(), b'FOLDER')
    if path.suffix == '.py':
        data = _STARTS.sub(b'', data)
    return hashlib.sha256(data).hexdigest()[:12]


def _steady(value):
    """Leave out times, memory and the like; tensors become their bytes."""
    if isinstance(value, dict):
        return {key: _steady(item) for key, item in value.items() if key not in _VOLATILE}
    if isinstance(value, (list, tuple)):
        return [_steady(item) for item in value]
    if torch.is_tensor(value):
        array = value.detach().cpu().contiguous().numpy()
        return [str(array.dtype), array.shape, hashlib.sha256(array.tobytes()).hexdigest()]
    if hasattr(value, '_log_history'):
        return None  # mmengine's history: of times as well
    return value


def difference(expected: dict[str, str], found: dict[str, str]) -> list[str]:
    """Say in lines how a tree is not as expected."""
    lines = [f'missing: {name}' for name in sorted(expected.keys() - found.keys())]
    lines += [f'stray: {name}' for name in sorted(found.keys() - expected.keys())]
    lines += [f'differs: {name}{" " + found[name] if " " in found[name] else ""}'
              for name in sorted(expected.keys() & found.keys()) if expected[name] != found[name]]
    return lines
