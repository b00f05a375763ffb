"""Each fault of a label file, made one at a time."""

import copy

import numpy as np
import pytest

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
    (lambda x: video(x).pop('height'), "video number 0: the keys ['height'] are missing"),
    (lambda x: video(x).update(width=0), 'expected a positive height and width, found 4 and 0'),
    (lambda x: video(x).update(length=3), 'length is 3, but it has 2 file_names'),
    (lambda x: video(x).update(file_names=['a', 'a']), 'a file name occurs twice'),
    (lambda x: video(x).update(file_names=[], length=0), 'has no file_names'),
    (lambda x: annotation(x).pop('segmentations'),
     "annotation number 0: the keys ['segmentations'] are missing"),
    (lambda x: annotation(x).update(video_id=5), 'its video 5 is not in the file'),
    (lambda x: annotation(x).update(category_id=5), 'its category 5 is not in the file'),
    (lambda x: annotation(x).update(segmentations=[RLE]), 'has 1 segmentations for 2 frames'),
    (lambda x: annotation(x).update(areas=[1, 2, 3]), 'has 3 areas for 2 frames'),
    (lambda x: annotation(x).update(length=4), 'length is 4, its video has 2 frames'),
    (lambda x: annotation(x).update(segmentations=[None, None]), 'has no mask in any frame'),
    (lambda x: annotation(x)['segmentations'].__setitem__(1, {'size': [4, 5], 'counts': 'zzz'}),
     'annotation 7 of video 1 (cat), frame 1: the mask does not decode'),
    (lambda x: annotation(x)['segmentations'].__setitem__(1, {'size': [4, 5], 'counts': '5'}),
     'frame 1: the mask does not decode'),
    (lambda x: annotation(x)['segmentations'].__setitem__(1, {'counts': 3}),
     'frame 1: the mask does not decode'),
    (lambda x: annotation(x)['segmentations'].__setitem__(
        1, encode_mask(np.ones((5, 4), bool))), 'the mask is 5 x 4 (height x width), expected'),
    (lambda x: annotation(x)['segmentations'].__setitem__(
        1, encode_mask(np.zeros((4, 5), bool))), 'frame 1: the mask has no pixels'),
    (lambda x: x.update(annotations=None), 'expected a list `annotations`, found NoneType'),
])
def test_each_fault_is_named(break_it, fault):
    labels = copy.deepcopy(GOOD)
    break_it(labels)
    found = list(find_faults(labels))
    assert any(fault in line for line in found), found


def test_missing_files_are_named(tmp_path):
    found, = find_faults(GOOD, tmp_path)
    assert '2 of 2 files are missing below' in found and 'cat/0.jpg' in found


def test_not_an_object():
    assert list(find_faults([])) == [
        'expected an object with videos, annotations and categories, found a list']
