"""AP and AR of single frames: against pycocotools, by hand, and bad input."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from random_tracks import make

from s2d_plugins.errors import S2DInputError
from s2d_plugins.evaluation.frame_ap import evaluate_frames
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video

NAMES = ('AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100', 'ARs', 'ARm', 'ARl')
SIZE = (4, 10)


def strip(start, stop):
    mask = np.zeros(SIZE, bool)
    mask[:, start:stop] = True
    return encode_mask(mask)


def as_proposals(gt, results):
    """Frame masks of tracks, one file's content per video."""
    contents = []
    for video in gt['videos']:
        frames = [[dict(segmentation=track['segmentations'][index], score=track['score'])
                   for track in results if track['video_id'] == video['id']
                   and track['segmentations'][index]] for index in range(video['length'])]
        contents.append(dict(video=video['name'], frames=frames))
    return contents


def coco_statistics(gt, proposals):
    """The numbers of pycocotools with every frame as an image, categories ignored."""
    numbers, annotations, found = {}, [], []
    for video in gt['videos']:
        for frame in range(video['length']):
            numbers[video['id'], frame] = len(numbers) + 1
    for track in gt['annotations']:
        for frame, rle in enumerate(track['segmentations']):
            if rle is not None:
                annotations.append(dict(
                    id=len(annotations) + 1, image_id=numbers[track['video_id'], frame],
                    category_id=1, iscrowd=track['iscrowd'], area=track['areas'][frame],
                    bbox=[0, 0, 1, 1], segmentation=rle))
    for video, content in zip(gt['videos'], proposals, strict=True):
        for frame, masks in enumerate(content['frames']):
            found += [dict(image_id=numbers[video['id'], frame], category_id=1,
                           segmentation=mask['segmentation'], score=mask['score'])
                      for mask in masks]
    sizes = {video['id']: video for video in gt['videos']}
    coco = COCO()
    coco.dataset = dict(annotations=annotations, categories=[dict(id=1)], images=[
        dict(id=number, height=sizes[video]['height'], width=sizes[video]['width'])
        for (video, _), number in numbers.items()])
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(found), 'segm')
        for step in (evaluation.evaluate, evaluation.accumulate, evaluation.summarize):
            step()
    return dict(zip(NAMES, evaluation.stats.tolist(), strict=True))


def drop_empty(tracks):
    for track in tracks:
        track['segmentations'] = [rle if rle and coco_mask.area(rle) else None
                                  for rle in track['segmentations']]


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_agrees_with_pycocotools(seed):
    gt, results = make(seed, sizes=((12, 16), (60, 80), (120, 130)),
                       repeats=1 + 60 * (seed % 5 == 0))
    drop_empty(results)
    proposals = as_proposals(gt, results)
    if gt['annotations'] and any(masks for content in proposals for masks in content['frames']):
        expected = coco_statistics(gt, proposals)
        assert evaluate_frames(gt, proposals) == pytest.approx(expected, abs=1e-9)


@pytest.fixture
def gt():
    return make_labels([make_video(1, 'cat', SIZE, ['cat/0.jpg', 'cat/1.jpg'])],
                       [make_annotation(1, 1, [strip(0, 5), None])])


def content(*frames, video='cat'):
    return dict(video=video, frames=[[dict(segmentation=rle, score=0.5) for rle in frame]
                                     for frame in frames])


def test_each_frame_stands_for_itself(gt):
    assert evaluate_frames(gt, [content([strip(0, 5)], [])])['AP'] == pytest.approx(1)
    # a second mask of the same score in the frame without object: hit first, then a miss
    assert evaluate_frames(gt, [content([strip(0, 5)], [strip(0, 5)])])['AP'] == pytest.approx(1)
    gt['annotations'][0]['segmentations'] = [None, strip(0, 5)]
    assert evaluate_frames(gt, [content([strip(0, 5)], [strip(0, 5)])])['AP'] == pytest.approx(0.5)


