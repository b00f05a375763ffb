"""Every output is read again by the program that it is for, and compared."""

import json
import sys

import numpy as np
import pytest
from mmdet.datasets import BaseVideoDataset
from PIL import Image
from pycocotools.coco import COCO

from s2d_plugins.datasets import KeymaskDataset
from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.indexed_png import davis_palette
from s2d_plugins.labels.rle import decode_mask
from s2d_plugins.outputs import (
    FORMATS,
    VideoTracks,
    read_npz,
    save_tracks,
    saved_files,
    to_detections,
)
from s2d_plugins.outputs.id_images import write_id_images
from s2d_plugins.video import open_video


def same_masks(segmentations, expected):
    for rle, mask in zip(segmentations, expected, strict=True):
        assert (rle is None) == (not mask.any())
        assert rle is None or (decode_mask(rle) == mask).all()


def test_each_format_lies_where_it_is_said(tmp_path, tracks):
    places = save_tracks(tmp_path / 'out', tracks, list(FORMATS))
    assert places == saved_files(tmp_path / 'out')
    assert all(place.exists() for place in places.values())
    assert {path.name for path in (tmp_path / 'out').iterdir()} == {
        place.name for place in places.values()}


def test_overlay_plays_as_long_as_its_source(tmp_path, tracks):
    save_tracks(tmp_path, tracks, ['overlay'])
    back = open_video(tmp_path / 'overlay.mp4')
    assert len(back) == 4 and back.size == (40, 56)
    np.testing.assert_allclose(back.times, tracks.times, atol=0.003)


def test_pngs_are_davis_and_say_who_owns_a_pixel(tmp_path, tracks, masks):
    save_tracks(tmp_path, tracks, ['png'])
    names = sorted(path.name for path in (tmp_path / 'masks').glob('*.png'))
    assert names == ['f0.png', 'f1.png', 'f2.png', 'f3.png']
    for frame, name in enumerate(names):
        with Image.open(tmp_path / 'masks' / name) as image:
            assert image.mode == 'P'
            assert np.array(image.getpalette()[:9]).tolist() == davis_palette()[:3].ravel().tolist()
            ids = np.array(image)
        expected = np.where(masks[0, frame], 1, np.where(masks[1, frame], 2, 0))
        assert (ids == expected).all()  # the first has the better score


def test_pngs_hold_the_best_254(tmp_path, tracks, caplog):
    one = tracks.tracks[0]
    many = [dict(one, score=0.001 * number) for number in range(300)]
    write_id_images(tmp_path / 'masks', VideoTracks(**{**vars(tracks), 'tracks': many}))
    with Image.open(tmp_path / 'masks/f0.png') as image:
        assert np.array(image).max() == 254


def test_results_and_labels_are_youtube_vis(tmp_path, tracks, results, masks):
    save_tracks(tmp_path, tracks, ['json', 'labels'])
    assert json.loads((tmp_path / 'results.json').read_text()) == results
    data = KeymaskDataset(ann_file=str(tmp_path / 'labels.json'), min_frames=1,
                          data_prefix=dict(img_path=str(tmp_path / 'data')), pipeline=[])
    video = data.get_data_info(0)
    assert video['video_name'] == 'cat' and video['video_length'] == 4
    for frame, image in enumerate(video['images']):
        assert {one['instance_id'] for one in image['instances']} == (
            {1} if frame == 2 else {1, 2})
        for one in image['instances']:
            assert (decode_mask(one['mask']) == masks[one['instance_id'] - 1, frame]).all()


def test_coco_is_read_by_pycocotools_and_mmdet(tmp_path, tracks, masks):
    save_tracks(tmp_path, tracks, ['coco'])
    coco = COCO(str(tmp_path / 'coco.json'))
    assert len(coco.imgs) == 4 and len(coco.anns) == 7
    for one in coco.anns.values():
        frame = coco.imgs[one['image_id']]['frame_id']
        mask = masks[one['instance_id'] - 1, frame]
        assert (coco.annToMask(one) == mask).all() and one['area'] == mask.sum()
    data = BaseVideoDataset(ann_file=str(tmp_path / 'coco.json'), metainfo=dict(
        classes=('object',)), data_prefix=dict(img_path=str(tmp_path / 'data')), pipeline=[])
    video = data.get_data_info(0)
    assert video['video_length'] == 4
    for frame, image in enumerate(video['images']):
        assert image['img_path'] == str(tmp_path / f'data/cat/f{frame}.png')
        for one in image['instances']:
            rows, columns = np.nonzero(masks[one['instance_id'] - 1, frame])
            assert one['bbox'] == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert (decode_mask(one['mask']) == masks[one['instance_id'] - 1, frame]).all()


