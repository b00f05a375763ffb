"""Checkpoint files that hold code, other things than weights, or other weights."""

import io
import os
import pickle
import random
import tarfile
from pathlib import Path

import torch

from .base import Case, mutator, write_bytes

#: A file of this name in the folder of the case means: code from an input was run.
EXECUTED = 'executed'


class RunsCode:
    """Touches a file when it is unpickled."""

    def __reduce__(self):
        return os.system, (f'touch {EXECUTED}',)


def _load(path: Path) -> dict:
    return torch.load(path, map_location='cpu', weights_only=False)


def _weights(content: dict) -> dict:
    return content.get('state_dict') or content.get('model') or content


@mutator('checkpoint')
def text_file(case: Case, path: Path, rng: random.Random) -> str | None:
    return write_bytes(path, rng.choice([
        b'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n',
        b'<!DOCTYPE html><title>404</title>', b'{"state_dict": {}}', b'weights',
        b'PK\3\4 weights']))


@mutator('checkpoint')
def tar_like(case: Case, path: Path, rng: random.Random) -> str | None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w') as archive:
        for name in rng.choice([['storages', 'tensors', 'pickle'], ['a'], ['../../evil']]):
            info = tarfile.TarInfo(name)
            info.size = 8
            archive.addfile(info, io.BytesIO(b'\x80\x02}q\0.\0\0'))
    return write_bytes(path, buffer.getvalue())


@mutator('checkpoint')
def pickled_code(case: Case, path: Path, rng: random.Random) -> str | None:
    content = {**_load(path), 'extra': RunsCode()}
    form = rng.choice(['zip', 'legacy', 'pickle', 'alone', 'protocol 5'])
    if form in ('pickle', 'alone'):
        path.write_bytes(pickle.dumps(RunsCode() if form == 'alone' else dict(
            state_dict={}, extra=RunsCode())))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form != 'legacy',
                   pickle_protocol=5 if form == 'protocol 5' else 2)
    return form


@mutator('checkpoint')
def integer_keys(case: Case, path: Path, rng: random.Random) -> str | None:
    content = _load(path)
    numbered = dict(enumerate(_weights(content).values()))
    name, content = rng.choice([('weights', dict(state_dict=numbered)), ('root', numbered),
                                ('beside', {**content, 7: 8}), ('mixed', dict(
                                    state_dict={**_weights(content), 3: torch.zeros(1)}))])
    torch.save(content, path)
    return name


@mutator('checkpoint')
def other_content(case: Case, path: Path, rng: random.Random) -> str | None:
    weights = _weights(_load(path))
    contents = [None, 3, 'text', [], {}, torch.zeros(3), [weights], dict(state_dict=None),
                dict(state_dict=[]), dict(state_dict={}), dict(state_dict=3), dict(model={}),
                dict(state_dict=dict(state_dict=weights)), dict(state_dict=dict(weight='text')),
                dict(state_dict=dict(weight=None)), dict(state_dict={'': torch.zeros(1)}),
                dict(state_dict=list(weights.items())), dict(model=3), dict(meta=None)]
    content = rng.choice(contents)
    torch.save(content, path)
    return repr(content)[:60]


@mutator('checkpoint')
def wrong_meta(case: Case, path: Path, rng: random.Random) -> str | None:
    content = _load(path)
    keys = [key for key in content if key not in ('state_dict', 'model')]
    key = rng.choice(keys or ['meta'])
    value = rng.choice(['gone', None, {}, [], 'text', 3, dict(iter='x', epoch=None),
                        dict(iter=-1, epoch=-1), dict(iter=10**9, epoch=10**9)])
    content.pop(key, None)
    if value != 'gone':
        content[key] = value
    torch.save(content, path)
    return f'{key} {value}'


@mutator('checkpoint')
def odd_weights(case: Case, path: Path, rng: random.Random) -> str | None:
    content = _load(path)
    weights = _weights(content)
    names = [name for name, value in weights.items() if torch.is_tensor(value)]
    if not names:
        return None
    name = rng.choice(names)
    tensor = weights[name]
    kind, weights[name] = rng.choice([
        ('NaN', torch.full_like(tensor, float('nan'), dtype=torch.float32)),
        ('inf', torch.full_like(tensor, float('inf'), dtype=torch.float32)),
        ('huge', torch.full_like(tensor, 3e38, dtype=torch.float32)),
        ('double', tensor.double()), ('half', tensor.half()), ('int8', tensor.to(torch.int8)),
        ('complex', tensor.to(torch.complex64)), ('bool', tensor.bool()),
        ('sparse', tensor.float().to_sparse()), ('scalar', torch.tensor(1.0)),
        ('empty', torch.zeros(0)), ('longer', torch.zeros(*tensor.shape, 2)),
        ('other shape', torch.zeros(7, 3)), ('text', 'text'), ('None', None), ('number', 1.5),
        ('array', tensor.float().numpy()), ('expanded', torch.zeros(1).expand(2**33)),
        ('meta device', torch.empty(tensor.shape, device='meta'))])
    torch.save(content, path)
    return f'{name} {kind}'


@mutator('checkpoint')
def other_names(case: Case, path: Path, rng: random.Random) -> str | None:
    content = _load(path)
    weights = _weights(content)
    name = rng.choice(list(weights))
    kind = rng.choice(['missing', 'extra', 'renamed', 'prefixed'])
    if kind == 'prefixed':
        prefixed = {f'module.{key}': value for key, value in weights.items()}
        weights.clear()
        weights.update(prefixed)
    elif kind == 'extra':
        weights[f'{name}.extra'] = torch.zeros(1)
    else:
        value = weights.pop(name)
        if kind == 'renamed':
            weights[f'x.{name}'] = value
    torch.save(content, path)
    return f'{kind} {name}'
