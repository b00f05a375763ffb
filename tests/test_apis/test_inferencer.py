import importlib.util
import json
import os
import shutil
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
from s2d_plugins.labels.faults import find_faults
from s2d_plugins.labels.rle import decode_mask, encode_mask
from s2d_plugins.labels.youtube_vis import make_labels, make_video, read_labels
from s2d_plugins.models.window_inference import Tube
from s2d_plugins.video import open_video
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


@pytest.fixture
def inferencer(tmp_path):
    return S2DInferencer(*write_model(tmp_path), device='cpu', score_thr=0.5)


def found(results):
    """Return per result its video and the frames in which there is something."""
    return [(one['video_id'], len(one['segmentations'])) for one in results]


def test_frames_in_memory_are_as_those_of_files(frames, inferencer):
    expected = inferencer(frames)
    for given in (red_squares(), list(red_squares()), tuple(red_squares()), open_video(frames)):
        assert inferencer(given) == expected


def test_a_list_is_a_list_of_videos(tmp_path, frames, inferencer):
    given = [frames, red_squares(4), str(frames), list(red_squares(3))]
    calls = []
    results = inferencer(given, tmp_path / 'out', lambda *call: calls.append(call))
    assert found(results) == [(1, 6), (2, 4), (3, 6), (4, 3)]
    assert calls == [(6, 19), (10, 19), (16, 19), (19, 19)]
    names = ['frames_frames', 'video_2', 'frames_frames_2', 'video_4']
    assert {path.name for path in (tmp_path / 'out').iterdir()} == set(names)
    for name, result in zip(names, results, strict=True):
        assert json.loads((tmp_path / 'out' / name / 'results.json').read_text()) == [result]
        assert (tmp_path / 'out' / name / 'overlay.mp4').stat().st_size
    alone = inferencer([frames], tmp_path / 'one')  # in a folder of its own as any list
    assert alone == inferencer((frames,)) == inferencer(frames)
    assert (tmp_path / 'one/frames/results.json').exists()


def test_a_folder_of_videos(tmp_path, frames, inferencer):
    shutil.copytree(frames, tmp_path / 'videos/b10')
    shutil.copytree(frames, tmp_path / 'videos/b9')
    (tmp_path / 'videos/b9/5.png').unlink()
    assert found(inferencer(tmp_path / 'videos', tmp_path / 'out')) == [(1, 5), (2, 6)]
    assert len(json.loads((tmp_path / 'out/b9/results.json').read_text())) == 1
    with pytest.raises(S2DInputError, match='videos/b9 is the input'):
        inferencer(tmp_path / 'videos', tmp_path / 'videos')


def test_drawn_frames_come_back(frames, inferencer):
    back = inferencer([frames, red_squares(4, (20, 30))], return_vis=True)
    assert set(back) == {'predictions', 'visualization'}
    assert found(back['predictions']) == [(1, 6), (2, 4)]
    large, small = back['visualization']
    assert large.shape == (6, 40, 56, 3) and small.shape == (4, 20, 30, 3)
    assert large.dtype == np.uint8
    ground = np.zeros((40, 56), bool)
    ground[30:] = True
    assert (large[:, ground] == (0, 0, 200)).all()
    assert (large[0, 10, 4] != (255, 0, 0)).any()
    assert (red_squares()[0, 10, 4] == (255, 0, 0)).all()


@pytest.mark.parametrize(('given', 'message'), [
    ([], 'expected inputs to be a list of at least 1'),
    (3.5, 'expected inputs to be a video .*found 3.5'),
    (-1, 'expected index to be an integer of at least 0'),
    ('camera:x', 'expected index to be an integer'),
    ('none/*.mp4', 'nothing matches none/.*mp4; correct the pattern'),
    (iter([]), 'an iterator that gives nothing'),
    (iter([np.zeros((4, 5, 3), np.uint8), np.zeros((5, 5, 3), np.uint8)]),
     r'expected frame 1 to be .*of the size of the first, .4, 5.'),
    ('', "expected inputs to be a video .*found ''"),
    ('a\0.mp4', 'a.*mp4'),
    (['a.mp4', None], r'expected inputs\[1\] to be a video'),
    (iter(['a.mp4']), 'a.mp4: no such file'),
    (np.zeros((4, 5, 3), np.uint8), r'expected frames to be \(T, H, W, 3\).*found .uint8 \(4, 5'),
    (np.zeros((2, 3, 4, 5), np.uint8), r'found .uint8 \(2, 3, 4, 5'),
    (np.zeros((2, 4, 5, 3)), 'found .float64'),
    (np.zeros((0, 4, 5, 3), np.uint8), r'found .uint8 \(0, 4'),
    ([np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5), np.uint8)], r'frames\[1\] to be frames'),
    ([np.zeros((4, 5, 3), np.uint8), np.zeros((5, 5, 3), np.uint8)],
     r'frames\[1\] to be of the size of the first, \(4, 5\)'),
    (['none.mp4'], 'none.mp4: no such file'),
])
def test_inputs_that_are_no_videos(inferencer, given, message):
    with pytest.raises(S2DInputError, match=message):
        inferencer(given)


