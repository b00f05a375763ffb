"""Video AP and AR: by hand, against a plain implementation, and every bad input."""

import contextlib
import copy
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.evaluation.metrics.youtube_vis_metric import YTVIS, YTVISeval
from random_tracks import make
from reference_average_precision import dense, reference

from s2d_plugins.errors import S2DInputError
from s2d_plugins.evaluation.tube_ap import evaluate_vis
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video

NAMES = ('AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100', 'ARs', 'ARm', 'ARl')
SIZE = (4, 10)


def strip(start, stop):
    mask = np.zeros(SIZE, bool)
    mask[:, start:stop] = True
    return encode_mask(mask)


def labels(*tubes, **extra):
    length = len(tubes[0])
    return make_labels([make_video(1, 'cat', SIZE, [f'cat/{i}.jpg' for i in range(length)])],
                       [{**make_annotation(index, 1, list(masks)), **extra}
                        for index, masks in enumerate(tubes, 1)])


def track(*masks, score=0.5, **extra):
    return {'video_id': 1, 'score': score, 'category_id': 1, 'segmentations': list(masks), **extra}


def test_tube_iou_counts_all_frames():
    gt = labels([strip(0, 5), strip(0, 5)])
    # common 20 of 60 pixels: frame 0 agrees, frame 1 not at all
    assert evaluate_vis(gt, [track(strip(0, 5), strip(5, 10))])['AP50'] == 0
    # common 40 of 44 pixels, 0.909: above nine of the ten thresholds
    result = evaluate_vis(gt, [track(strip(0, 5), strip(0, 6))])
    assert (result['AP'], result['AR1']) == (pytest.approx(0.9), pytest.approx(0.9))
    assert result['AP75'] == pytest.approx(1)


def test_precision_falls_with_a_false_track_before_the_second_hit():
    gt = labels([strip(0, 3)], [strip(6, 10)])
    results = [track(strip(0, 3), score=0.9), track(strip(3, 6), score=0.8),
               track(strip(6, 10), score=0.7)]
    result = evaluate_vis(gt, results)
    # precision 1 up to recall 0.5 (51 of 101 points), then 2/3
    assert result['AP'] == pytest.approx((51 + 50 * 2 / 3) / 101)
    assert (result['AR1'], result['AR10']) == (0.5, 1)


def test_sizes_go_by_the_mean_area_over_frames_with_a_mask():
    size = (200, 300)
    mask = np.zeros(size, bool)
    mask[:, :150] = True  # 30,000 pixels: medium lies between 128 and 256 squared
    rle = encode_mask(mask)
    gt = make_labels([make_video(1, 'cat', size, ['0', '1'])],
                     [make_annotation(1, 1, [rle, None])])
    result = evaluate_vis(gt, [track(rle, None)])
    assert (result['APs'], result['APl']) == (-1, -1)
    assert result['APm'] == pytest.approx(1)
    # the areas that a file states come first, as in the official evaluation
    gt['annotations'][0]['areas'] = [70000, None]
    assert evaluate_vis(gt, [track(rle, None)])['APl'] == pytest.approx(1)


def test_crowd_is_ignored_and_takes_any_number_of_tracks():
    gt = labels([strip(0, 5)], iscrowd=1)
    gt['annotations'].append({**make_annotation(2, 1, [strip(6, 10)])})
    results = [track(strip(0, 5), score=0.9), track(strip(0, 5), score=0.8),
               track(strip(6, 10), score=0.7)]
    assert evaluate_vis(gt, results)['AP'] == pytest.approx(1)


def test_categories_do_not_matter_and_id_zero_counts():
    gt = labels([strip(0, 5)])
    gt['annotations'][0].update(category_id=40, id=0)
    assert evaluate_vis(gt, [track(strip(0, 5), category_id=3)])['AP'] == pytest.approx(1)


def test_polygons_and_uncompressed_runs_in_the_ground_truth():
    gt = labels([strip(0, 5)])
    for segmentation in ([[0, 0, 5, 0, 5, 4, 0, 4]], dict(size=list(SIZE), counts=[0, 20, 20])):
        gt['annotations'][0]['segmentations'] = [segmentation]
        assert evaluate_vis(gt, [track(strip(0, 5))])['AP'] == pytest.approx(1)


def test_nothing_to_find_and_nothing_found():
    empty = make_labels([make_video(1, 'cat', SIZE, ['0'])], [])
    assert set(evaluate_vis(empty, [track(strip(0, 5))]).values()) == {-1}
    assert evaluate_vis(labels([strip(0, 5)]), [])['AR100'] == 0


