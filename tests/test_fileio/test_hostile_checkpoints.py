"""Files that are no checkpoints, or pretend to be larger ones: one line, soon, in little memory."""

import os
import pickle
import random
import struct
import subprocess
import sys
import tarfile
import time
import zipfile

import numpy as np
import pytest
import torch

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.checkpoint_checks import check_resumable, weights_of
from s2d_plugins.fileio.checkpoints import load_checkpoint

#: 1000 as pickle writes it; nothing else in the files below has these bytes.
THOUSAND = b'M\xe8\x03'


def good(path, zipped: bool = True):
    torch.save(dict(state_dict=dict(weight=torch.arange(1000.0))), path,
               _use_new_zipfile_serialization=zipped)
    return path


def rewrite(source, target, change, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, 'w') as new:
        for entry in old.infolist():
            new.writestr(zipfile.ZipInfo(entry.filename),
                         change(entry.filename, old.read(entry)), compression)


def claim(content: bytes, count: int) -> bytes:
    return content.replace(THOUSAND, b'\x8a\x08' + struct.pack('<q', count))


def bomb(path, megabytes: int):
    """A zip of some kilobytes that unpacks to a lot."""
    source = good(path.with_name('source.pth'))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            with new.open(entry.filename, 'w', force_zip64=True) as file:
                if entry.filename.endswith('data/0'):
                    for _ in range(megabytes):
                        file.write(bytes(2**20))
                else:
                    file.write(claim(old.read(entry), megabytes * 2**18))


def make(path, kind: str):
    if kind in ('claim', 'negative', 'huge'):
        count = dict(claim=10**8, negative=-5, huge=10**12)[kind]
        rewrite(good(path.with_name('source.pth')), path, lambda name, data: claim(data, count))
    elif kind.startswith('legacy'):
        count = dict(legacy_claim=10**8, legacy_negative=-5, legacy_huge=10**12)[kind]
        path.write_bytes(claim(good(path, zipped=False).read_bytes(), count))
    elif kind == 'bomb':
        bomb(path, 100)
    elif kind == 'expanded':
        torch.save(dict(state_dict=dict(weight=torch.zeros(1).expand(10**12))), path)
    elif kind == 'tar':
        with tarfile.open(path, 'w') as archive:
            archive.add(good(path.with_name('source.pth')))
    elif kind == 'tar_like':
        path.write_bytes(b'a' * 257 + b'ustar\x0000' + bytes(1000))
    elif kind == 'zip_like':
        path.write_bytes(b'PK\x03\x04' + bytes(100))
    elif kind == 'other_zip':
        with zipfile.ZipFile(path, 'w') as archive:
            archive.writestr('a.txt', 'hello')
    elif kind == 'cut_zip':
        path.write_bytes(good(path).read_bytes()[:-200])
    elif kind == 'cut_legacy':
        path.write_bytes(good(path, zipped=False).read_bytes()[:-2000])
    elif kind == 'zeros':
        path.write_bytes(bytes(10_000))
    elif kind == 'random':
        path.write_bytes(random.Random(0).randbytes(10_000))
    elif kind == 'text':
        path.write_text('weights, soon\n' * 99)
    elif kind == 'empty':
        path.touch()
    elif kind == 'pickle':
        path.write_bytes(pickle.dumps(dict(a=1)))
    elif kind == 'script':
        torch.jit.script(torch.nn.Linear(2, 2)).save(str(path))
    elif kind == 'fifo':
        os.mkfifo(path)
    elif kind == 'folder':
        path.mkdir()
    elif kind == 'dangling':
        path.symlink_to('nowhere')
    elif kind == 'loop':
        path.symlink_to(path.name)


KINDS = ('claim', 'negative', 'huge', 'legacy_claim', 'legacy_negative', 'legacy_huge', 'bomb',
         'expanded', 'tar', 'tar_like', 'zip_like', 'other_zip', 'cut_zip', 'cut_legacy', 'zeros',
         'random', 'text', 'empty', 'pickle', 'script', 'fifo', 'folder', 'dangling', 'loop')


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('kind', KINDS)
def test_what_is_no_checkpoint_is_one_line(tmp_path, capfd, kind):
    path = tmp_path / 'file.pth'
    make(path, kind)
    capfd.readouterr()
    start = time.monotonic()
    with pytest.raises(S2DInputError) as info:
        load_checkpoint(path)
    message = str(info.value)
    assert 'file.pth' in message and '\n' not in message and len(message) < 400 + len(str(path))
    assert 'weights_only' not in message and time.monotonic() - start < 10
    assert capfd.readouterr() == ('', '')


@pytest.mark.parametrize(('kind', 'message'), [
    ('bomb', 'it claims 100 MB and holds'), ('expanded', 'in state_dict.weight; get it from som'),
    ('tar_like', 'not a file that torch.save wrote'), ('fifo', 'it is a pipe, expected a file'),
    ('folder', 'it is a folder'), ('dangling', 'dangling link'), ('other_zip', 'not a readable')])
def test_the_line_says_what_is_wrong(tmp_path, kind, message):
    make(tmp_path / 'file.pth', kind)
    with pytest.raises(S2DInputError, match=message):
        load_checkpoint(tmp_path / 'file.pth')


