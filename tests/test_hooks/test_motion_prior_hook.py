"""The hook in a training config, with a prior from outside the package."""

import json
import multiprocessing
import os
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.json_files import read_json
from s2d_plugins.hooks import MotionPriorHook
from s2d_plugins.labels.proposals_file import write_proposals
from s2d_plugins.labels.rle import encode_mask

SIZE = (40, 56)

OUTSIDE = '''
import os
from pathlib import Path

import numpy as np
import torch
from mmengine.model import BaseModel
from mmengine.registry import MODELS

from s2d_plugins.motion import BaseMotionPrior
from s2d_plugins.registry import MOTION_PRIORS
from s2d_plugins.structures import PointTracks


@MOTION_PRIORS.register_module(force=True)
class StillPrior(BaseMotionPrior):
    """Nothing moves; notes each call and its release."""

    def track(self, frames, queries):
        with Path(os.environ['NOTES']).open('a') as file:
            file.write(f'track {os.getpid()}\\n')
        xy = np.repeat(queries[None, :, 1:], len(frames), axis=0)
        return PointTracks(xy, np.ones(xy.shape[:2], bool))

    def release(self):
        with Path(os.environ['NOTES']).open('a') as file:
            file.write('release\\n')


@MODELS.register_module(force=True)
class CountingModel(BaseModel):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen = set()

    def forward(self, video_id, mode='tensor', **rest):
        self.seen.update(video_id)
        return dict(loss=self.weight.sum())
'''

CONFIG = '''
default_scope = 's2d_plugins'
custom_imports = dict(imports=['outside_prior'])
work_dir = 'WORK/run'
model = dict(type='CountingModel')
train_dataloader = dict(
    batch_size=1, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(type='KeymaskDataset', ann_file='WORK/READS', pipeline=[],
                 data_prefix=dict(img_path='WORK/videos')))
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
default_hooks = dict(checkpoint=None, logger=None)
custom_hooks = [dict(
    type='MotionPriorHook', videos='WORK/videos', proposals='WORK/proposals',
    ann_file='WORK/keymasks.json', motion_prior=dict(type='StillPrior'))]
'''


def write_video(root, name, size=SIZE):
    mask = np.zeros(size, bool)
    mask[10:30, 10:40] = True
    (root / 'videos' / name).mkdir(parents=True)
    for t in range(8):
        cv2.imwrite(str(root / 'videos' / name / f'{t}.png'), np.full((*SIZE, 3), 99, np.uint8))
    write_proposals(root / 'proposals' / f'{name}.json', name, size,
                    [[{'segmentation': encode_mask(mask), 'score': 1.0}]] * 8)


@pytest.fixture
def root(tmp_path, monkeypatch):
    (tmp_path / 'outside_prior.py').write_text(OUTSIDE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, 'outside_prior', raising=False)
    monkeypatch.setenv('NOTES', str(tmp_path / 'notes'))
    for name in ('a', 'b'):
        write_video(tmp_path, name)
    return tmp_path


def train(root, reads='keymasks.json'):
    """Train once; returns the ids of the videos that the model saw."""
    path = root / 'config.py'
    path.write_text(CONFIG.replace('WORK', str(root)).replace('READS', reads))
    config = Config.fromfile(str(path))
    config.experiment_name = f'run_{os.urandom(8).hex()}'
    runner = Runner.from_cfg(config)
    runner.train()
    return runner.model.seen


def notes(root):
    path = root / 'notes'
    return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


def test_first_run_computes_second_nothing_third_what_is_new(root):
    assert train(root) == {1, 2}
    assert notes(root) == ['track', 'track', 'release']
    labels = read_json(root / 'keymasks.json')
    assert [video['name'] for video in labels['videos']] == ['a', 'b']
    assert all(sum(map(bool, x['segmentations'])) == 8 for x in labels['annotations'])
    assert train(root) == {1, 2}
    assert len(notes(root)) == 3
    write_video(root, 'c')
    # The data set was built before the hook ran; the loop is built again with the new video.
    assert train(root) == {1, 2, 3}
    assert notes(root)[3:] == ['track', 'release']


def hook(root, **kwargs):
    return MotionPriorHook(videos=str(root / 'videos'), proposals=str(root / 'proposals'),
                           ann_file=str(root / 'keymasks.json'), **kwargs)


