"""From files on disk through the data pipelines of the image stage and of mmdet's video model."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from config_files import read_config, shrink
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope

from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video
from s2d_plugins.registry import DATASETS, METRICS, MODELS

SIZE = (48, 64)


def write_frames(folder, count: int) -> list[str]:
    folder.mkdir()
    files = [f'{index}.png' for index in range(count)]
    for index, file in enumerate(files):
        cv2.imwrite(str(folder / file), np.full((*SIZE, 3), 40 * index, np.uint8))
    return files


def box_mask() -> dict:
    mask = np.zeros(SIZE, bool)
    mask[8:32, 16:48] = True
    return encode_mask(mask)


@pytest.fixture
def image_file(tmp_path):
    """A COCO file of two images with a mask each; returns a way to write it with a category."""
    files = write_frames(tmp_path / 'images', 2)

    def write(category: str) -> Path:
        write_json(tmp_path / 'annotations' / 'val.json', dict(
            images=[dict(id=index, file_name=file, height=SIZE[0], width=SIZE[1])
                    for index, file in enumerate(files)],
            annotations=[dict(id=index + 1, image_id=index, category_id=1, iscrowd=0,
                              bbox=[16, 8, 32, 24], area=768, segmentation=box_mask())
                         for index in range(2)],
            categories=[dict(id=1, name=category)]))
        return tmp_path
    return write


@pytest.mark.parametrize(('config', 'category'), [
    ('image/mask2former_r50_8xb2-lsj-160k.py', 'object'),
    ('image/mask2former_r50_8xb2-lsj-160k_imagenet.py', 'fg')])
def test_images(image_file, config, category):
    root = image_file(category)
    config = read_config(config)
    dataset = dict(
        config.train_dataloader.dataset, data_root=str(root), ann_file='annotations/val.json',
        data_prefix=dict(img='images/'), filter_cfg=dict(filter_empty_gt=True, min_size=8))
    item = DATASETS.build(dataset)[0]
    truth = item['data_samples'].gt_instances
    assert truth.labels.tolist() == [0]
    assert truth.masks.masks.shape == (1, *item['inputs'].shape[1:])
    assert max(item['inputs'].shape[1:]) <= 1024
    evaluator = dict(config.val_evaluator, ann_file=str(root / 'annotations' / 'val.json'))
    assert METRICS.build(evaluator).metrics == ['segm']


def test_clips_of_mmdets_video_model(tmp_path):
    """Sparse keymasks give a loss, and whole videos are predicted and measured."""
    files = write_frames(tmp_path / 'frames', 4)
    labels = tmp_path / 'labels.json'
    write_json(labels, make_labels(
        [make_video(1, 'v', SIZE, files)],
        [make_annotation(1, 1, [box_mask(), None, box_mask(), None])]))
    config = shrink(read_config(
        'sparse_to_dense/mask2former_r50_8xb2-8e-temporal-drop_youtubevis2021.py'))
    place = dict(data_root=str(tmp_path), ann_file=labels.name,
                 data_prefix=dict(img_path='frames/'))
    config.model.track_head.num_queries = 10  # mmdet's head gives the ten best
    for pipeline in (config.train_pipeline, config.test_pipeline):
        for step in pipeline:
            for resize in step.get('transforms', []):
                if resize.type == 'Resize':
                    resize.scale = (64, 48)
    config.train_dataloader.dataset.pipeline = config.train_pipeline
    config.val_dataloader.dataset.pipeline = config.test_pipeline
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(config.model)
        train = DATASETS.build(dict(config.train_dataloader.dataset, **place))
        clips = pseudo_collate([train[0], train[0]])
        losses = model.train()(**model.data_preprocessor(clips, True), mode='loss')
        assert float(losses['loss_mask']) > 0 and float(losses['loss_dice']) > 0

        video = pseudo_collate([DATASETS.build(dict(config.val_dataloader.dataset, **place))[0]])
        metric = METRICS.build(dict(config.val_evaluator, ann_file=str(labels)))
        found = model.eval()(**model.data_preprocessor(video, False), mode='predict')
        metric.process(video, [sample.to_dict() for sample in found])
    assert 'vis/AP' in metric.evaluate(size=1)