def test_large_claims_take_little_memory(tmp_path):
    """At most 128 MB more than torch itself, in a process of its own."""
    for kind in ('huge', 'legacy_claim', 'expanded'):
        make(tmp_path / f'{kind}.pth', kind)
    bomb(tmp_path / 'bomb.pth', 300)
    code = ('import sys, resource; from s2d_plugins.fileio.checkpoints import load_checkpoint\n'
            'for path in sys.argv[1:]:\n'
            '    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n'
            '    try: load_checkpoint(path)\n'
            '    except ValueError: pass\n'
            '    else: sys.exit("read")\n'
            '    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before\n'
            '    assert more < 2**17, (path, more)')
    subprocess.run([sys.executable, '-c', code, *sorted(tmp_path.glob('[!s]*.pth'))], check=True,
                   timeout=120)


@pytest.mark.parametrize('zipped', [True, False])
def test_flipped_bits_are_one_line_or_nothing(tmp_path, zipped):
    content = good(tmp_path / 'good.pth', zipped).read_bytes()
    path, draw = tmp_path / 'bad.pth', random.Random(1)
    outcomes = dict(read=0, refused=0)
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(draw.choice((1, 1, 3, 40))):
            # the head and the tail hold the structure, and the middle 4000 bytes of numbers
            place = draw.randrange(len(content)) if draw.random() < 0.3 else (
                draw.choice((draw.randrange(700), -1 - draw.randrange(700))))
            damaged[place] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        try:
            load_checkpoint(path)
            outcomes['read'] += 1
        except S2DInputError as error:
            assert '\n' not in str(error)
            outcomes['refused'] += 1
    assert min(outcomes.values()) > 5


def test_a_packed_checkpoint_is_still_read(tmp_path):
    rewrite(good(tmp_path / 'a.pth'), tmp_path / 'b.pth', lambda name, data: data,
            zipfile.ZIP_DEFLATED)
    assert load_checkpoint(tmp_path / 'b.pth')['state_dict']['weight'][999] == 999


def test_parts_that_contain_each_other_are_looked_at_once(tmp_path):
    """2^60 ways lead to the number at the end."""
    part = dict(weight=torch.tensor([float('nan')]))
    for _ in range(60):
        part = dict(a=part, b=part)
    torch.save(part, tmp_path / 'a.pth')
    message = r'1 of 1 values of the weight \.\.\.a.a.*a.weight are NaN'
    with pytest.raises(S2DInputError, match=message):
        load_checkpoint(tmp_path / 'a.pth')


def test_a_list_of_lists_of_lists(tmp_path):
    """100,000 of them, around a number."""
    torch.save([], tmp_path / 'a.pth', _use_new_zipfile_serialization=False)
    content = (tmp_path / 'a.pth').read_bytes()
    nested = b']' * 100_000 + b'a' * 99_999
    (tmp_path / 'a.pth').write_bytes(content.replace(b']q\x00.', nested + b'.', 1))
    start = time.monotonic()
    with pytest.raises(S2DInputError, match='a.pth holds no weights.*found a list'):
        weights_of(load_checkpoint(tmp_path / 'a.pth'), 'a.pth')
    assert time.monotonic() - start < 60  # not with the square of the depth


@pytest.mark.parametrize('path', ['', None, 3, 'a\0b'])
def test_what_is_no_path(path):
    with pytest.raises(S2DInputError, match='load_checkpoint: expected path'):
        load_checkpoint(path)


@pytest.mark.parametrize('content', [
    {}, [], None, 'a', torch.ones(2), {1: torch.ones(2)}, dict(a=3), dict(state_dict={}),
    dict(state_dict=[torch.ones(1)]), dict(state_dict=dict(a=torch.ones(1), b=np.ones(2))),
    dict(meta={}), dict(state_dict={('a', 1): torch.ones(1)})])
def test_what_holds_no_weights(content):
    with pytest.raises(S2DInputError, match='a.pth holds no weights; expected a state_dict'):
        weights_of(content, 'a.pth')


def test_weights_by_themselves_or_wrapped():
    weights = dict(a=torch.ones(1))
    assert weights_of(weights, '') is weights_of(dict(state_dict=weights), '') is weights
    assert weights_of(dict(model=weights), '', ('state_dict', 'model')) is weights


HUB = dict(log_scalars={}, runtime_info={}, resumed_keys={})


@pytest.mark.parametrize(('content', 'message'), [
    ([], 'how far'), (dict(weight=torch.ones(1)), 'how far'), (dict(meta=3), 'how far'),
    (dict(meta={}), 'how far'), (dict(meta=dict(iter=3)), 'how far'),
    (dict(meta=dict(iter=-1, epoch=0)), 'how far'), (dict(meta=dict(iter='3', epoch=0)), 'how far'),
    (dict(meta=dict(iter=True, epoch=0)), 'how far'),
    (dict(meta=dict(iter=3, epoch=0)), 'no message_hub'),
    (dict(meta=dict(iter=3, epoch=0), message_hub=dict(HUB, log_scalars=3)), 'no message_hub')])
def test_what_no_training_goes_on_from(content, message):
    with pytest.raises(S2DInputError, match=message):
        check_resumable(content, 'a.pth')
    check_resumable(dict(meta=dict(iter=3, epoch=0), message_hub=HUB), 'a.pth')
