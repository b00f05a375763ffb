"""The writer and the parts that readers share."""

import json

import numpy as np
import pytest

from s2d_plugins.dataset_converters import Instance, Source, SourceVideo, convert
from s2d_plugins.dataset_converters.frame_files import extracted_frames, read_list
from s2d_plugins.dataset_converters.masks import Tracks, split_ids
from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.rle import decode_mask, encode_mask

RLE = encode_mask(np.ones((2, 3), bool))


def source(reads, **options):
    """A source whose jobs are read by calling them."""
    return Source('root', reads, lambda job: job(), **options)


def video(name, *instances):
    return lambda: SourceVideo(name, (2, 3), [f'{name}/0.jpg', f'{name}/1.jpg'], list(instances),
                               source_id=7)


def faulty():
    raise S2DInputError('video bad, frame 3: broken')


def unreadable():
    raise PermissionError(13, 'Permission denied', 'mask.png')


def test_ids_categories_and_progress(tmp_path):
    calls = []
    videos = [video('a', Instance([None, RLE], 5, 1), Instance([None, None], 5)),
              video('b', Instance([RLE, None], 5))]
    categories = [dict(id=5, name='dog')]
    statistics, faults = convert(source(videos, categories=categories), tmp_path / 'a.json', True,
                                 progress=lambda done, total: calls.append((done, total)))
    labels = json.loads((tmp_path / 'a.json').read_text())
    assert calls == [(1, 2), (2, 2)] and faults == []
    assert (statistics.videos, statistics.instances, statistics.keymasks) == (2, 2, 2)
    assert labels['categories'] == categories
    assert [(entry['id'], entry['video_id'], entry['category_id'], entry['iscrowd'])
            for entry in labels['annotations']] == [(1, 1, 5, 1), (2, 2, 5, 0)]
    assert [entry['source_id'] for entry in labels['videos']] == [7, 7]


def test_only_one_video_is_read_at_a_time(tmp_path):
    """A video is read when the one before it has gone to the file."""
    order = []

    def read(job):
        order.append(job)
        return video(f'v{job}')()
    convert(Source('root', [0, 1], read), tmp_path / 'a.json',
            progress=lambda done, total: order.append(f'{done} written'))
    assert order == [0, '1 written', 1, '2 written']


def test_a_fault_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / 'a.json'
    target.write_text('before')
    with pytest.raises(S2DInputError, match='video bad, frame 3'):
        convert(source([video('a'), faulty]), target)
    assert target.read_text() == 'before' and list(tmp_path.iterdir()) == [target]


def test_lenient_counts_and_goes_on(tmp_path):
    reads = source([faulty, video('a'), unreadable], faults=['file x: odd'])
    statistics, faults = convert(reads, tmp_path / 'a.json', lenient=True)
    assert statistics.videos == 1
    assert faults[:2] == ['file x: odd', 'video bad, frame 3: broken']
    assert faults[2].startswith('cannot read mask.png: Permission denied')
    with pytest.raises(S2DInputError, match='none of the 1 videos of root .* bad, frame 3'):
        convert(source([faulty]), tmp_path / 'b.json', lenient=True)


def test_categories_that_are_not_there(tmp_path):
    with pytest.raises(S2DInputError, match='has no categories to keep'):
        convert(source([video('a')]), tmp_path / 'a.json', keep_classes=True)


@pytest.mark.parametrize('values', [(3, 7), (70_000, 16_000_000)])
def test_split_ids(values):
    ids = np.zeros((4, 5), np.int32)
    ids[1:3, :2], ids[3, 4] = values
    masks = split_ids(ids)
    assert list(masks) == list(values)
    assert all(np.array_equal(decode_mask(masks[value]), ids == value) for value in values)


def test_tracks_are_ordered_by_id_and_have_gaps():
    tracks = Tracks(2)
    tracks.add(1, {9: RLE, 2: RLE})
    tracks.add(0, {9: RLE})
    assert tracks.items() == [(2, [None, RLE]), (9, [RLE, RLE])]


def test_lists_and_videos_that_are_missing(tmp_path):
    with pytest.raises(S2DInputError, match='cannot read .*val.txt'):
        read_list(tmp_path / 'val.txt')
    with pytest.raises(S2DInputError, match='cannot read .*none.mp4: no such file'):
        extracted_frames(tmp_path / 'none.mp4', tmp_path / 'frames')


def test_two_videos_of_one_name(tmp_path):
    with pytest.raises(S2DInputError, match="root: video 'a' has the name 'a' of another video"):
        convert(source([video('a'), video('a')]), tmp_path / 'a.json')
    statistics, faults = convert(source([video('a'), video('a')]), tmp_path / 'a.json',
                                 lenient=True)
    assert statistics.videos == 1 and len(faults) == 1
