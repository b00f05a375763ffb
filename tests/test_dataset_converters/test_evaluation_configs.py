"""Evaluation configs: they fit what the converter writes, and measure what a model predicts."""

from functools import partial
from pathlib import Path

import pytest
import torch
from dataset_layouts import davis2016, davis2017, ovis, youtube_vis
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData

from s2d_plugins import dataset_converters as converters
from s2d_plugins.dataset_converters.vis_json import find_layout
from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.rle import decode_mask
from s2d_plugins.registry import DATASETS, METRICS

CONFIGS = Path(__file__).parents[2] / 'configs'
VALID = partial(youtube_vis, split='valid', annotations='valid.json')


def vis(root, dataset, split):
    return converters.vis_source(*find_layout(root, dataset, split))


#: Per config: layout, source, and label file below data_root.
SETS = dict(
    youtubevis2019_val=(VALID, lambda root: vis(root, 'youtube_vis', 'valid'),
                        'youtube_vis_2019_valid'),
    youtubevis2021_valid=(VALID, lambda root: vis(root, 'youtube_vis', 'valid'),
                          'youtube_vis_2021_valid'),
    youtubevis2022_valid_short=(VALID, lambda root: vis(root, 'youtube_vis', 'valid'),
                                'youtube_vis_2022_valid_short'),
    youtubevis2022_valid_long=(VALID, lambda root: vis(root, 'youtube_vis', 'valid'),
                               'youtube_vis_2022_valid_long'),
    ovis_valid=(partial(ovis, split='valid'), lambda root: vis(root, 'ovis', 'valid'),
                'ovis_valid'),
    youtubevis2019_train=(youtube_vis, lambda root: vis(root, 'youtube_vis', 'train'),
                          'youtube_vis_2019_train'),
    youtubevis2021_train=(youtube_vis, lambda root: vis(root, 'youtube_vis', 'train'),
                          'youtube_vis_2021_train'),
    ovis_train=(ovis, lambda root: vis(root, 'ovis', 'train'), 'ovis_train'),
    davis2017_val=(davis2017,
                   lambda root: converters.davis_source(root, 2017, 'val', unsupervised=True),
                   'davis2017_unsupervised_val'),
    davis2016_val=(davis2016, lambda root: converters.davis_source(root, 2016, 'val'),
                   'davis2016_val'))


def read(name: str) -> Config:
    return Config.fromfile(CONFIGS / 'evaluation' / f'{name}.py')


def test_there_is_one_for_every_set():
    assert {path.stem for path in (CONFIGS / 'evaluation').glob('*.py')} == set(SETS)


@pytest.mark.parametrize('name', SETS)
def test_only_data_and_metric_are_its_own(name):
    config = read(name)
    base = Config.fromfile(CONFIGS / '_base_' / 'recipes' / 'evaluation_r50.py')
    assert config.model == base.model == Config.fromfile(
        CONFIGS / '_base_' / 'models' / 'segmenter_r50.py').model
    assert config.test_dataloader.dataset.pipeline == base.test_pipeline
    assert not {'train_dataloader', 'val_dataloader', 'optim_wrapper'} & config.keys()
    dataset = config.test_dataloader.dataset
    assert dataset.ann_file == f'annotations/{SETS[name][2]}.json' and dataset.test_mode
    assert config.test_evaluator.type == ('DAVISMetric' if 'davis' in name else
                                          'ClassAgnosticVISMetric')
    measured = config.test_evaluator.get('ann_file') or config.test_evaluator.gt_dir
    assert measured.startswith(dataset.data_root)


@pytest.fixture
def moved(tmp_path):
    """Write a set as it unpacks, convert it; returns its config with the folder as data_root."""
    def make(name: str) -> Config:
        layout, open_source, _ = SETS[name]
        layout(tmp_path)
        config = read(name)
        dataset = config.test_dataloader.dataset
        converters.convert(open_source(tmp_path), tmp_path / dataset.ann_file)
        for key in ('ann_file', 'gt_dir'):
            if key in config.test_evaluator:
                config.test_evaluator[key] = config.test_evaluator[key].replace(
                    dataset.data_root, f'{tmp_path}/')
        dataset.data_root = str(tmp_path)
        return config
    return make


def predict_truth(dataset) -> list[dict]:
    """Make the predictions of a model that knows the truth, one sample per video."""
    samples = []
    for index, item in enumerate(dataset):
        frames = list(item['data_samples'])
        for frame, image in zip(frames, dataset.get_data_info(index)['images'], strict=True):
            ids = [instance['instance_id'] for instance in image['instances']]
            masks = [torch.from_numpy(decode_mask(instance['mask']) > 0)
                     for instance in image['instances']]
            frame.pred_track_instances = InstanceData(
                masks=torch.stack(masks) if masks else torch.zeros(0, *frame.ori_shape),
                scores=torch.full((len(ids),), 0.9), instances_id=torch.tensor(ids))
        samples.append(item['data_samples'].to_dict())
    return samples


@pytest.mark.parametrize('name', SETS)
def test_truth_is_measured_as_such(moved, name):
    config = moved(name)
    with DefaultScope.overwrite_default_scope('s2d_plugins'):
        dataset = DATASETS.build(config.test_dataloader.dataset)
        metric = METRICS.build(config.test_evaluator)
    metric.process({}, predict_truth(dataset))
    measured = metric.evaluate(size=1)
    # the made masks of DAVIS 2017 have an object 2 and no 1, which DAVIS counts as found in frame 0
    assert measured['davis/J&F_mean' if 'davis' in name else 'vis/AP'] == pytest.approx(
        2 / 3 if name == 'davis2017_val' else 1)
    assert len(dataset) == (1 if 'davis' in name else 2)


def test_a_split_without_annotations_is_for_a_server(moved, tmp_path):
    config = moved('ovis_valid')
    labels = tmp_path / config.test_dataloader.dataset.ann_file
    labels.write_text(labels.read_text().replace('"annotations"', '"left_out"'))
    with DefaultScope.overwrite_default_scope('s2d_plugins'):
        with pytest.raises(S2DInputError, match='ovis_valid.json has no annotations .*--format-on'):
            METRICS.build(config.test_evaluator)
        dataset = DATASETS.build(config.test_dataloader.dataset)
        metric = METRICS.build(dict(config.test_evaluator, format_only=True,
                                    outfile_prefix=str(tmp_path / 'sub')))
    metric.process({}, predict_truth(dataset))
    assert metric.evaluate(size=1) == {}
    assert (tmp_path / 'sub.submission_file.zip').is_file()