def test_what_was_made_from_something_else_is_made_again(root):
    import outside_prior  # noqa: F401

    def run(**kwargs):
        before = len(notes(root))
        made = hook(root, motion_prior={'type': 'StillPrior'}, **kwargs)
        new = made.prepare()
        return notes(root)[before:].count('track'), new, len(
            read_json(root / 'keymasks.json')['annotations'])

    assert run() == (2, False, 2)  # made when it was built
    assert run() == (0, False, 2)
    assert run(min_keymasks=9) == (0, True, 0)
    assert run(min_keymasks=9) == (0, False, 0)
    os.utime(root / 'videos/a/3.png', (1, 1))
    assert run() == (1, True, 2)
    assert run(discovery=dict(grid_size=30)) == (2, True, 2)
    (root / 'videos/b').rename(root / 'b')  # one video less
    assert run(discovery=dict(grid_size=30)) == (0, True, 1)


def test_labels_of_another_program_are_kept(root):
    import outside_prior  # noqa: F401
    hook(root, motion_prior={'type': 'StillPrior'})
    edited = {key: value for key, value in read_json(root / 'keymasks.json').items()
              if key != 'made_from'}
    (root / 'keymasks.json').write_text(json.dumps(edited))
    assert not hook(root, motion_prior={'type': 'StillPrior'}, min_keymasks=9).prepare()
    assert read_json(root / 'keymasks.json') == edited


@pytest.mark.parametrize(('change', 'message'), [
    (dict(out_dir='proposals'), 'the output folder .*proposals is the input'),
    (dict(out_dir='videos'), 'the output folder .*videos is the input'),
    (dict(ann_file='videos'), 'videos is a folder, expected the name of a file')])
def test_outputs_spare_the_inputs(root, change, message):
    kwargs = dict(videos='videos', proposals='proposals', ann_file='keymasks.json')
    kwargs.update(change)
    with pytest.raises(S2DInputError, match=message):
        MotionPriorHook(**{key: str(root / value) for key, value in kwargs.items()})


def test_failing_videos_are_named(root):
    write_video(root, 'c', size=(30, 56))
    import outside_prior  # noqa: F401
    with pytest.raises(S2DInputError, match=r'1 of 3 videos failed.*c: .*is for frames of 30 x'):
        hook(root, motion_prior={'type': 'StillPrior'})
    assert not (root / 'keymasks.json').exists()


def test_data_set_of_another_file(root):
    import outside_prior  # noqa: F401
    hook(root, motion_prior={'type': 'StillPrior'}, out_dir=str(root / 'labels'))
    assert sorted(path.name for path in (root / 'labels').glob('*.json')) == ['a.json', 'b.json']
    (root / 'other.json').write_text((root / 'keymasks.json').read_text())
    with pytest.raises(S2DInputError, match='MotionPriorHook writes .*keymasks.json, but the'):
        train(root, reads='other.json')


def test_mmflow_is_the_default(root, monkeypatch):
    monkeypatch.setattr(MotionPriorHook, 'prepare', lambda self: False)
    assert hook(root).discovery == {'motion_prior': {'type': 'MMFlowPrior'}}


def _rank(root, rank, results):
    torch.distributed.init_process_group('gloo', init_method=f'file://{root}/rendezvous',
                                         rank=rank, world_size=2)
    import outside_prior  # noqa: F401
    made = hook(root, motion_prior={'type': 'StillPrior'})
    results.put((rank, (root / 'keymasks.json').exists(), made.prepare()))
    torch.distributed.destroy_process_group()


def test_two_ranks_share_and_wait(root):
    for name in 'cdef':
        write_video(root, name)
    context = multiprocessing.get_context('fork')
    results = context.Queue()
    ranks = [context.Process(target=_rank, args=(root, rank, results)) for rank in range(2)]
    for process in ranks:
        process.start()
    found = sorted(results.get(timeout=60) for _ in ranks)
    for process in ranks:
        process.join(30)
    assert found == [(0, True, False), (1, True, False)]
    assert notes(root).count('track') == 6
    assert len(read_json(root / 'keymasks.json')['videos']) == 6


def test_a_run_that_only_tests_discovers_nothing(tmp_path, monkeypatch):
    (tmp_path / 'keymasks.json').write_text('{}')
    hook = MotionPriorHook(str(tmp_path), str(tmp_path), str(tmp_path / 'keymasks.json'))
    monkeypatch.setattr(hook, 'prepare', lambda: pytest.fail('discovery has started'))
    for loop in (None, dict(type='EpochBasedTrainLoop')):  # none, or one that was not built
        hook.before_run(SimpleNamespace(_train_loop=loop))