def test_only_the_100_best_of_a_video_count():
    gt = labels([strip(0, 5)])
    wrong = [track(strip(6, 10), score=0.9)] * 100
    assert evaluate_vis(gt, [*wrong, track(strip(0, 5), score=0.8)])['AR100'] == 0
    assert evaluate_vis(gt, [*wrong[:99], track(strip(0, 5), score=0.8)])['AR100'] == 1


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_agrees_with_a_plain_implementation(seed):
    gt, results = make(seed, sizes=((12, 16), (130, 140)), repeats=1 + 60 * (seed % 5 == 0))
    groups = []
    for video in gt['videos']:
        size = (video['height'], video['width'])
        groups.append((
            [(entry['score'], dense(entry['segmentations'], size)) for entry in results
             if entry['video_id'] == video['id']],
            [(dense(entry['segmentations'], size), entry['iscrowd'])
             for entry in gt['annotations'] if entry['video_id'] == video['id']]))
    assert evaluate_vis(gt, results) == pytest.approx(reference(groups, (128**2, 256**2)),
                                                      abs=1e-9)


@pytest.mark.parametrize('seed', [0, 1, 2, 5, 8])
def test_agrees_with_the_official_evaluation(seed):
    # mmdet ships YouTube-VIS' own evaluation
    gt, results = make(seed, repeats=1 + 60 * (seed % 5 == 0))
    official = copy.deepcopy(gt)
    for entry in official['annotations']:
        entry.update(category_id=1, areas=[area or None for area in entry['areas']],
                     bboxes=[rle and [0, 0, 1, 1] for rle in entry['segmentations']])
    with contextlib.redirect_stdout(io.StringIO()):
        videos = YTVIS(official)
        evaluation = YTVISeval(videos, videos.loadRes(copy.deepcopy(results)), 'segm')
        evaluation.params.vidIds = videos.getVidIds()
        for step in (evaluation.evaluate, evaluation.accumulate, evaluation.summarize):
            step()
    expected = dict(zip(NAMES, evaluation.stats.tolist(), strict=True))
    assert evaluate_vis(gt, results) == pytest.approx(expected, abs=1e-9)


GOOD = track(strip(0, 5), strip(0, 5), id=1)


@pytest.mark.parametrize(('bad', 'message'), [
    ({'video_id': 7}, r'r\.json, track 1: video 7 is not in the ground truth'),
    ({'segmentations': [strip(0, 5)]}, r"track 1, video 'cat' \(id 1\): expected segmentations "
                                       'for 2 frames, found 1'),
    ({'segmentations': None}, 'track 1 is not a track of a results file: at segmentations: expec'),
    ({'segmentations': [None, encode_mask(np.ones((3, 4)))]},
     r"video 'cat' \(id 1\), frame 1: the mask is 3 x 4 .*, expected 4 x 10"),
    ({'segmentations': [None, dict(size=[4, 10], counts='~~')]}, '1: the mask does not decode'),
    ({'segmentations': [dict(size=[4, 10]), None]}, 'frame 0: the mask does not decode'),
    ({'score': float('nan')}, r"track 1, video 'cat' \(id 1\): score nan is not a finite number"),
    ({'score': None}, 'at score: expected float, got null'),
    ({'score': True}, 'at score: expected float, got bool'),
    ({'score': '0.5'}, 'at score: expected float, got str'),
    ({'video_id': None}, r'at video_id: expected int . str, got null'),
    ({'video_id': [1]}, 'at video_id: expected int . str, got array'),
    ({'id': {}}, 'at id: expected int . str . null, got object'),
    ({'segmentations': {}}, 'at segmentations: expected array, got object'),
    ({'segmentations': [3, None]}, r'at segmentations\[0\]: expected object . array . null'),
    ({'segmentations': [{}, None]}, 'frame 0: the mask does not decode'),
    ({'segmentations': [dict(size=[10, 4], counts=[40]), None]}, 'height and width are swapped'),
    ({'segmentations': [dict(size=[4, 10], counts=''), None]}, 'frame 0: the mask does not decode'),
    ({'segmentations': [dict(size=[4, 10], counts=[]), None]}, 'frame 0: the mask does not decode'),
    ({'segmentations': [[[0, 0, 5, 4]], None]}, 'expected polygons of at least three points'),
    ({'id': 1}, r"track 1, video 'cat' \(id 1\): track id 1 occurs more than once"),
])
def test_bad_tracks_are_named_or_left_out(bad, message):
    gt = labels([strip(0, 5), strip(0, 5)])
    results = [GOOD, {**GOOD, 'id': 2, **bad}]
    with pytest.raises(S2DInputError, match=message):
        evaluate_vis(gt, results, results_name='r.json')
    assert evaluate_vis(gt, results, lenient=True)['AP'] == pytest.approx(1)