def test_a_bad_video_ends_the_call_at_its_start(tmp_path, frames, inferencer, monkeypatch):
    monkeypatch.setattr(inferencer, 'segmenter', None)
    with pytest.raises(S2DInputError, match='none.mp4: no such file'):
        inferencer([frames, tmp_path / 'none.mp4'])
    with pytest.raises(S2DInputError, match='expected return_vis to be True or False'):
        inferencer(frames, return_vis='yes')


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
    assert {path.name for path in out.iterdir()} == {
        'overlay.mp4', 'results.json', '.made_from.json'}
    assert run_tool(monkeypatch, 'infer_video', config, checkpoint, tmp_path / 'no.mp4',
                    '--out-dir', out) == 2
    assert 'no.mp4: no such file' in capsys.readouterr().err


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
    write_json(tmp_path / 'empty.json', dict(videos=[]))
    assert run_tool(monkeypatch, 'densify_labels', config, checkpoint, tmp_path / 'empty.json',
                    *args) == 2
    assert 'empty.json has no videos' in capsys.readouterr().err


def test_densify_names_a_missing_frame(tmp_path):
    segmenter = VideoSegmenter.from_files(*write_model(tmp_path))
    video = make_video(1, 'a', (40, 56), ['none.png'])
    with pytest.raises(S2DInputError, match='none.png'):
        densify_labels(segmenter, [video], tmp_path)


@pytest.fixture
def two_videos(tmp_path, frames):
    """Labels of two videos, the first of which lacks a frame."""
    names = [f'frames/{index}.png' for index in range(6)]
    videos = [make_video(4, 'bad', (40, 56), [*names, 'frames/6.png']),
              make_video(9, 'good', (40, 56), names)]
    write_json(tmp_path / 'keymasks.json', make_labels(videos, []))
    return tmp_path


def densify(monkeypatch, folder, *args, out='dense.json'):
    config, checkpoint = write_model(folder)
    return run_tool(monkeypatch, 'densify_labels', config, checkpoint, folder / 'keymasks.json',
                    '--data-root', folder, '--out', folder / out, '--device', 'cpu', *args)


def test_densify_leaves_a_bad_video_out(two_videos, monkeypatch, capsys):
    assert densify(monkeypatch, two_videos) == 2
    captured = capsys.readouterr()
    assert 'failed: bad: ' in captured.err and '6.png' in captured.err
    assert '1 of 2 videos failed' in captured.err and '1 instances in 1 videos' in captured.out
    dense = json.loads((two_videos / 'dense.json').read_text())
    assert [video['id'] for video in dense['videos']] == [9]
    assert [(one['id'], one['video_id']) for one in dense['annotations']] == [(1, 9)]


def test_densify_writes_nothing_without_any_video(two_videos, monkeypatch, capsys):
    for file in (two_videos / 'frames').iterdir():
        file.unlink()
    assert densify(monkeypatch, two_videos) == 2
    assert 'none of the 2 videos' in capsys.readouterr().err
    assert not (two_videos / 'dense.json').exists()


@pytest.mark.parametrize('out', ['keymasks.json', 'model.pth', 'model.py', 'frames/0.png'])
def test_densify_spares_its_inputs(two_videos, monkeypatch, capsys, out):
    config, checkpoint = write_model(two_videos)
    before = {path: path.read_bytes() for path in two_videos.rglob('*.*')}
    assert densify(monkeypatch, two_videos, out=out) == 2
    assert 'would be written over' in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in two_videos.rglob('*.*')}