def test_npz_comes_back(tmp_path, tracks, masks):
    save_tracks(tmp_path, tracks, ['npz'])
    back = read_npz(tmp_path / 'tracks.npz')
    assert (back.name, back.size, back.fps, back.video_id) == ('cat', (40, 56), 24, 1)
    assert list(back.frame_names) == list(tracks.frame_names)
    np.testing.assert_allclose(back.times, tracks.times)
    for track, expected in zip(back.tracks, masks, strict=True):
        same_masks(track['segmentations'], expected)
    with np.load(tmp_path / 'tracks.npz', allow_pickle=False) as arrays:
        assert (arrays['areas'] == masks.sum(axis=(2, 3))).all()
        assert arrays['boxes'][0, 1].tolist() == [4, 8, 20, 24]
        assert np.isnan(arrays['boxes'][1, 2]).all()
        assert arrays['scores'].tolist() == pytest.approx([0.9, 0.4])


def test_nothing_found_is_written_too(tmp_path, video):
    nothing = VideoTracks.of(video, [])
    places = save_tracks(tmp_path, nothing, list(FORMATS))
    assert read_npz(places['npz']).tracks == []
    assert json.loads(places['coco'].read_text())['annotations'] == []
    assert json.loads(places['labels'].read_text())['annotations'] == []


@pytest.mark.parametrize('content', [b'', b'no zip', b'PK\x03\x04'])
def test_what_is_no_npz(tmp_path, content):
    (tmp_path / 'a.npz').write_bytes(content)
    with pytest.raises(S2DInputError, match='a.npz is no .npz of tracks'):
        read_npz(tmp_path / 'a.npz')


def test_an_npz_that_lacks_something(tmp_path):
    np.savez(tmp_path / 'a.npz', scores=np.zeros(1))
    with pytest.raises(S2DInputError, match="no .npz of tracks .no 'rle_ends'"):
        read_npz(tmp_path / 'a.npz')
    with pytest.raises(S2DInputError, match='none.npz'):
        read_npz(tmp_path / 'none.npz')


def test_supervision_takes_the_detections(tracks, masks):
    supervision = pytest.importorskip('supervision')
    trace, outline = supervision.TraceAnnotator(), supervision.MaskAnnotator()
    smooth = supervision.DetectionsSmoother()
    for frame in range(4):
        found = to_detections(tracks, frame)
        seen = [number for number in (1, 2) if masks[number - 1, frame].any()]
        assert found.tracker_id.tolist() == seen and found.class_id.tolist() == [0] * len(seen)
        assert (np.asarray(found.mask) == masks[[number - 1 for number in seen], frame]).all()
        assert found.confidence.tolist() == pytest.approx([0.9, 0.4][:len(seen)])
        rows, columns = np.nonzero(masks[0, frame])
        assert found.xyxy[0].tolist() == [columns.min(), rows.min(), columns.max() + 1,
                                          rows.max() + 1]
        assert found['class_name'].tolist() == ['object'] * len(seen)
        scene = outline.annotate(np.zeros((40, 56, 3), np.uint8), found)
        assert scene[12, 4 * frame + 4].any() and not scene[2, 2].any()
        assert trace.annotate(scene, found).shape == (40, 56, 3)
        assert len(smooth.update_with_detections(found)) >= len(seen)
    with pytest.raises(S2DInputError, match='cat has 4 frames, found frame 4'):
        to_detections(tracks, 4)
    assert len(to_detections(VideoTracks(**{**vars(tracks), 'tracks': []}), 0)) == 0


def test_without_supervision(tracks, monkeypatch):
    monkeypatch.setitem(sys.modules, 'supervision', None)
    with pytest.raises(S2DInputError, match='need the package supervision, .*pip install'):
        to_detections(tracks, 0)
