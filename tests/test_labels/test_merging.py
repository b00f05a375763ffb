"""Merging label files, and the faults that the validator names."""

import json
import os

import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.whole_files import partial_path, write_json
from s2d_plugins.labels.faults import find_faults
from s2d_plugins.labels.merging import merge_label_files, write_label_sets
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video, merge_labels


def one_video(name, *instances):
    """Labels of a video of 6 frames; instances are (number of keymasks, one2x)."""
    rle = encode_mask(np.ones((4, 5), bool))
    annotations = [make_annotation(i, 1, [rle] * count + [None] * (6 - count), one2x=one2x)
                   for i, (count, one2x) in enumerate(instances, start=1)]
    return make_labels([make_video(1, name, (4, 5), [f'{name}/{t}.jpg' for t in range(6)])],
                       annotations)


@pytest.fixture
def files(tmp_path):
    labels = [one_video('a', (6, 0.0), (2, 0.8)), one_video('b'), one_video('c', (1, 0.0))]
    paths = []
    for content in labels:
        paths.append(tmp_path / f'{content["videos"][0]["name"]}.json')
        write_json(paths[-1], content)
    return paths, labels


def test_video_ids_may_stay(files, tmp_path):
    _, (first, _, third) = files
    for labels, video_id in ((first, 7), (third, 'c')):
        labels['videos'][0]['id'] = video_id
        for annotation in labels['annotations']:
            annotation['video_id'] = video_id
    write_label_sets([first, third], tmp_path / 'merged.json', keep_video_ids=True)
    merged = json.loads((tmp_path / 'merged.json').read_text())
    assert merged['videos'] == first['videos'] + third['videos']
    assert [(one['id'], one['video_id']) for one in merged['annotations']] == [
        (1, 7), (2, 7), (3, 'c')]


def test_equals_merging_in_memory(files, tmp_path):
    paths, labels = files
    statistics = merge_label_files(paths, tmp_path / 'all' / 'merged.json')
    assert json.loads((tmp_path / 'all' / 'merged.json').read_text()) == merge_labels(labels)
    assert statistics.as_dict() == {
        'videos': 3, 'videos_without_instances': 1, 'frames': 18, 'frames_with_keymasks': 7,
        'instances': 3, 'dropped_one2x': 0, 'dropped_few': 0, 'keymasks': 9,
        'keymasks_per_instance': {'5-9': 1, '1-4': 2}}
    assert [path.name for path in (tmp_path / 'all').iterdir()] == ['merged.json']


def test_filters(files, tmp_path):
    statistics = merge_label_files(files[0], tmp_path / 'merged.json', max_one2x=0.5,
                                   min_keymasks=2)
    merged = json.loads((tmp_path / 'merged.json').read_text())
    assert [annotation['id'] for annotation in merged['annotations']] == [1]
    assert (statistics.dropped_one2x, statistics.dropped_few) == (1, 1)
    assert statistics.videos_without_instances == 2


def test_a_file_that_is_something_else(tmp_path):
    write_json(tmp_path / 'a.json', {'frames': []})
    with pytest.raises(S2DInputError, match='a.json is not a YouTube-VIS label file'):
        merge_label_files([tmp_path / 'a.json'], tmp_path / 'merged.json')
    assert not (tmp_path / 'merged.json').exists()


def test_a_target_that_cannot_be_written(files, tmp_path):
    with pytest.raises(S2DInputError, match='cannot write .*a.json/merged.json'):
        merge_label_files(files[0], tmp_path / 'a.json' / 'merged.json')


def official(number, name):
    """A file as YouTube-VIS has it: no name, an annotation of length 1, categories 1 to 40."""
    rle = encode_mask(np.ones((4, 5), bool))
    video = make_video(number, None, (4, 5), [f'{name}/{t:05d}.jpg' for t in range(2)])
    annotation = dict(make_annotation(number, number, [rle, None]), category_id=40, length=1,
                      one2x=None)
    del video['name']
    return dict(videos=[video], annotations=[annotation], info={},
                categories=[dict(id=40, name='zebra')])


def test_official_files_are_merged_to_one_category(tmp_path):
    for name in 'ab':
        write_json(tmp_path / f'{name}.json', official(2**63 + 5, name))
    statistics = merge_label_files([tmp_path / 'a.json', tmp_path / 'b.json'], tmp_path / 'out')
    merged = json.loads((tmp_path / 'out').read_text())
    assert statistics.instances == 2 and list(find_faults(merged)) == []
    assert [(entry['id'], entry['video_id'], entry['category_id'], entry['length'])
            for entry in merged['annotations']] == [(1, 1, 1, 1), (2, 2, 1, 1)]
    assert merged == merge_labels([official(1, 'a'), official(2**70, 'b')])


