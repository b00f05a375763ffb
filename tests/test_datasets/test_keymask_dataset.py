"""KeymaskDataset: what it reads, keeps, drops and refuses."""

import json

import pytest
from mmengine.dataset import InfiniteSampler

from s2d_plugins.errors import S2DInputError
from s2d_plugins.registry import DATA_SAMPLERS, DATASETS, TRANSFORMS

TWO = dict(a=(4, {0: {0, 1, 2}, 1: {3}}), b=(3, {0: {1}}))


def build(data, **options):
    return DATASETS.build({**data.config, **options})


def test_items_hold_only_the_masks_that_exist(make_set):
    data = make_set(TWO)
    dataset = build(data)
    assert len(dataset) == 2
    assert dataset.metainfo['classes'] == ('object',)
    assert dataset.get_len_per_video(0) == 4
    info = dataset.get_data_info(0)
    assert info['video_id'] == 1 and info['video_length'] == 4 and info['video_name'] == 'a'
    assert [[i['instance_id'] for i in image['instances']] for image in info['images']] == [
        [1], [1], [1], [2]]
    frame = info['images'][3]
    assert frame['img_path'] == str(data.root / 'frames/a/00003.png')
    assert (frame['height'], frame['width'], frame['frame_id']) == (24, 40, 3)
    instance = frame['instances'][0]
    assert instance['bbox'] == [12, 4, 20, 10]
    assert instance['bbox_label'] == 0 and instance['ignore_flag'] == 0
    assert instance['mask'] == data.labels['annotations'][1]['segmentations'][3]
    ids = [image['img_id'] for n in range(2) for image in dataset.get_data_info(n)['images']]
    assert ids == list(range(7))


def test_boxes_are_made_where_the_file_has_none(make_set):
    def drop_boxes(labels):
        for annotation in labels['annotations']:
            del annotation['bboxes']
    dataset = build(make_set(TWO, edit=drop_boxes))
    assert dataset.get_data_info(1)['images'][1]['instances'][0]['bbox'] == [2, 4, 10, 10]


def test_empty_mask_is_no_mask(make_set):
    def empty(labels):
        labels['annotations'][0]['segmentations'][0] = dict(size=[24, 40], counts=[960])
        labels['annotations'][0]['bboxes'][0] = None
    assert build(make_set(TWO, edit=empty)).get_data_info(0)['images'][0]['instances'] == []


def test_score_and_one2x_filter_annotations(make_set):
    def rate(labels):
        for annotation, score, one2x in zip(labels['annotations'], (0.9, 0.4, None), (0.0, 0, 0.6),
                                            strict=True):
            annotation['one2x'] = one2x
            if score is not None:
                annotation['score'] = score
    data = make_set(TWO, edit=rate)
    by_score = build(data, min_score=0.5)
    assert len(by_score) == 2  # an annotation without a score stays
    assert by_score.get_data_info(0)['images'][3]['instances'] == []
    by_one2x = build(data, max_one2x=0.5)
    assert [by_one2x.get_data_info(n)['video_name'] for n in range(len(by_one2x))] == ['a']


def test_keymasks_are_no_dense_labels(make_set):
    """A final round pointed at keymasks would take unknown frames for dense labels."""
    data = make_set(TWO, one2x=0.1)
    with pytest.raises(S2DInputError, match='labels.json: expected dense labels, since min_score'
                       ' is 0.75, found no score at any of its 3 ann.*; make .*densify_labels.py'):
        build(data, min_score=0.75)
    assert len(build(data)) == len(build(data, min_score=0.75, test_mode=True)) == 2


def test_short_and_empty_videos_are_left_out_of_training_only(make_set):
    data = make_set(dict(a=(4, {0: {0}}), short=(2, {0: {0, 1}}), empty=(5, {})))
    assert len(build(data)) == 1
    assert len(build(data, min_frames=2)) == 2
    assert len(build(data, test_mode=True)) == 3


def test_crowd_alone_is_nothing_to_train_on(make_set):
    data = make_set(dict(a=(4, {0: {0}}), b=(4, {0: {0}})),
                    edit=lambda labels: labels['annotations'][1].update(iscrowd=1))
    assert len(build(data)) == 1


