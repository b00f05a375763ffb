"""Pictures of what a test predicts."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.structures import InstanceData

from s2d_plugins.errors import S2DInputError
from s2d_plugins.hooks import TrackDrawingHook
from s2d_plugins.labels.rle import encode_mask

SIZE = (20, 30)
MASK = np.zeros(SIZE, bool)
MASK[5:15, 5:25] = True


def predicted(folder, with_rles: bool, score: float = 0.8) -> TrackDataSample:
    """One frame of a black video with one track, as a model gives it."""
    folder.mkdir(parents=True)
    path = folder / '00000.jpg'
    cv2.imwrite(str(path), np.zeros((*SIZE, 3), np.uint8))
    tracks = InstanceData(scores=torch.tensor([score]), instances_id=torch.tensor([3]))
    if with_rles:
        tracks.segmentations = [encode_mask(MASK)]
    else:
        tracks.masks = torch.from_numpy(MASK)[None]
    frame = DetDataSample(metainfo=dict(img_path=str(path)))
    frame.pred_track_instances = tracks
    sample = TrackDataSample()
    sample.video_data_samples = [frame]
    return sample


@pytest.mark.parametrize('with_rles', [True, False])
def test_a_folder_per_video_also_for_equal_names(tmp_path, with_rles):
    hook = TrackDrawingHook(str(tmp_path / 'out'))
    hook.after_test_iter(None, 0, outputs=[
        predicted(tmp_path / 'a/cat', with_rles), predicted(tmp_path / 'b/cat', with_rles)])
    for name in ('cat', 'cat_other'):
        drawn = cv2.imread(str(tmp_path / 'out' / name / '00000.png'))
        assert drawn[10, 10].any() and not drawn[1, 1].any()


def test_low_scores_are_left_out(tmp_path):
    hook = TrackDrawingHook(str(tmp_path / 'out'), score_thr=0.9)
    hook.after_test_iter(None, 0, outputs=[predicted(tmp_path / 'cat', True)])
    assert not cv2.imread(str(tmp_path / 'out/cat/00000.png')).any()


def test_a_window_gets_the_picture(tmp_path, monkeypatch):
    shown = []
    visualizer = SimpleNamespace(show=lambda *args: shown.append(args))
    monkeypatch.setattr('s2d_plugins.hooks.track_drawing_hook.Visualizer.get_current_instance',
                        lambda: visualizer)
    TrackDrawingHook(show=True, wait_time=0.5).after_test_iter(
        None, 0, outputs=[predicted(tmp_path / 'cat', True)])
    [(picture, name, seconds)] = shown
    assert picture.shape == (*SIZE, 3) and (name, seconds) == ('00000.jpg', 0.5)


def test_nothing_to_do_is_an_error():
    with pytest.raises(S2DInputError, match='expected out_dir or show=True, found neither'):
        TrackDrawingHook()
