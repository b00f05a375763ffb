"""Names of models, cameras, patterns and iterators, and what is saved."""

import importlib.util
import json
import shutil
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from bright_model import red_squares, write_model

from s2d_plugins.apis import S2DInferencer, model_names
from s2d_plugins.apis.model_names import PUBLISHED_MODELS, configs_folder, find_model
from s2d_plugins.errors import S2DInputError, S2DOutputError
from s2d_plugins.outputs import read_npz
from s2d_plugins.video import Camera, SpooledVideo, open_video

TOOL = Path(__file__).parents[2] / 'tools/infer_video.py'


@pytest.fixture
def frames(tmp_path):
    folder = tmp_path / 'videos' / 'frames'
    folder.mkdir(parents=True)
    for index, frame in enumerate(red_squares()):
        cv2.imwrite(str(folder / f'{index}.png'), frame[..., ::-1])
    return folder


@pytest.fixture
def inferencer(tmp_path):
    return S2DInferencer(*write_model(tmp_path), device='cpu', score_thr=0.5)


def run(monkeypatch, *args):
    spec = importlib.util.spec_from_file_location('tool_infer', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, 'argv', ['infer_video', *map(str, args), '--device', 'cpu'])
    return module.run_tool(module.main)


class FakeCamera:
    """Gives the red squares in BGR, as OpenCV does."""

    left = 6

    def __init__(self, index):
        self.index, self.given = index, 0

    def isOpened(self):
        return self.index == 0

    def read(self):
        self.given += 1
        if self.given > self.left:
            return False, None
        return True, red_squares()[self.given - 1][..., ::-1]

    def release(self):
        FakeCamera.released = True


def test_iterators_patterns_and_cameras_are_as_files(tmp_path, frames, inferencer, monkeypatch):
    expected = inferencer(frames)
    assert inferencer(iter(red_squares())) == expected
    assert inferencer([frame for frame in [iter(red_squares())]]) == expected
    shutil.copytree(frames, tmp_path / 'videos/frames10')
    back = inferencer(str(tmp_path / 'videos/fr*'), tmp_path / 'out', save='json')
    assert [one['video_id'] for one in back] == [1, 2]
    assert {path.name for path in (tmp_path / 'out').iterdir()} == {'frames', 'frames10'}
    assert len(inferencer([tmp_path / 'videos', frames])) == 3
    monkeypatch.setattr(cv2, 'VideoCapture', FakeCamera)
    for camera in (0, 'camera:0', Camera(0, seconds=60)):
        assert inferencer(camera) == expected
    assert FakeCamera.released
    inferencer(0, tmp_path / 'cam', save=['coco', 'npz'])
    assert read_npz(tmp_path / 'cam/tracks.npz').name == 'camera_0'
    with pytest.raises(S2DInputError, match='camera 1 cannot be opened'):
        inferencer(1)
    monkeypatch.setattr(FakeCamera, 'left', 0)
    with pytest.raises(S2DInputError, match='camera 0 gives no picture'):
        inferencer(0)


def test_spooled_frames_are_read_in_any_order(monkeypatch):
    video = SpooledVideo(iter(red_squares()))
    assert len(video) == 6 and video.size == (40, 56)
    for index in (5, 0, 3, 3):
        assert (video[index] == red_squares()[index]).all()
    video[0][:] = 0
    assert video[0].any()
    monkeypatch.setattr(tempfile, 'TemporaryFile', lambda **_: (_ for _ in ()).throw(
        OSError(28, 'No space left on device')))
    with pytest.raises(S2DOutputError, match='cannot keep the frames of video .*TMPDIR'):
        SpooledVideo(iter(red_squares()))


def test_what_is_saved(tmp_path, frames, inferencer):
    inferencer(frames, tmp_path / 'out', save='overlay,png,json,coco,npz,labels',
               overlay=dict(side_by_side=True))
    assert {path.name for path in (tmp_path / 'out').iterdir()} == {
        'overlay.mp4', 'masks', 'results.json', 'coco.json', 'tracks.npz', 'labels.json',
        '.made_from.json'}
    assert open_video(tmp_path / 'out/overlay.mp4').size == (40, 112)
    drawn = inferencer(frames, return_vis=True, overlay=dict(alpha=0.0, contours=False, ids=False))
    assert (drawn['visualization'][0] == red_squares()).all()
    with pytest.raises(S2DInputError, match='save needs a folder'):
        inferencer(frames, save='png')
    with pytest.raises(S2DInputError, match="no format is named 'avi'"):
        inferencer(frames, tmp_path / 'out', save='avi')
    with pytest.raises(S2DInputError, match='expected overlay to be a dict of alpha, contours'):
        inferencer(frames, overlay=dict(colour=1))