def test_infer_spares_its_inputs(tmp_path, frames, monkeypatch, capsys):
    from s2d_plugins.visualization import VideoWriter
    config, checkpoint = write_model(tmp_path)
    video = tmp_path / 'out' / 'overlay.mp4'
    with VideoWriter(video, (16, 16), 5) as writer:
        for _ in range(5):
            writer.write(np.zeros((16, 16, 3), np.uint8))
    before = video.read_bytes()
    for given, out in ((video, 'out'), (frames, 'frames')):
        assert run_tool(monkeypatch, 'infer_video', config, checkpoint, given, '--out-dir',
                        tmp_path / out) == 2
        assert 'error: ' in capsys.readouterr().err
        with pytest.raises(S2DInputError, match='would be written over|is the input'):
            S2DInferencer(config, checkpoint, 'cpu')(given, tmp_path / out)
    assert video.read_bytes() == before and len(list(frames.iterdir())) == 6
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['overlay.mp4']


@pytest.mark.parametrize('name', ['infer_video', 'densify_labels'])
def test_settings_out_of_range_end_at_the_start(tmp_path, monkeypatch, capsys, name):
    out = ('--out-dir', 'out') if name == 'infer_video' else ('--data-root', '.', '--out', 'x')
    assert run_tool(monkeypatch, name, 'none.py', 'none.pth', 'none.mp4', *out, '--score-thr',
                    '2') == 2
    assert capsys.readouterr().err == (
        'error: --score-thr: expected a number from 0 to 1, found 2.0\n')


def test_the_cpu_is_the_cpu(tmp_path, frames, monkeypatch):
    """On a machine with a GPU as well, and without a word to the environment."""
    import torch
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '3')
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    inferencer = S2DInferencer(*write_model(tmp_path), device='cpu')
    assert next(inferencer.segmenter.model.parameters()).device.type == 'cpu'
    assert len(inferencer(frames)) == 2
    assert os.environ['CUDA_VISIBLE_DEVICES'] == '3'


class FakeSegmenter:
    """Finds ``count`` tubes, each of which is the whole of every frame."""

    def __init__(self, count=1):
        self.count = count

    def segment(self, frames, progress=None, journal=None):
        rle = encode_mask(np.ones(frames[0].shape[:2], bool))
        return [Tube(0.9, [rle] * len(frames)) for _ in range(self.count)]


def test_densify_takes_official_files(tmp_path, frames):
    """No name, no categories, annotations of length 1, frames in folders."""
    video = dict(id=2**63, height=40, width=56, file_names=['frames/0.png', 'frames/1.png'])
    write_json(tmp_path / 'a.json', dict(videos=[video], annotations=[dict(
        id=1, video_id=2**63, category_id=40, length=1, iscrowd=None, segmentations=[None, None])]))
    videos = read_labels(tmp_path / 'a.json')['videos']
    labels = densify_labels(FakeSegmenter(), videos, tmp_path)
    assert list(find_faults(labels, tmp_path)) == []
    assert labels['videos'] == [video] and len(labels['annotations']) == 1


@pytest.mark.parametrize('name', ['../frames/0.png', '/etc/passwd', 'C:0.png', 'a/../../0.png'])
def test_densify_reads_nothing_outside(tmp_path, frames, name):
    video = dict(id=1, name='a', height=40, width=56, file_names=[name])
    with pytest.raises(S2DInputError, match=r"video 'a' \(id 1\) names the file .*inside its"):
        densify_labels(FakeSegmenter(), [video], tmp_path / 'frames')


def test_densify_needs_frames_of_the_size_of_the_labels(tmp_path, frames):
    video = make_video(1, 'a', (56, 40), ['frames/0.png'])
    with pytest.raises(S2DInputError, match='0.png is 40 x 56 .*, the labels say 56 x 40; give'):
        densify_labels(FakeSegmenter(), [video], tmp_path)


@pytest.mark.parametrize('count', [255, 256, 1000])
def test_densify_any_number_of_masks(tmp_path, frames, count):
    videos = [make_video(1, 'a', (40, 56), ['frames/0.png'] * count)]
    labels = densify_labels(FakeSegmenter(), videos, tmp_path)
    assert labels['annotations'][0]['areas'] == [40 * 56] * count
    labels = densify_labels(FakeSegmenter(count), [make_video(1, 'a', (40, 56), ['frames/0.png'])],
                            tmp_path)
    assert [one['areas'] for one in labels['annotations']] == [[40 * 56]] * count
    assert list(find_faults(labels)) == []
