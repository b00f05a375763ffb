"""Proposals as training data of the image model and the detector."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope

from s2d_plugins.fileio.configs import load_config
from s2d_plugins.labels.proposals_file import write_proposals
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.registry import DATASETS

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tools/dataset_converters'))
import proposals_to_coco  # noqa: E402

SIZE = (48, 64)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two videos; frame 1 of cat has no masks, dog has one of score 0.3."""
    monkeypatch.chdir(tmp_path)
    large, small = np.zeros(SIZE, bool), np.zeros(SIZE, bool)
    large[4:44, 8:60] = small[10:20, 30:34] = True
    masks = [dict(segmentation=encode_mask(large), score=0.9),
             dict(segmentation=encode_mask(small), score=0.4)]
    for name, frames in (('cat', [masks, [], masks[:1], masks]),
                         ('dog', [[dict(masks[0], score=0.3)]])):
        Path('videos', name).mkdir(parents=True)
        for index in range(len(frames)):
            image = np.full((*SIZE, 3), 40 * index, np.uint8)
            cv2.imwrite(f'videos/{name}/{index}.png', image)
        write_proposals(f'proposals/{name}.json', name, SIZE, frames)
    return tmp_path


def run(*options: str) -> int:
    return proposals_to_coco.main(['proposals', '--videos', 'videos', '--out', 'out', *options])


def read() -> dict:
    return json.loads(Path('out/annotations/train.json').read_text())


def test_images_and_masks(folder, capsys):
    assert run() == 0
    assert capsys.readouterr().out == 'out: 4 images with 6 masks\n'
    content = read()
    assert [(image['id'], image['file_name'], image['frame']) for image in content['images']] == [
        (1, 'cat/00000.jpg', 0), (2, 'cat/00001.jpg', 2), (3, 'cat/00002.jpg', 3),
        (4, 'dog/00000.jpg', 0)]
    assert [category['name'] for category in content['categories']] == ['object']
    found = content['annotations']
    assert [mask['id'] for mask in found] == [1, 2, 3, 4, 5, 6]
    assert [mask['image_id'] for mask in found] == [1, 1, 2, 3, 3, 4]
    assert (found[1]['bbox'], found[1]['area'], found[1]['category_id']) == (
        [30, 10, 4, 10], 40, 1)
    assert cv2.imread('out/images/cat/00001.jpg')[0, 0].tolist() == [80, 80, 80]


def test_choices(folder):
    assert run('--min-score', '0.5', '--every', '2') == 0
    content = read()
    assert [image['frame'] for image in content['images']] == [0, 2]
    assert [mask['score'] for mask in content['annotations']] == [0.9, 0.9]


def test_the_detector_trains_on_it(folder):
    assert run() == 0
    config = load_config(ROOT / 'configs/image/cutler_cascade-mask-rcnn_r50_fpn_8xb2-160k.py')
    dataset = config.train_dataloader.dataset
    dataset.pipeline[2].scales = [(128, 96)]
    init_default_scope('s2d_plugins')
    built = DATASETS.build(dict(dataset, data_root='out/'))
    assert len(built) == 4
    sample = built[0]
    truth = sample['data_samples'].gt_instances
    assert tuple(sample['inputs'].shape) == (3, 96, 128) and truth.labels.tolist() == [0, 0]
    assert truth.masks.masks.shape == (2, 96, 128)
    assert sorted(mask.sum() for mask in truth.masks.masks) == [160, 8320]


@pytest.mark.parametrize(('break_it', 'message'), [
    (lambda: Path('proposals/dog.json').unlink(), 'dog: .*dog.json'),
    (lambda: Path('proposals/dog.json').write_text('{}'), 'dog: .*dog.json'),
    (lambda: cv2.imwrite('videos/dog/1.png', np.zeros((*SIZE, 3), np.uint8)),
     'dog: .*is for 1 frames of 64x48.*has 2 of 64x48')])
def test_faulty_videos(folder, capsys, break_it, message):
    break_it()
    assert run() == 2 and not Path('out/annotations').exists()
    line = capsys.readouterr().err
    assert line.startswith('error: dog: ') and line.count('\n') == 1
    assert run('--lenient') == 0
    found = capsys.readouterr()
    assert found.err.startswith('left out: dog: ') and '3 images with 5 masks' in found.out


@pytest.mark.parametrize('options', [
    ('--min-score', '2'), ('--every', '0'), ('--min-score', '0.95')])
def test_wrong_options(folder, capsys, options):
    assert run(*options) == 2
    assert capsys.readouterr().err.startswith('error: ')