def test_test_mode_needs_no_annotations_and_keeps_every_frame(make_set):
    data = make_set(TWO, edit=lambda labels: labels.pop('annotations'))
    dataset = build(data, test_mode=True, pipeline=[])
    item = dataset[0]
    assert item['frame_id'] == [0, 1, 2, 3]
    assert item['video_id'] == [1] * 4 and item['ori_video_length'] == [4] * 4


def test_infinite_sampler_repeats_a_single_video(make_set):
    dataset = build(make_set(dict(a=(4, {0: {0}}))))
    sampler = iter(InfiniteSampler(dataset))
    assert [next(sampler) for _ in range(5)] == [0] * 5
    repeated = DATASETS.build(dict(type='RepeatDataset', dataset=dataset, times=50))
    assert len(repeated) == 50 and repeated.get_data_info(49)['video_name'] == 'a'


def test_mmdets_image_sampler_works(make_set):
    dataset = build(make_set(TWO))
    sampler = DATA_SAMPLERS.build(dict(type='TrackImgSampler', dataset=dataset, seed=0))
    assert sorted(sampler) == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2)]


def test_classes_by_name(make_set):
    def name(labels):
        labels['categories'] = [dict(id=7, name='cat'), dict(id=9, name='dog')]
        for annotation, category in zip(labels['annotations'], (9, 7, 9), strict=True):
            annotation['category_id'] = category
    data = make_set(TWO, edit=name)
    with pytest.raises(S2DInputError, match=r'category_id 9, expected 1 \(object\)'):
        build(data)
    # ground truth is only looked at: the metrics merge its categories themselves
    assert build(data, test_mode=True).get_cat_ids(0) == [0, 0, 0, 0]
    classes = dict(classes=('cat', 'dog'))
    assert build(data, class_agnostic=False, metainfo=classes).get_cat_ids(0) == [1, 1, 1, 0]
    with pytest.raises(S2DInputError, match="category 'cat' is not among the classes"):
        build(data, class_agnostic=False)


@pytest.mark.parametrize(('edit', 'message'), [
    (lambda d: d.pop('videos'), 'is not a YouTube-VIS label file: at .*field videos'),
    (lambda d: d.update(videos=[dict(id=1)], images=[]), 'JSON with an entry per image, made for'),
    (lambda d: d['videos'][0].pop('height'), r'videos\[0\]: object missing required field height'),
    (lambda d: d['videos'][1].update(file_names=[]), r'videos\[1\].file_names: expected array of'),
    (lambda d: d['annotations'][0].pop('segmentations'), 'missing required field segmentations'),
    (lambda d: d['annotations'][0].update(segmentations='x'), 'segmentations: expected array'),
    (lambda d: d['annotations'][0].update(id=None), r'annotations\[0\].id: expected int . str'),
    (lambda d: d['annotations'][0].update(video_id=9), 'annotation 1 is of video 9, which is not'),
    (lambda d: d['annotations'][1].update(id=1), 'annotation id 1 occurs more than once'),
    (lambda d: d['annotations'][0]['segmentations'].pop(), '3 segmentations, expected .* 4;'),
    (lambda d: d['videos'][0]['file_names'].__setitem__(0, '/etc/a.png'), "'/etc/a.png'"),
    (lambda d: d['videos'][0]['file_names'].__setitem__(0, 'C:a.png'), "'C:a.png'"),
    (lambda d: d['videos'][0]['file_names'].__setitem__(0, 'a/../../b.png'), 'a path inside its'),
    (lambda d: d['videos'][0]['file_names'].__setitem__(0, 'a/none.png'), 'does not exist'),
    (lambda d: d.update(annotations=[]), 'none of its 2 videos has a mask'),
])
def test_mistakes_in_the_file_are_named(make_set, edit, message):
    data = make_set(TWO, edit=edit)
    with pytest.raises(S2DInputError, match=message) as error:
        build(data)
    assert 'labels.json' in str(error.value) and '\n' not in str(error.value)


def test_unknown_category_id(make_set):
    data = make_set(TWO, edit=lambda labels: labels['annotations'][0].update(category_id=5))
    with pytest.raises(S2DInputError, match=r'category_id 5, expected one of \[1\]'):
        build(data, class_agnostic=False)


def test_missing_file_and_unused_option(make_set):
    data = make_set(TWO)
    with pytest.raises(S2DInputError, match='cannot read .*nothing.json'):
        build(data, ann_file='nothing.json')
    with pytest.raises(S2DInputError, match='does not use filter_cfg'):
        build(data, filter_cfg=dict(filter_empty_gt=True))


