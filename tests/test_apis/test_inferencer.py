import importlib.util
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from bright_model import red_squares, write_model

from s2d_plugins.apis import S2DInferencer, densify_labels
from s2d_plugins.apis.segmenter import VideoSegmenter
from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.rle import decode_mask
from s2d_plugins.labels.youtube_vis import make_labels, make_video
from s2d_plugins.video.lazy_frames import LazyFrames

TOOLS = Path(__file__).parents[2] / 'tools'


@pytest.fixture
def frames(tmp_path):
    """A folder of frames."""
    folder = tmp_path / 'frames'
    folder.mkdir()
    for index, frame in enumerate(red_squares()):
        cv2.imwrite(str(folder / f'{index}.png'), frame[..., ::-1])
    return folder


def run_tool(monkeypatch, name, *args):
    spec = importlib.util.spec_from_file_location(f'tool_{name}', TOOLS / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, 'argv', [name, *map(str, args)])
    return module.run_tool(module.main)


def test_results_and_files(tmp_path, frames):
    inferencer = S2DInferencer(*write_model(tmp_path), device='cpu', score_thr=0.5)
    calls = []
    result, = inferencer(frames, tmp_path / 'out', lambda *call: calls.append(call))
    assert calls == [(6, 6)] and result['video_id'] == 1 and result['category_id'] == 1
    for frame, rle in zip(red_squares(), result['segmentations'], strict=True):
        assert np.abs(decode_mask(rle).astype(int) - (frame[..., 0] > 140)).sum() <= 30
    assert json.loads((tmp_path / 'out/results.json').read_text()) == [result]
    capture = cv2.VideoCapture(str(tmp_path / 'out/overlay.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 6


def test_settings_of_the_config_hold_unless_others_are_given(tmp_path, frames):
    files = write_model(tmp_path, extra='inference = dict(score_thr=0.5)')
    assert len(S2DInferencer(*files)(frames)) == 1
    assert len(S2DInferencer(*files, score_thr=0.0)(frames)) == 2


def test_shot():
    shot = LazyFrames.of(np.arange(10), 3, 6)
    assert len(shot) == 3 and [shot[0], shot[2]] == [3, 5]
    with pytest.raises(IndexError, match='frame 3 of a stretch of 3 frames'):
        shot[3]
    with pytest.raises(S2DInputError, match='found frames 4 to 4'):
        LazyFrames.of(np.arange(10), 4, 4)


def test_infer_video_tool(tmp_path, frames, monkeypatch, capsys):
    config, checkpoint = write_model(tmp_path)
    out = tmp_path / 'out'
    assert run_tool(monkeypatch, 'infer_video', config, checkpoint, frames, '--out-dir', out,
                    '--window', 4) == 0
    assert '1 instances; wrote' in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {'overlay.mp4', 'results.json'}
    assert run_tool(monkeypatch, 'infer_video', config, checkpoint, tmp_path / 'no.mp4',
                    '--out-dir', out) == 2
    assert 'no.mp4 does not exist' in capsys.readouterr().err


def test_densify_tool(tmp_path, frames, monkeypatch, capsys):
    config, checkpoint = write_model(tmp_path)
    names = [f'frames/{index}.png' for index in range(6)]
    videos = [make_video(4, 'a', (40, 56), names), make_video(9, 'b', (40, 56), names[:3])]
    write_json(tmp_path / 'keymasks.json', make_labels(videos, []))
    args = ('--data-root', tmp_path, '--out', tmp_path / 'dense.json', '--device', 'cpu')
    assert run_tool(monkeypatch, 'densify_labels', config, checkpoint, tmp_path / 'keymasks.json',
                    *args) == 0
    assert '2 instances in 2 videos' in capsys.readouterr().out
    dense = json.loads((tmp_path / 'dense.json').read_text())
    assert dense['videos'] == videos
    assert [(one['id'], one['video_id'], one['length']) for one in dense['annotations']] == [
        (1, 4, 6), (2, 9, 3)]
    assert dense['annotations'][0]['score'] == pytest.approx(0.9)
    write_json(tmp_path / 'empty.json', {})
    assert run_tool(monkeypatch, 'densify_labels', config, checkpoint, tmp_path / 'empty.json',
                    *args) == 2
    assert 'empty.json has no videos' in capsys.readouterr().err


def test_densify_names_a_missing_frame(tmp_path):
    segmenter = VideoSegmenter.from_files(*write_model(tmp_path))
    video = make_video(1, 'a', (40, 56), ['none.png'])
    with pytest.raises(S2DInputError, match='none.png'):
        densify_labels(segmenter, [video], tmp_path)
