"""Base configs of the datasets: their base with other paths, which fit the converters' output."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from dataset_layouts import davis2016, davis2017, mose, sa_v_val, uvo, vipseg_720p, youtube_vis
from dataset_layouts import ovis as ovis_layout
from mmengine.config import Config
from mmengine.registry import DefaultScope

from s2d_plugins import dataset_converters as converters
from s2d_plugins.dataset_converters.vis_json import find_layout
from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video
from s2d_plugins.registry import DATASETS

CONFIGS = Path(__file__).parents[2] / 'configs' / '_base_' / 'datasets'
NAMES = ('youtube_vis_2019', 'youtube_vis_2021', 'youtube_vis_2022', 'ovis', 'uvo', 'davis2016',
         'davis2017', 'sa_v', 'mose', 'vipseg')
PATHS = {'data_root', 'ann_file', 'img_path', 'val_ann_file'}


def flatten(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flatten(item, (*path, key))
    elif isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        yield from flatten(dict(enumerate(value)), path)
    else:
        yield path, value


def vis(root, dataset, split):
    return converters.vis_source(*find_layout(root, dataset, split))


#: Config name to: folder below data_root, layout, source.
SOURCES = dict(
    **{f'youtube_vis_{year}': ('', youtube_vis, lambda root: vis(root, 'youtube_vis', 'train'))
       for year in (2019, 2021, 2022)},
    ovis=('', ovis_layout, lambda root: vis(root, 'ovis', 'train')),
    uvo=('', uvo, lambda root: vis(root, 'uvo_dense', 'val')),
    davis2016=('', davis2016, lambda root: converters.davis_source(root, 2016, 'val')),
    davis2017=('', davis2017,
               lambda root: converters.davis_source(root, 2017, 'val', unsupervised=True)),
    sa_v=('sav_val', sa_v_val, converters.sa_v_source),
    mose=('', mose, converters.mose_source),
    vipseg=('', vipseg_720p, lambda root: converters.vipseg_source(root, 'val')),
)


@pytest.mark.parametrize('name', NAMES)
def test_only_paths_differ_from_the_base(name):
    base = dict(flatten(Config.fromfile(CONFIGS / 'video_clips.py').to_dict()))
    config = dict(flatten(Config.fromfile(CONFIGS / f'{name}.py').to_dict()))
    changed = {path for path in base.keys() | config.keys() if base.get(path) != config.get(path)}
    assert changed and {path[-1] for path in changed} <= PATHS
    root = config['data_root',]
    assert root.startswith('data/') and root.endswith('/')
    for path in config:
        if path[-1] == 'data_root':
            assert config[path] == root
    assert config['val_evaluator', 'ann_file'] == root + config[
        'val_dataloader', 'dataset', 'ann_file']
    assert config['test_evaluator', 'ann_file'] == config['val_evaluator', 'ann_file']


@pytest.mark.parametrize('name', NAMES)
def test_converted_split_loads(tmp_path, name):
    folder, make, open_source = SOURCES[name]
    make(tmp_path / folder)
    dataset = Config.fromfile(CONFIGS / f'{name}.py').val_dataloader.dataset
    converters.convert(open_source(tmp_path / folder), tmp_path / dataset.ann_file)
    with DefaultScope.overwrite_default_scope('s2d_plugins'):
        loaded = DATASETS.build(dict(dataset, data_root=str(tmp_path)))
    item = loaded[0]
    assert item['inputs'].shape[:2] == (3, 3)
    assert all(Path(frame.img_path).is_file() for frame in item['data_samples'])


def make_keymasks(root, prefix, ann_file):
    """One video of three frames with a keymask in each."""
    files = [f'v/{frame}.jpg' for frame in range(3)]
    (root / prefix / 'v').mkdir(parents=True)
    for file in files:
        cv2.imwrite(str(root / prefix / file), np.full((24, 40, 3), 99, np.uint8))
    mask = np.zeros((24, 40), bool)
    mask[4:20, 4:30] = True
    write_json(root / ann_file, make_labels(
        [make_video(1, 'v', (24, 40), files)],
        [make_annotation(1, 1, [encode_mask(mask)] * 3, score=0.9)]))


def test_zero_shot_mixture_trains_on_all_its_sets(tmp_path):
    """SA-V, MOSE and VIPSeg; YouTube-VIS, which it is measured on, has no part in it."""
    config = Config.fromfile(CONFIGS / 'zero_shot_mixture.py')
    mixture = config.train_dataloader.dataset
    singles = [Config.fromfile(CONFIGS / f'{name}.py').train_dataloader.dataset
               for name in ('sa_v', 'mose', 'vipseg')]
    for part, single in zip(mixture.datasets, singles, strict=True):
        assert part == single
        make_keymasks(tmp_path / part.data_root, part.data_prefix.img_path, part.ann_file)
        part.data_root = str(tmp_path / part.data_root)
    with DefaultScope.overwrite_default_scope('s2d_plugins'):
        dataset = DATASETS.build(mixture)
    assert len(dataset) == 3
    assert dataset.get_data_info(2)['video_name'] == 'v'
    assert 'VIPSeg_720P' in dataset[2]['data_samples'][0].img_path