OFFICIAL = dict.fromkeys(('iscrowd', 'bboxes', 'areas', 'length', 'score', 'one2x', 'category_id'))


@pytest.mark.parametrize('change', [
    OFFICIAL, dict(length=1), dict(bboxes=[[0, 0, 0, 0]] * 4), dict(bboxes=[]),
    dict(bboxes=[[1, 1, 1, 1]] * 9), dict(bboxes=[None, [2, 4], [float('nan')] * 4, []])])
def test_nulls_and_placeholders(make_set, change):
    """The mask counts: the box is that of the mask."""
    def official(labels):
        labels['categories'] = None
        labels['annotations'][0].update(change)
        for video in labels['videos']:
            video.update(name=None, length=None)
    dataset = build(make_set(TWO, edit=official, score=0.9), min_score=0.5, max_one2x=0.5)
    info = dataset.get_data_info(0)
    assert info['video_name'] == 'a'
    assert [[(i['instance_id'], i['bbox'], i['ignore_flag']) for i in image['instances']]
            for image in info['images']] == [[(1, [2, 4, 10, 10], 0)]] * 3 + [
                [(2, [12, 4, 20, 10], 0)]]


@pytest.mark.parametrize('ids', [(2**31, 1, 2), (2**63, 2**63 + 1, 5), (2**100, -1, 3),
                                 ('cat', 'dog', 'cow'), (0, 2**31 - 1, 7)])
def test_ids_of_any_size_stay_apart(make_set, ids):
    """Through LoadKeymasks, for a whole clip."""
    def number(labels):
        for annotation, key in zip(labels['annotations'], ids, strict=True):
            annotation['id'] = key
        labels['annotations'][2]['video_id'] = labels['videos'][1]['id'] = 2**64
    dataset = build(make_set(dict(a=(3, {0: {0, 1, 2}, 1: {0, 2}}), b=(3, {0: {1}})), edit=number))
    load = TRANSFORMS.build(dict(type='LoadKeymasks'))
    info = dataset.get_data_info(0)
    found = [load(image)['gt_instances_ids'] for image in info['images']]
    expected = list(ids[:2]) if max(map(str, ids)) == '7' else [1, 2]
    assert [frame.tolist() for frame in found] == [expected, expected[:1], expected]
    assert found[0].dtype == 'int64' and dataset.get_data_info(1)['video_id'] == 2**64


def test_a_broken_mask_is_named(make_set):
    def break_it(labels):
        labels['annotations'][0]['segmentations'][1] = {}
    data = make_set(TWO, edit=break_it)
    info = build(data).get_data_info(0)
    with pytest.raises(S2DInputError, match=r'frame 1 .*a/00001.png\), instance 1: the mask'):
        TRANSFORMS.build(dict(type='LoadKeymasks'))(info['images'][1])
    data = make_set(TWO, edit=lambda labels: (break_it(labels), labels['annotations'][0].update(
        bboxes=None)))
    with pytest.raises(S2DInputError, match=r"labels.json, video 'a' \(id 1\), frame 1, annotati"):
        build(data)


@pytest.mark.parametrize('count', [255, 256, 1000])
def test_any_number_of_masks(make_set, count):
    def repeat(labels):
        masks = labels['annotations'][0]
        labels['annotations'] = [dict(masks, id=number, bboxes=None) for number in range(count)]
    images = build(make_set(dict(a=(3, {0: {0, 1, 2}})), edit=repeat)).get_data_info(0)['images']
    loaded = TRANSFORMS.build(dict(type='LoadKeymasks'))(images[0])
    assert len(loaded['gt_masks']) == count
    assert loaded['gt_instances_ids'].tolist() == list(range(count))
    assert loaded['gt_bboxes'].tolist() == [[2, 4, 10, 10]] * count


def test_masks_of_great_depth_are_one_line(make_set):
    data = make_set(TWO)
    text = json.dumps(data.labels).replace('"counts"', f'"x": {"[" * 900}{"]" * 900}, "counts"', 1)
    (data.root / 'labels.json').write_text(text)
    with pytest.raises(S2DInputError, match='labels.json.* nested too deeply'):
        build(data)
