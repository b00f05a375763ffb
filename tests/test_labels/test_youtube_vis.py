"""YouTube-VIS labels: made, joined, read; every fault."""

import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels import youtube_vis as labels
from s2d_plugins.labels.rle import encode_mask

SQUARE = np.zeros((4, 6), bool)
SQUARE[1:3, 2:5] = True


def test_annotation_has_box_and_area():
    rle = encode_mask(SQUARE)
    annotation = labels.make_annotation(7, 3, [None, rle], score=.5, one2x=0.)
    assert annotation == dict(
        id=7, video_id=3, category_id=1, iscrowd=0, height=4, width=6, length=2,
        segmentations=[None, rle], bboxes=[None, [2., 1., 3., 2.]], areas=[None, 6], score=.5,
        one2x=0.)


def test_annotation_needs_a_mask():
    with pytest.raises(S2DInputError, match='annotation 7 of video 3: expected a mask in .* of 2'):
        labels.make_annotation(7, 3, [None, None])


def test_merged_labels_are_numbered_anew():
    rle = encode_mask(SQUARE)
    sets = [labels.make_labels([labels.make_video(9, name, (4, 6), [f'{name}/0.jpg'])],
                               [labels.make_annotation(5, 9, [rle], score=score)])
            for name, score in (('a', .1), ('b', .2))]
    merged = labels.merge_labels(sets)
    assert [(video['id'], video['name'], video['length']) for video in merged['videos']] == [
        (1, 'a', 1), (2, 'b', 1)]
    assert [(each['id'], each['video_id'], each['score']) for each in merged['annotations']] == [
        (1, 1, .1), (2, 2, .2)]
    assert merged['categories'] == [dict(id=1, name='object')]
    assert sets[0]['annotations'][0]['id'] == 5


@pytest.mark.parametrize('count', [255, 256, 1000])
def test_an_instance_may_have_any_number_of_masks(count):
    """pycocotools' list of areas overflows at 256 masks."""
    annotation = labels.make_annotation(1, 1, [encode_mask(SQUARE)] * count)
    assert annotation['areas'] == [6] * count and annotation['bboxes'] == [[2, 1, 3, 2]] * count


@pytest.mark.parametrize(('video', 'name'), [
    (dict(id=3, name='cat', file_names=['x/0.jpg']), 'cat'),
    (dict(id=3, name=None, file_names=['a/x/0.jpg']), 'a/x'), (dict(id=3, file_names=[]), '3')])
def test_a_video_without_name_is_named_by_its_folder(video, name):
    assert labels.video_folder(video) == name


VIDEO = dict(id=1, height=4, width=6, file_names=['a/0.jpg', 'a/1.jpg'], length=2)
ANNOTATION = dict(id=2**63, video_id=1, segmentations=[None, dict(size=[4, 6], counts='o0')],
                  iscrowd=None, bboxes=None, areas=None, length=1, score=None)


def test_official_files_are_read(tmp_path):
    """No name, an annotation of length 1, nulls, and ids beyond 63 bits are all in use."""
    write_json(tmp_path / 'a.json', dict(videos=[VIDEO], annotations=[ANNOTATION], info='x'))
    found = labels.read_labels(tmp_path / 'a.json')
    assert found['videos'] == [VIDEO] and found['annotations'] == [ANNOTATION]
    assert found['categories'] == [] and found['info'] == 'x'
    write_json(tmp_path / 'a.json', dict(videos=[VIDEO], annotations=None))
    assert labels.read_labels(tmp_path / 'a.json')['annotations'] == []


@pytest.mark.parametrize(('content', 'message'), [
    ([], 'not a YouTube-VIS label file: at its outermost value: expected object, got array'),
    (dict(videos=3), 'at videos: expected array, got int'),
    (dict(videos=[dict(VIDEO, height=0)]), 'at videos.0..height: expected int >= 1'),
    (dict(videos=[dict(VIDEO, height=True)]), 'at videos.0..height: expected int, got bool'),
    (dict(videos=[dict(VIDEO, file_names='a/0.jpg')]), 'file_names: expected array, got str'),
    (dict(videos=[dict(VIDEO, file_names=['a/0.jpg', '../0.jpg'])]), r"'\.\./0.jpg', expected"),
    (dict(videos=[dict(VIDEO, file_names=['a/0.jpg', '/etc/passwd'])]), "'/etc/passwd', expected"),
    (dict(videos=[dict(VIDEO, length=3)]),
     r"video 'a' .id 1.: length is 3, but it has 2 file_names"),
    (dict(videos=[dict(VIDEO, file_names=[])]), 'file_names: expected array of length >= 1'),
    ([dict(video_id=1, score=1., segmentations=[])], 'a.json is a results file'),
    (dict(videos=[VIDEO, VIDEO]), 'video id 1 occurs more than once'),
    (dict(videos=[VIDEO], annotations=[dict(ANNOTATION, video_id=7)]), 'of video 7, which is not'),
    (dict(videos=[VIDEO], annotations=[dict(ANNOTATION, segmentations=[None])]),
     r"video 'a' .id 1.: annotation 9223372036854775808 has 1 segmentations, expected .* 2"),
    (dict(videos=[VIDEO], annotations=[ANNOTATION] * 2), 'annotation id .* more than once'),
    (dict(videos=[VIDEO], annotations=[dict(ANNOTATION, segmentations=None)]),
     'at annotations.0..segmentations: expected array, got null'),
    (dict(videos=[VIDEO], annotations=[dict(id=1)]), 'missing required field')])
def test_faults_are_named(tmp_path, content, message):
    write_json(tmp_path / 'a.json', content)
    with pytest.raises(S2DInputError, match=message) as caught:
        labels.read_labels(tmp_path / 'a.json')
    assert str(tmp_path / 'a.json') in str(caught.value) and '\n' not in str(caught.value)


def test_videos_by_name():
    other = dict(VIDEO, id=2, file_names=['b/0.jpg'])
    assert labels.videos_by_name([VIDEO, other], 'a.json') == dict(a=VIDEO, b=other)
    with pytest.raises(S2DInputError, match="a.json: the videos 1 and 3 are both named 'a'"):
        labels.videos_by_name([VIDEO, dict(other, id=3, name='a')], 'a.json')


def test_titles():
    assert labels.video_title(VIDEO) == "video 'a' (id 1)"
    assert labels.video_title(dict(id=3, file_names=['0.jpg'])) == 'video 3'


def test_a_frame_that_readers_would_refuse_is_not_written():
    for name in ('a:/0.png', '../0.png', '/0.png', 'a\\..\\0.png'):
        with pytest.raises(S2DInputError, match='video cat: a label file cannot name the frame'):
            labels.make_video(1, 'cat', (2, 2), ['a/0.png', name])


@pytest.mark.parametrize('count', [255, 256, 1000])
def test_merged_labels_may_have_any_number_of_masks(count):
    rle, files = encode_mask(SQUARE), [f'a/{frame}.jpg' for frame in range(count)]
    merged = labels.merge_labels([
        labels.make_labels([labels.make_video(1, 'a', (4, 6), files)],
                           [labels.make_annotation(1, 1, [rle] * count)]),
        labels.make_labels([labels.make_video(1, 'b', (4, 6), ['b/0.jpg'])],
                           [labels.make_annotation(number, 1, [rle]) for number in range(count)])])
    assert labels.checked_labels(merged, 'x')['annotations'][-1]['id'] == count + 1
