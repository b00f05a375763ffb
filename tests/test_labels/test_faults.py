"""Each fault of a label file, made one at a time."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2d_plugins.labels.faults import find_faults
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video

RLE = encode_mask(np.ones((4, 5), bool))
GOOD = make_labels([make_video(1, 'cat', (4, 5), ['cat/0.jpg', 'cat/1.jpg'])],
                   [make_annotation(7, 1, [RLE, None])])


def video(labels):
    return labels['videos'][0]


def annotation(labels):
    return labels['annotations'][0]


def test_no_fault(tmp_path):
    (tmp_path / 'cat').mkdir()
    for name in video(GOOD)['file_names']:
        (tmp_path / name).write_text('')
    assert list(find_faults(GOOD, tmp_path)) == []
    assert list(find_faults({**GOOD, 'annotations': []})) == []


@pytest.mark.parametrize(('break_it', 'fault'), [
    (lambda x: x['videos'].append(video(x)), 'video 1: the id is used more than once'),
    (lambda x: x['annotations'].append(annotation(x)),
     'annotation 7: the id is used more than once'),
    (lambda x: video(x).pop('height'),
     'videos[0] is not a video of a label file: at its outermost value: object missing required '
     'field height'),
    (lambda x: video(x).update(width=0), 'at width: expected int >= 1'),
    (lambda x: video(x).update(length=3), 'length is 3, but it has 2 file_names'),
    (lambda x: video(x).update(file_names=['a', 'a']), 'a file name occurs twice'),
    (lambda x: video(x).update(file_names=[], length=0),
     'at file_names: expected array of length >= 1'),
    (lambda x: annotation(x).pop('segmentations'),
     'annotations[0] is not an annotation of a label file: at its outermost value: object missing '
     'required field segmentations'),
    (lambda x: annotation(x).update(video_id=5), 'its video 5 is not in the file'),
    (lambda x: annotation(x).update(category_id=5), 'its category 5 is not in the file'),
    (lambda x: annotation(x).update(segmentations=[RLE]), 'has 1 segmentations for 2 frames'),
    (lambda x: annotation(x).update(areas=[1, 2, 3]), 'has 3 areas for 2 frames'),
    (lambda x: annotation(x).update(length=4), 'length is 4, its video has 2 frames'),
    (lambda x: annotation(x).update(segmentations=[None, None]), 'has no mask in any frame'),
    (lambda x: annotation(x)['segmentations'].__setitem__(1, {'size': [4, 5], 'counts': 'zzz'}),
     "annotation 7 of video 'cat' (id 1), frame 1: the mask does not decode"),
    (lambda x: annotation(x)['segmentations'].__setitem__(1, {'size': [4, 5], 'counts': '5'}),
     'frame 1: the mask does not decode'),
    (lambda x: annotation(x)['segmentations'].__setitem__(1, {'counts': 3}),
     'frame 1: the mask does not decode'),
    (lambda x: annotation(x)['segmentations'].__setitem__(
        1, encode_mask(np.ones((5, 4), bool))), 'the mask is 5 x 4 (height x width), expected'),
    (lambda x: annotation(x)['segmentations'].__setitem__(
        1, encode_mask(np.zeros((4, 5), bool))), 'frame 1: the mask has no pixels'),
    (lambda x: x.update(annotations={}), 'expected a list `annotations`, found dict'),
    (lambda x: x.update(categories=7), 'expected a list `categories`, found int'),
    (lambda x: x['videos'].append(3), 'videos[1] is not a video of a label file: at its outermost'),
    (lambda x: x['annotations'].append(None), 'annotations[1] is not an annotation of a label'),
    (lambda x: x['categories'].append([]), 'categories[1] is not a category of a label file'),
    (lambda x: annotation(x).update(bboxes=[[1, None], 0]), 'at bboxes[0][1]: expected float'),
    (lambda x: annotation(x).update(id=[1]), 'at id: expected int | str, got array'),
    (lambda x: annotation(x).update(score='high'), 'at score: expected float | null, got str'),
    (lambda x: video(x).update(file_names=['cat/0.jpg', '/etc/passwd']),
     "1 of 2 file names lead out of the folder of the frames, the first is '/etc/passwd'"),
    (lambda x: video(x).update(file_names=['..\\0.jpg', 'a/../../b']),
     '2 of 2 file names lead out of'),
    (lambda x: x['videos'].append(dict(video(x), id=2, file_names=['a/0.jpg', 'a/1.jpg'])),
     "video 'cat' has the name 'cat' of another video; keep one"),
    (lambda x: x['videos'].append(dict(video(x), id=2, name='dog')),
     "video 'dog' has the first frame 'cat/0.jpg' of another video; keep one"),
    (lambda x: annotation(x)['segmentations'].__setitem__(1, [[1, 1, 2, 2]]),
     'frame 1: the mask does not decode (expected polygons of at least three points'),
    (lambda x: annotation(x)['segmentations'].__setitem__(1, {'counts': '5', 'size': [5, 4]}),
     'height and width are swapped'),
])
def test_each_fault_is_named(break_it, fault):
    labels = copy.deepcopy(GOOD)
    break_it(labels)
    found = list(find_faults(labels))
    assert any(fault in line for line in found), found


def test_missing_files_are_named(tmp_path):
    found, = find_faults(GOOD, tmp_path)
    assert '2 of 2 files are missing below' in found and 'cat/0.jpg' in found


OFFICIAL = dict(
    info={}, licenses=[], categories=[dict(id=number, name=f'c{number}')
                                      for number in range(1, 41)],
    videos=[dict(id=5, height=4, width=5, length=2,
                 file_names=['00f8/00000.jpg', '00f8/00005.jpg'])],
    annotations=[dict(id=2**64, video_id=5, category_id=40, iscrowd=0, length=1, height=4,
                      width=5, segmentations=[None, dict(size=[4, 5], counts=[3, 17])],
                      areas=[None, 17], bboxes=[None, [0, 0, 5, 4]])])


@pytest.mark.parametrize('change', [
    {}, dict(annotations=None), dict(annotations=[]), dict(categories=None),
    dict(annotations=[{**OFFICIAL['annotations'][0], **dict.fromkeys(
        ('iscrowd', 'bboxes', 'areas', 'length', 'score', 'one2x', 'visibility_ranges'))}]),
    dict(annotations=[dict(OFFICIAL['annotations'][0], bboxes=[None, [0, 0, 0, 0]])])])
def test_official_files_have_no_fault(change):
    assert list(find_faults({**OFFICIAL, **change})) == []
    for key in ('annotations', 'categories'):
        assert list(find_faults({name: value for name, value in OFFICIAL.items()
                                 if name != key})) == []


@pytest.mark.parametrize(('content', 'found'), [
    ([], 'found a list'), (3, 'found a int'), (None, 'found a NoneType'),
    (dict(annotations=[]), 'found `videos` of type NoneType'),
    (dict(videos={}), 'found `videos` of type dict'),
    ([dict(video_id=1, score=1, segmentations=[])], 'found a results file (a list of tracks)'),
    (dict(frames=[], height=3, width=4), 'found a proposals file'),
    (dict(images=[], annotations=[]), 'found COCO JSON of single images')])
def test_what_is_no_label_file_at_all(content, found):
    line, = find_faults(content)
    assert line.startswith('expected a YouTube-VIS label file, an object') and found in line


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(['id', 'size', 'counts']), inner, max_size=3)),
       st.integers(0, 40))
def test_any_value_anywhere_is_a_fault_or_none(value, place):
    """Every place of a good file, one after the other, holds something else."""
    labels = copy.deepcopy(GOOD)
    places = list(places_of(labels))
    holder, key = places[place % len(places)]
    holder[key] = value
    assert all(isinstance(line, str) for line in find_faults(labels))


def places_of(value):
    for key in value if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places_of(value[key])


@pytest.mark.parametrize('count', [255, 256, 1000])
def test_any_number_of_masks(count):
    files = [f'{frame}.jpg' for frame in range(count)]
    assert list(find_faults(make_labels(
        [make_video(1, 'cat', (4, 5), files)],
        [make_annotation(number, 1, [RLE] * count) for number in range(3)]))) == []
