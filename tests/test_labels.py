"""RLE and label files: round trips, whole files or none, every error."""

import errno
import json
import os
import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from s2d_plugins import labels
from s2d_plugins.errors import S2DInputError

SQUARE = np.zeros((4, 6), bool)
SQUARE[1:3, 2:5] = True


@given(arrays(bool, array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=9)))
def test_masks_survive_encoding_and_json(masks):
    rles = json.loads(json.dumps(labels.encode_masks(masks)))
    assert all(rle['size'] == list(masks.shape[1:]) for rle in rles)
    decoded = np.stack([labels.decode_mask(rle) for rle in rles])
    assert decoded.dtype == bool
    assert np.array_equal(decoded, masks)
    assert rles == [labels.encode_mask(mask) for mask in masks]


def test_encoding_no_masks():
    assert labels.encode_masks(np.zeros((0, 4, 6), bool)) == []


def test_encoding_is_column_by_column():
    # column-major runs: 9 zeros, then per column 2 ones and 2 zeros, and 5 zeros at the end
    from pycocotools import mask as coco_mask
    runs = dict(size=[4, 6], counts=[9, 2, 2, 2, 2, 2, 5])
    expected = coco_mask.frPyObjects(runs, 4, 6)['counts'].decode()
    assert labels.encode_mask(SQUARE) == dict(size=[4, 6], counts=expected)


def test_annotation_has_box_and_area():
    rle = labels.encode_mask(SQUARE)
    annotation = labels.make_annotation(7, 3, [None, rle], score=.5, one2x=0.)
    assert annotation == dict(
        id=7, video_id=3, category_id=1, iscrowd=0, height=4, width=6, length=2,
        segmentations=[None, rle], bboxes=[None, [2., 1., 3., 2.]], areas=[None, 6], score=.5,
        one2x=0.)


def test_annotation_needs_a_mask():
    with pytest.raises(ValueError, match='annotation 7 of video 3: expected a mask in .* of 2'):
        labels.make_annotation(7, 3, [None, None])


def test_merged_labels_are_numbered_anew():
    rle = labels.encode_mask(SQUARE)
    sets = [labels.make_labels([labels.make_video(9, name, (4, 6), ['0.jpg'])],
                               [labels.make_annotation(5, 9, [rle], score=score)])
            for name, score in (('a', .1), ('b', .2))]
    merged = labels.merge_labels(sets)
    assert [(video['id'], video['name'], video['length']) for video in merged['videos']] == [
        (1, 'a', 1), (2, 'b', 1)]
    assert [(each['id'], each['video_id'], each['score']) for each in merged['annotations']] == [
        (1, 1, .1), (2, 2, .2)]
    assert merged['categories'] == [dict(id=1, name='object')]
    assert sets[0]['annotations'][0]['id'] == 5


def test_proposals_round_trip(tmp_path):
    frames = [[dict(segmentation=labels.encode_mask(SQUARE), score=.75)], []]
    labels.write_proposals(tmp_path / 'new' / 'clip.json', 'clip', (4, 6), frames)
    assert labels.read_proposals(tmp_path / 'new' / 'clip.json') == dict(
        video='clip', height=4, width=6, frames=frames)
    assert os.listdir(tmp_path / 'new') == ['clip.json']


GOOD = dict(segmentation=labels.encode_mask(SQUARE), score=1.)


@pytest.mark.parametrize(('content', 'message'), [
    ([], 'expected the keys height, width and frames'),
    (dict(height=4, width=6), 'expected the keys height, width and frames'),
    (dict(height=4, width=6, frames=[None]), 'a list of masks each'),
    (dict(height=4, width=6, frames=[[], [dict(score=1.)]]), 'frame 1: expected masks as'),
    (dict(height=4, width=6, frames=[[dict(GOOD, segmentation=[[0, 0, 1, 1]])]]), 'frame 0: exp'),
    (dict(height=4, width=5, frames=[[GOOD]]), r'frame 0: a mask of size \[4, 6\], expected \[4,')])
def test_broken_proposals_are_refused(tmp_path, content, message):
    labels.write_json(tmp_path / 'clip.json', content)
    with pytest.raises(S2DInputError, match=message) as caught:
        labels.read_proposals(tmp_path / 'clip.json')
    assert str(tmp_path / 'clip.json') in str(caught.value) and '\n' not in str(caught.value)


def test_unreadable_json(tmp_path):
    with pytest.raises(S2DInputError, match=r'cannot read .*none\.json: No such file'):
        labels.read_json(tmp_path / 'none.json')
    (tmp_path / 'half.json').write_text('{"videos": [')
    with pytest.raises(S2DInputError, match=r'half\.json is not valid JSON'):
        labels.read_json(tmp_path / 'half.json')
    (tmp_path / 'binary.json').write_bytes(b'\xff\xfe\x00')
    with pytest.raises(S2DInputError, match=r'binary\.json is not valid JSON'):
        labels.read_json(tmp_path / 'binary.json')


def fail(error: int):
    def raise_error(*args, **kwargs):
        raise OSError(error, os.strerror(error))
    return raise_error


def test_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / 'labels.json'
    labels.write_json(path, 'old')
    make_temporary = tempfile.NamedTemporaryFile

    def full(*args, **kwargs):
        file = make_temporary(*args, **kwargs)
        file.file.write = fail(errno.ENOSPC)  # the file is there, its content finds no room
        return file

    monkeypatch.setattr(tempfile, 'NamedTemporaryFile', full)
    with pytest.raises(S2DInputError, match=r'cannot write .*labels\.json: No space left.*free'):
        labels.write_json(path, 'new')
    assert labels.read_json(path) == 'old' and os.listdir(tmp_path) == ['labels.json']


@pytest.mark.parametrize(('function', 'error', 'message'), [
    ('replace', errno.EROFS, 'Read-only file system'), ('chmod', errno.EPERM, 'not permitted')])
def test_late_failure_removes_the_temporary_file(tmp_path, monkeypatch, function, error, message):
    monkeypatch.setattr(os, function, fail(error))
    with pytest.raises(S2DInputError, match=message):
        labels.write_json(tmp_path / 'labels.json', 'new')
    assert os.listdir(tmp_path) == []


def test_interrupt_removes_the_temporary_file(tmp_path, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'replace', interrupt)
    with pytest.raises(KeyboardInterrupt):
        labels.write_json(tmp_path / 'labels.json', 'new')
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason='root writes everywhere')
def test_read_only_folder(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(S2DInputError, match='Permission denied'):
        labels.write_json(tmp_path / 'labels.json', 'new')


def test_read_only_folder_as_the_system_says_it(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, 'NamedTemporaryFile', fail(errno.EACCES))
    with pytest.raises(S2DInputError, match=r'labels\.json: Permission denied; .*another output'):
        labels.write_json(tmp_path / 'labels.json', 'new')


def test_folder_in_the_way(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(S2DInputError, match='cannot write'):
        labels.write_json(tmp_path / 'file' / 'labels.json', 'new')
    (tmp_path / 'labels.json').mkdir()
    with pytest.raises(S2DInputError, match='cannot write'):
        labels.write_json(tmp_path / 'labels.json', 'new')
    assert sorted(os.listdir(tmp_path)) == ['file', 'labels.json']
