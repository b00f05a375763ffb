"""Videos and results behind URLs: nothing is shared but the storage."""

import importlib.util
import json
import sys
from pathlib import Path

import cv2
import fsspec
import pytest
from bright_model import red_squares, write_model

from s2d_plugins.apis.remote_jobs import list_remote_videos
from s2d_plugins.errors import S2DInputError, S2DOutputError
from s2d_plugins.fileio.remote import RemoteFolder, fetch
from s2d_plugins.fileio.urls import is_url, location
from s2d_plugins.labels.proposals_file import write_proposals
from s2d_plugins.labels.rle import encode_mask

ROOT = Path(__file__).parents[2]
LENGTHS = dict(cat=6, cow=5)


@pytest.fixture
def storage(tmp_path):
    """Two videos as frames, one that is broken, and proposals, in memory."""
    memory = fsspec.filesystem('memory')
    memory.store.clear()
    for name, length in LENGTHS.items():
        for index, frame in enumerate(red_squares(length)):
            memory.pipe(f'/bucket/videos/{name}/{index}.png',
                        cv2.imencode('.png', frame[..., ::-1])[1].tobytes())
        masks = [[dict(segmentation=encode_mask(frame[..., 0] > 140), score=1.0)]
                 for frame in red_squares(length)]
        write_proposals(tmp_path / f'{name}.json', name, (40, 56), masks)
        memory.put_file(str(tmp_path / f'{name}.json'), f'/bucket/proposals/{name}.json')
    memory.pipe('/bucket/videos/bad.mp4', b'no video')
    memory.pipe('/bucket/videos/.hidden/0.png', b'')
    memory.pipe('/bucket/videos/notes.txt', b'')
    yield memory
    memory.store.clear()