def test_labels_of_no_annotations_and_masks_that_are_none(tmp_path):
    empty, none = official(1, 'a'), official(1, 'b')
    empty.update(annotations=None, categories=None)
    none['annotations'][0]['segmentations'] = [[], None]
    for name, content in (('a', empty), ('b', none)):
        write_json(tmp_path / f'{name}.json', content)
    statistics = merge_label_files([tmp_path / 'a.json', tmp_path / 'b.json'], tmp_path / 'out')
    assert (statistics.videos, statistics.instances, statistics.dropped_few) == (2, 0, 1)


def renamed(content, **change):
    content['videos'][0].update(change)
    return content


@pytest.mark.parametrize(('second', 'message'), [
    (one_video('a'), "b.json: video 'a' has the name 'a' of another video, of .*a.json; keep"),
    (renamed(one_video('a'), name='c'), "video 'c' has the first frame 'a/0.jpg' of another"),
    (renamed(one_video('b'), name=None, file_names=['a/6.jpg'], length=1), "video 'a' has the na")])
def test_a_video_that_comes_twice_is_named(files, tmp_path, second, message):
    write_json(tmp_path / 'b.json', second)
    with pytest.raises(S2DInputError, match=message):
        merge_label_files([tmp_path / 'a.json', tmp_path / 'b.json'], tmp_path / 'merged.json')
    assert not (tmp_path / 'merged.json').exists()
    with pytest.raises(S2DInputError, match='label set 1: .* of another video, of label set 0'):
        merge_labels([one_video('a'), second])


@pytest.mark.parametrize(('change', 'message'), [
    (lambda x: x['annotations'][0].update(segmentations=[None]), 'annotation 1 has 1 segmentat'),
    (lambda x: x['annotations'][0].update(video_id=7), 'is of video 7, which is not in the file'),
    (lambda x: x['annotations'][0].update(one2x='much'), 'one2x: expected float'),
    (lambda x: x['videos'].append(3), r'at videos\[1\]: expected object, got int'),
    (lambda x: x['videos'][0].update(file_names=['../a.jpg'] * 6), r"the file '\.\./a.jpg'")])
def test_broken_files_leave_the_old_target(tmp_path, change, message):
    content = one_video('a', (6, 0.))
    change(content)
    write_json(tmp_path / 'a.json', content)
    (tmp_path / 'out').write_text('before')
    with pytest.raises(S2DInputError, match=message) as caught:
        merge_label_files([tmp_path / 'a.json'], tmp_path / 'out')
    assert 'a.json' in str(caught.value) and '\n' not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.json', 'out']
    assert (tmp_path / 'out').read_text() == 'before'


@pytest.mark.parametrize('count', [255, 256, 1000])
def test_any_number_of_masks_and_of_instances(tmp_path, count):
    rle = encode_mask(np.ones((4, 5), bool))
    files = [f'a/{t}.jpg' for t in range(count)]
    write_json(tmp_path / 'a.json', make_labels(
        [make_video(1, 'a', (4, 5), files)], [make_annotation(1, 1, [rle] * count)]))
    write_json(tmp_path / 'b.json', make_labels(
        [make_video(1, 'b', (4, 5), ['b/0.jpg'])],
        [make_annotation(number, 1, [rle]) for number in range(count)]))
    statistics = merge_label_files([tmp_path / 'a.json', tmp_path / 'b.json'], tmp_path / 'out')
    assert (statistics.instances, statistics.keymasks) == (1 + count, 2 * count)


def test_what_a_killed_run_left_is_removed(files, tmp_path):
    left = partial_path(tmp_path / 'x').name.replace(f'-{os.getpid()}-', '-4194305-')
    (tmp_path / left).touch()
    merge_label_files(files[0], tmp_path / 'merged.json')
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'a.json', 'b.json', 'c.json', 'merged.json']


@pytest.mark.parametrize('wrong', [float('nan'), float('inf')])
def test_numbers_that_json_does_not_have_are_not_handed_on(tmp_path, wrong):
    content = one_video('a', (6, 0.0))
    content['annotations'][0]['extra'] = [[wrong]]
    (tmp_path / 'a.json').write_text(json.dumps(content))
    with pytest.raises(S2DInputError, match='item 1 of the labels holds a number that is NaN or '
                                            'infinite, which JSON does not have; make them again'):
        merge_label_files([tmp_path / 'a.json'], tmp_path / 'out.json')
    assert [path.name for path in tmp_path.iterdir()] == ['a.json']