def test_names_of_models(tmp_path, monkeypatch):
    monkeypatch.setenv('S2D_WEIGHTS', str(tmp_path / 'cache'))
    with pytest.raises(S2DInputError, match='fetch it by hand from .*s2d_zeroshot.pth') as caught:
        S2DInferencer('s2d_zeroshot')
    assert '\n' not in str(caught.value)
    for name, config in PUBLISHED_MODELS.items():
        assert find_model(name, 'a.pth')[:2] == (configs_folder() / config, 'a.pth')
        assert (configs_folder() / config).is_file()
    assert find_model('final_small', 'a.pth')[0] == configs_folder() / 'final/final_small.py'
    assert find_model('s2d_plugins::final/final_small.py', 'a.pth')[0].is_file()
    with pytest.raises(S2DInputError, match='no model is named best; expected the path'):
        find_model('best', 'a.pth')
    with pytest.raises(S2DInputError, match='final_small has no published weights; give its check'):
        S2DInferencer('final_small')
    with pytest.raises(S2DInputError, match='expected model to be a path'):
        S2DInferencer(3)


@pytest.fixture
def named(tmp_path, monkeypatch):
    """A published model that is there."""
    config, checkpoint = write_model(tmp_path)
    monkeypatch.setitem(PUBLISHED_MODELS, 'known', str(config))
    monkeypatch.setattr(model_names, 'get_weights', lambda name: checkpoint)
    return config, checkpoint


def test_the_tool_takes_models_in_three_ways(tmp_path, frames, named, monkeypatch, capsys):
    config, checkpoint = named
    for number, args in enumerate([(config, checkpoint, frames), ('known', frames),
                                   (frames, '--model', 'known'),
                                   (frames, '--model', config, '--weights', checkpoint)]):
        out = tmp_path / f'out{number}'
        assert run(monkeypatch, *args, '--out-dir', out, '--save', 'json') == 0
        assert len(json.loads((out / 'results.json').read_text())) == 1
    assert '1 instances; wrote' in capsys.readouterr().out
    with pytest.raises(SystemExit):
        run(monkeypatch, 'known', '--out-dir', tmp_path / 'out')
    assert 'found no video' in capsys.readouterr().err


def test_a_failing_video_does_not_stop_the_others(tmp_path, frames, named, monkeypatch, capsys):
    (tmp_path / 'broken.mp4').write_bytes(b'no video')
    out = tmp_path / 'out'
    assert run(monkeypatch, 'known', tmp_path / 'broken.mp4', frames, '--out-dir', out, '--save',
               'json,png') == 2
    captured = capsys.readouterr()
    assert '1 instances in 1 of 2 videos; wrote json, png of each' in captured.out
    assert 'failed: broken: ' in captured.err and '1 of 2 videos failed' in captured.err
    assert len(list((out / 'frames/masks').glob('*.png'))) == 6
    assert not (out / 'broken').exists()
    for args, message in ((('--save', 'avi'), "no format is named 'avi'"),
                          (('--encoder', 'x'), 'expected encoder to be one of')):
        assert run(monkeypatch, 'known', frames, '--out-dir', out, *args) == 2
        error = capsys.readouterr().err
        assert message in error and error.count('\n') == 1


def test_two_runs_into_one_folder(tmp_path, frames, named, monkeypatch, capsys, inferencer):
    from s2d_plugins.outputs import OutputPlan
    with OutputPlan.make(tmp_path / 'out', ['a'], True).lock():
        assert run(monkeypatch, 'known', frames, '--out-dir', tmp_path / 'out') == 2
        assert 'another run is writing to' in capsys.readouterr().err
        with pytest.raises(S2DInputError, match='another run is writing to'):
            inferencer(frames, tmp_path / 'out')
    assert np.all([not list((tmp_path / 'out').iterdir())])