def run(monkeypatch, capsys, tool, *argv):
    spec = importlib.util.spec_from_file_location(tool, ROOT / 'tools' / f'{tool}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, 'argv', [tool, *map(str, argv)])
    code = module.main() if tool != 'infer_video' else module.run_tool(module.main)
    said = capsys.readouterr()
    return code, said.out + said.err


def names(storage, folder):
    return {name.rpartition('/')[2] for name in storage.find(folder)}


def test_what_is_a_url():
    assert is_url('s3://a') and is_url('memory://a/b') and not is_url('a/b://c')
    assert not is_url('C:\\a') and location('a/b') == Path('a/b') and location('s3://a') == 's3://a'


def test_videos_of_a_folder(storage, tmp_path):
    assert list_remote_videos('memory://bucket/videos') == [
        'memory:///bucket/videos/bad.mp4', 'memory:///bucket/videos/cat',
        'memory:///bucket/videos/cow']
    assert list_remote_videos('memory://bucket/videos/cat') == ['memory://bucket/videos/cat']
    assert list_remote_videos('memory://bucket/videos/bad.mp4') == [
        'memory://bucket/videos/bad.mp4']
    with pytest.raises(S2DInputError, match='found no video in memory://bucket/proposals'):
        list_remote_videos('memory://bucket/proposals')


def test_a_copy_has_the_time_of_what_it_is_of(storage, tmp_path):
    first, second = (fetch('memory://bucket/videos/cat', tmp_path / name) for name in 'ab')
    assert sorted(path.name for path in first.iterdir()) == [f'{index}.png' for index in range(6)]
    assert [path.stat().st_mtime_ns for path in sorted(first.iterdir())] == [
        path.stat().st_mtime_ns for path in sorted(second.iterdir())]


def test_keymasks_and_proposals(storage, tmp_path, monkeypatch, capsys):
    discover = ('discover_keymasks', ROOT / 'configs/motion/opencv_flow.py', '--videos',
                'memory://bucket/videos', '--proposals', 'memory://bucket/proposals', '--out',
                'memory://bucket/keymasks')
    code, said = run(monkeypatch, capsys, *discover)
    assert code == 2 and '2 of 3 videos have label files in memory://bucket/keymasks' in said
    assert 'failed: bad: memory:///bucket/proposals/bad.json' in said or 'bad.json' in said
    assert names(storage, '/bucket/keymasks') == {'cat.json', 'cow.json', 'bad.json'}
    labels = json.loads(storage.cat('/bucket/keymasks/cat.json'))
    assert labels['videos'][0]['file_names'] == [f'cat/{index}.png' for index in range(6)]
    assert json.loads(storage.cat('/bucket/keymasks/.failures/bad.json'))['reason']
    storage.rm('/bucket/videos/bad.mp4')
    before = storage.modified('/bucket/keymasks/cat.json')
    code, said = run(monkeypatch, capsys, *discover)
    assert code == 0 and '(2 from earlier runs)' in said
    storage.rm('/bucket/keymasks/cow.json')
    code, said = run(monkeypatch, capsys, *discover)
    assert code == 0 and '(1 from earlier runs)' in said
    assert storage.modified('/bucket/keymasks/cat.json') == before
    # as from files
    for name in LENGTHS:
        fetch(f'memory://bucket/videos/{name}', tmp_path / 'videos')
    code, _ = run(monkeypatch, capsys, 'discover_keymasks', discover[1], '--videos',
                  tmp_path / 'videos', '--proposals', tmp_path, '--out', tmp_path / 'keymasks')
    assert code == 0
    assert (tmp_path / 'keymasks/cat.json').read_bytes() == storage.cat(
        '/bucket/keymasks/cat.json')
    code, said = run(monkeypatch, capsys, 'propose_masks',
                     ROOT / 'configs/proposals/motion_color.py', '--videos',
                     'memory://bucket/videos/cat', '--out', tmp_path / 'made')
    assert code == 0 and (tmp_path / 'made/cat.json').is_file()


def test_results(storage, tmp_path, monkeypatch, capsys):
    model = write_model(tmp_path, extra="custom_imports = dict(imports=['bright_model'])\n")
    infer = ('infer_video', *model, 'memory://bucket/videos', '--out-dir', 'memory://bucket/out',
             '--device', 'cpu', '--save', 'json,png')
    code, said = run(monkeypatch, capsys, *infer)
    assert code == 2 and '2 instances in 2 of 3 videos (0 from earlier runs)' in said
    assert 'failed: bad: ' in said
    assert names(storage, '/bucket/out/cow') == {'results.json', '.done.json', '.made_by_s2d',
                                                 *(f'{index}.png' for index in range(5))}
    assert len(json.loads(storage.cat('/bucket/out/cat/results.json'))[0]['segmentations']) == 6
    storage.rm('/bucket/videos/bad.mp4')
    storage.rm('/bucket/out/cat/.done.json')
    code, said = run(monkeypatch, capsys, *infer)
    assert code == 0 and '1 instances in 1 of 2 videos (1 from earlier runs)' in said


def test_a_file_is_there_whole_or_not_at_all(storage, tmp_path, monkeypatch):
    (tmp_path / 'a.json').write_text('{}')
    folder = RemoteFolder('memory://bucket/made')

    def broken(self, source, target, **_):
        self.pipe_file(target, b'{')
        raise OSError('the line is gone')

    with monkeypatch.context() as patched:
        patched.setattr(type(storage), 'put_file', broken)
        with pytest.raises(S2DOutputError, match='cannot write memory://bucket/made/a.json: the'):
            folder.send(tmp_path / 'a.json', 'a.json')
    assert 'a.json' not in folder.names()
    folder.send(tmp_path / 'a.json', 'a.json')
    assert 'a.json' in folder.names()


@pytest.mark.parametrize(('url', 'message'), [
    ('memory://bucket/none', 'memory://bucket/none does not exist; correct the address'),
    ('nonsense://a', 'cannot read nonsense://a: Protocol not known: nonsense'),
    ('s3://bucket/videos', 's3://bucket/videos needs a package .*pip install s3fs')])
def test_addresses_that_are_not_there(storage, url, message):
    if url.startswith('s3') and importlib.util.find_spec('s3fs'):
        pytest.skip('s3fs is installed')
    with pytest.raises(S2DInputError, match=message):
        list_remote_videos(url)