def test_bad_files():
    gt = labels([strip(0, 5), strip(0, 5)])
    for track_, found in (('cat', 'str'), (None, 'null'), ([], 'array'), (3, 'int')):
        with pytest.raises(S2DInputError, match=f'track 0 is not a track .* object, got {found}'):
            evaluate_vis(gt, [track_])
    with pytest.raises(S2DInputError, match=r'at videos.0.: object missing required field height'):
        evaluate_vis(dict(gt, videos=[dict(id=1)]), [])
    with pytest.raises(S2DInputError, match=r'annotations.0.: .* required field segmentations'):
        evaluate_vis(dict(gt, annotations=[dict(id=1, video_id=1)]), [])
    with pytest.raises(S2DInputError, match='r.json is a YouTube-VIS label file, expected a resul'):
        evaluate_vis(gt, gt, results_name='r.json')
    with pytest.raises(S2DInputError, match='gt.json is a results file .a list of tracks., expec'):
        evaluate_vis([GOOD], [GOOD], gt_name='gt.json')
    with pytest.raises(S2DInputError, match='valid.json has no annotations'):
        evaluate_vis(dict(videos=gt['videos']), [], gt_name='valid.json')
    with pytest.raises(S2DInputError, match='at its outermost value: expected object, got array'):
        evaluate_vis([], [])
    with pytest.raises(S2DInputError, match='annotation 1 has 1 segmentations, expected one per'):
        evaluate_vis(dict(gt, annotations=[{**gt['annotations'][0], 'segmentations': [None]}]), [])
    with pytest.raises(S2DInputError, match=r"names the file '\.\./0.jpg'"):
        evaluate_vis(dict(gt, videos=[{**gt['videos'][0], 'file_names': ['../0.jpg'] * 2}]), [])
    with pytest.raises(S2DInputError, match='annotation id 1 occurs more than once'):
        evaluate_vis(dict(gt, annotations=gt['annotations'] * 2), [])
    with pytest.raises(S2DInputError, match='video id 1 occurs more than once'):
        evaluate_vis(dict(gt, videos=gt['videos'] * 2), [])
    with pytest.raises(S2DInputError, match='annotation 1 is of video 9'):
        evaluate_vis(dict(gt, annotations=[{**gt['annotations'][0], 'video_id': 9}]), [])


def test_lenient_warns_with_a_count(monkeypatch):
    lines = []
    monkeypatch.setattr('mmengine.logging.print_log',
                        lambda text, **_: lines.append(text))
    evaluate_vis(labels([strip(0, 5)]), [dict(GOOD, video_id=7)] * 9, lenient=True)
    assert lines[0].startswith('9 entries left out, the first:')
    assert lines[0].count('video 7') == 5


NULLS = dict.fromkeys(('iscrowd', 'bboxes', 'areas', 'length', 'score', 'category_id', 'one2x'))


@pytest.mark.parametrize('change', [
    NULLS, dict(areas=[None, None]), dict(areas=[]), dict(areas=[20]), dict(areas=[0, 0]),
    dict(areas=[-1, float('nan')]), dict(bboxes=[[0, 0, 0, 0]] * 2), dict(length=1), dict(id=2**64),
    dict(segmentations=[strip(0, 5), []])])
def test_nulls_and_placeholders_change_no_number(change):
    gt = labels([strip(0, 5), None])
    expected = evaluate_vis(gt, [track(strip(0, 5), None), track(None, strip(0, 9))])
    gt['annotations'][0].update(change)
    gt['categories'] = None
    assert evaluate_vis(gt, [track(strip(0, 5), None, id=None),
                             track([], strip(0, 9), id=None)]) == expected


def test_official_form():
    """No name, annotations of length 1, categories 1 to 40; ids of any size, also text."""
    gt = labels([strip(0, 5), strip(0, 5)], length=1, category_id=40)
    del gt['videos'][0]['name'], gt['categories']
    for video_id in (2**31, 2**63, 2**70, 'cat'):
        gt['videos'][0]['id'] = gt['annotations'][0]['video_id'] = video_id
        results = [track(strip(0, 5), strip(0, 5), id=2**63)]
        results[0]['video_id'] = video_id
        assert evaluate_vis(gt, results)['AP'] == pytest.approx(1)
    gt['videos'].append(dict(gt['videos'][0], id=3))  # ids of both kinds
    assert evaluate_vis(gt, results)['AP'] == pytest.approx(1)


def test_numbers_of_numpy():
    gt = labels([strip(0, 5)])
    results = [dict(track(strip(0, 5)), video_id=np.int64(1), score=np.float32(0.5))]
    assert evaluate_vis(gt, results)['AP'] == pytest.approx(1)


@pytest.mark.parametrize('count', [255, 256, 1000])
def test_any_number_of_masks(count):
    tube = [strip(0, 5)] * count
    assert evaluate_vis(labels(tube), [track(*tube)])['AP'] == pytest.approx(1)
    # as many objects in one frame: the 100 best tracks of a video count
    crowd = labels(*[[strip(0, 5)]] * count)
    results = [track(strip(0, 5), id=number) for number in range(count)]
    assert evaluate_vis(crowd, results)['AR100'] == pytest.approx(100 / count)