@pytest.mark.parametrize(('proposals', 'message'), [
    ([], r"proposals, video 'cat' \(id 1\): 0 frames, expected 2"),
    ([content([], [], video='dog'), content([], [])], "video 'dog' is not in"),
    ([content([], [])] * 2, "video 'cat' occurs more than once; keep one file"),
    ([content([], [encode_mask(np.ones((2, 2)))])],
     r"'cat' \(id 1\), frame 1, mask 0: the mask is"),
    ([content([dict(size=list(SIZE), counts='~')], [])], 'mask 0: the mask does not decode'),
    ([dict(video='cat', frames=[[dict(segmentation=strip(0, 5), score=float('inf'))], []])],
     'frame 0, mask 0: score inf'),
    ([dict(video='cat', frames=[[dict(segmentation=strip(0, 5), score=None)], []])],
     'frame 0, mask 0 is not a mask of a proposals file: at score: expected float, got null'),
    ([dict(video='cat', frames=[[dict(score=1)], []])], 'missing required field segmentation'),
    ([dict(video=3, frames=[])], 'content 0 is not the content of a proposals file: at video'),
    ([dict(video='cat', frames=[3])], r'at frames\[0\]: expected array, got int'),
    ([None], 'content 0 is not the content of a proposals file: at its outermost value'),
])
def test_bad_proposals(gt, proposals, message):
    with pytest.raises(S2DInputError, match=message):
        evaluate_frames(gt, proposals)
    assert evaluate_frames(gt, proposals, lenient=True)['AP'] == 0


def test_bad_files(gt):
    gt['annotations'][0]['segmentations'] = [None]
    with pytest.raises(S2DInputError, match='annotation 1 has 1 segmentations, expected one per'):
        evaluate_frames(gt, [content([], [])])


@pytest.mark.parametrize('change', [
    dict.fromkeys(('iscrowd', 'bboxes', 'areas', 'length')), dict(areas=[None, 20]),
    dict(areas=[0, None]), dict(areas=[20]), dict(bboxes=[[0, 0, 0, 0], None]), dict(length=1)])
def test_nulls_and_placeholders_change_no_number(gt, change):
    proposals = [content([strip(0, 5)], [strip(0, 5)])]
    expected = evaluate_frames(gt, proposals)
    gt['annotations'][0].update(change)
    gt['categories'] = None
    assert evaluate_frames(gt, proposals) == expected


def test_videos_without_a_name_go_by_their_folder_or_id(gt):
    del gt['videos'][0]['name']
    assert evaluate_frames(gt, [content([strip(0, 5)], [])])['AP'] == pytest.approx(1)
    gt['videos'][0].update(file_names=['0.jpg', '1.jpg'])
    assert evaluate_frames(gt, [content([strip(0, 5)], [], video='1')])['AP'] == pytest.approx(1)


@pytest.mark.parametrize('count', [255, 256, 1000])
def test_any_number_of_masks(count):
    files = [f'cat/{frame}.jpg' for frame in range(count)]
    gt = make_labels([make_video(1, 'cat', SIZE, files)],
                     [make_annotation(1, 1, [strip(0, 5)] * count)])
    assert evaluate_frames(gt, [content(*[[strip(0, 5)]] * count)])['AP'] == pytest.approx(1)
    gt = make_labels([make_video(1, 'cat', SIZE, files[:1])],
                     [make_annotation(number, 1, [strip(0, 5)]) for number in range(count)])
    result = evaluate_frames(gt, [content([strip(0, 5)] * count)])
    assert result['AR100'] == pytest.approx(100 / count)


@pytest.mark.parametrize('named', [True, False])
def test_two_videos_of_one_name(named):
    videos = [make_video(number, 'cat', SIZE, ['cat/0.jpg']) for number in (1, 4)]
    if not named:
        for video in videos:
            del video['name']
    gt = make_labels(videos, [make_annotation(1, 1, [strip(0, 5)])])
    proposals = [dict(video='cat', frames=[[dict(segmentation=strip(0, 5), score=1.)]])]
    for lenient in (False, True):
        with pytest.raises(S2DInputError, match="the videos 1 and 4 are both named 'cat'"):
            evaluate_frames(gt, proposals, lenient=lenient)


def test_videos_without_name_are_found_by_their_folder():
    video = make_video(3, 'cat', SIZE, ['a/b/0.jpg'])
    del video['name']
    gt = make_labels([video], [make_annotation(1, 3, [strip(0, 5)])])
    frames = [[dict(segmentation=strip(0, 5), score=1.)]]
    assert evaluate_frames(gt, [dict(video='a/b', frames=frames)])['AP'] == pytest.approx(1)
