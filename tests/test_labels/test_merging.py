"""Merging label files, and the faults that the validator names."""

import json

import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.merging import merge_label_files
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
    with pytest.raises(S2DInputError, match='a.json is not a label file'):
        merge_label_files([tmp_path / 'a.json'], tmp_path / 'merged.json')
    assert not (tmp_path / 'merged.json').exists()


def test_a_target_that_cannot_be_written(files, tmp_path):
    with pytest.raises(S2DInputError, match='cannot write .*a.json/merged.json'):
        merge_label_files(files[0], tmp_path / 'a.json' / 'merged.json')
