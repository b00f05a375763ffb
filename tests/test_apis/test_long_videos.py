"""Long videos that are interrupted go on, and what is finished is kept."""

import importlib.util
import json
import os
import sys
from pathlib import Path

import cv2
import pytest
from bright_model import red_squares, write_model

from s2d_plugins.apis import journal as journal_module
from s2d_plugins.apis.dense_parts import list_parts, make_part, model_stamp
from s2d_plugins.apis.inferencer import S2DInferencer
from s2d_plugins.apis.segmenter import VideoSegmenter
from s2d_plugins.labels.youtube_vis import make_video

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def save_every_window(monkeypatch):
    monkeypatch.setattr(journal_module, 'SECONDS', 0.0)


@pytest.fixture
def frames(tmp_path):
    folder = tmp_path / 'videos/first'
    folder.mkdir(parents=True)
    for index, frame in enumerate(red_squares(10)):
        cv2.imwrite(str(folder / f'{index}.png'), frame[..., ::-1])
    return folder


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path, extra="custom_imports = dict(imports=['bright_model'])\n")


def stop_after(segmenter, monkeypatch, windows):
    """Have Ctrl-C come in a later window."""
    whole = segmenter.model.segment_window

    def segment_window(inputs):
        if len(segmenter.model.seen) == windows:
            raise KeyboardInterrupt
        return whole(inputs)

    monkeypatch.setattr(segmenter.model, 'segment_window', segment_window)


SETTINGS = dict(window=4, overlap=1, score_thr=0.5)  # windows at 0, 3, 6


def test_an_interrupted_video_goes_on(tmp_path, frames, model, monkeypatch):
    expected = S2DInferencer(*model, **SETTINGS)(frames)
    stopped = S2DInferencer(*model, **SETTINGS)
    stop_after(stopped.segmenter, monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        stopped(frames, tmp_path / 'out', save='json')
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['.s2d-journal']
    inferencer, calls = S2DInferencer(*model, **SETTINGS), []
    assert inferencer(frames, tmp_path / 'out', lambda *call: calls.append(call),
                      save='json') == expected
    assert len(inferencer.segmenter.model.seen) == 1 and calls == [(10, 10)]
    assert {path.name for path in (tmp_path / 'out').iterdir()} == {
        'results.json', '.made_from.json'}
    assert json.loads((tmp_path / 'out/results.json').read_text()) == expected


@pytest.mark.parametrize('changed', ['score', 'weights', 'frames'])
def test_what_has_changed_is_begun_again(tmp_path, frames, model, monkeypatch, changed):
    stopped = S2DInferencer(*model, **SETTINGS)
    stop_after(stopped.segmenter, monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        stopped(frames, tmp_path / 'out', save='json')
    settings = dict(SETTINGS)
    if changed == 'score':
        settings['score_thr'] = 0.4
    elif changed == 'weights':
        model[1].write_bytes(model[1].read_bytes() + b' ')
    else:
        os.utime(frames / '3.png', ns=(1, 1))
    inferencer = S2DInferencer(*model, **settings)
    inferencer(frames, tmp_path / 'out', save='json')
    assert len(inferencer.segmenter.model.seen) == 3


def run_tool(monkeypatch, *argv):
    spec = importlib.util.spec_from_file_location('infer_video', ROOT / 'tools/infer_video.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, 'argv', ['infer_video', *map(str, argv)])
    return module.run_tool(module.main)


def test_finished_videos_are_kept(tmp_path, frames, model, monkeypatch, capsys):
    second = frames.with_name('second')
    second.mkdir()
    for index, frame in enumerate(red_squares(3)):
        cv2.imwrite(str(second / f'{index}.png'), frame[..., ::-1])
    out = tmp_path / 'out'
    argv = (*model, frames.parent, '--out-dir', out, '--device', 'cpu', '--window', 4, '--save')
    assert run_tool(monkeypatch, *argv, 'json') == 0
    first = out / 'first/results.json'
    made = first.stat().st_mtime_ns
    assert run_tool(monkeypatch, *argv, 'json') == 0
    assert '2 of 2 videos were done before; --overwrite makes them again' in (
        capsys.readouterr().out)
    assert first.stat().st_mtime_ns == made
    (out / 'second/results.json').unlink()
    assert run_tool(monkeypatch, *argv, 'json') == 0
    said = capsys.readouterr().out
    assert '1 of 2 videos were done before' in said and 'in 1 of 2 videos' in said
    assert (out / 'second/results.json').is_file() and first.stat().st_mtime_ns == made
    assert run_tool(monkeypatch, *argv, 'json,npz') == 0  # another format is not there yet
    assert (out / 'first/tracks.npz').is_file()
    made = first.stat().st_mtime_ns
    assert run_tool(monkeypatch, *argv, 'json,npz', '--overwrite') == 0
    assert first.stat().st_mtime_ns > made


@pytest.mark.parametrize('window', ['x', '4.5', ''])
def test_no_window(tmp_path, frames, model, monkeypatch, capsys, window):
    with pytest.raises(SystemExit) as ended:
        run_tool(monkeypatch, *model, frames, '--out-dir', tmp_path / 'out', '--window', window)
    assert ended.value.code == 2
    assert f'--window: expected a number of frames, all or auto, found {window}' in (
        capsys.readouterr().err)


def test_dense_labels_of_an_interrupted_video_go_on(tmp_path, frames, model, monkeypatch):
    video = make_video(1, 'first', (40, 56), [f'first/{index}.png' for index in range(10)])
    part, = list_parts([video], tmp_path / 'parts')
    segmenter = VideoSegmenter.from_files(*model, **SETTINGS)
    stamp = model_stamp({}, model[1], segmenter)
    stop_after(segmenter, monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt):
        make_part(segmenter, part, frames.parent, stamp)
    assert [path.name for path in part.path.parent.iterdir()] == ['.first.journal']
    segmenter = VideoSegmenter.from_files(*model, **SETTINGS)
    make_part(segmenter, part, frames.parent, stamp)
    assert len(segmenter.model.seen) == 2
    assert [path.name for path in part.path.parent.iterdir()] == ['first.json']
    annotation, = json.loads(part.path.read_text())['annotations']
    assert all(annotation['segmentations'])
