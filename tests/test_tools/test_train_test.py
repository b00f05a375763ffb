import json
import os
import pickle

import cv2
import numpy as np
import pytest
import torch
from tiny_recipe import TRAINING, run

from s2d_plugins.labels import encode_mask, make_annotation, make_labels, make_video

TESTING = '''
test_dataloader = dict(
    batch_size=1, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='KeymaskDataset', ann_file='labels.json', data_prefix=dict(img_path=''),
                 test_mode=True, pipeline=[
        dict(type='TransformBroadcaster', transforms=[dict(type='LoadImageFromFile')]),
        dict(type='PackTrackInputs')]))
test_evaluator = dict(type='ClassAgnosticVISMetric', ann_file='labels.json')
test_cfg = dict(type='TestLoop')
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with frames, labels and a training config."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LOCAL_RANK', '0')
    mask = np.zeros((48, 64), bool)
    mask[10:30, 10:40] = True
    names = []
    for index in range(4):
        names.append(f'video/{index}.jpg')
        path = tmp_path / names[-1]
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), np.where(mask[..., None], 220, 20).repeat(3, axis=2))
    labels = make_labels([make_video(1, 'video', (48, 64), names)],
                         [make_annotation(1, 1, [encode_mask(mask)] * 4)])
    (tmp_path / 'labels.json').write_text(json.dumps(labels))
    (tmp_path / 'config.py').write_text(TRAINING.replace('none.json', 'labels.json') + TESTING)
    return tmp_path


def errors(capsys):
    err = capsys.readouterr().err
    assert 'Traceback' not in err
    return err


def test_train_resume_and_test(folder, monkeypatch, capsys):
    monkeypatch.setattr('tiny_recipe.BrightSegmenter.forward', forward)
    options = ('--cfg-options', 'train_cfg.max_iters=3', 'default_hooks.checkpoint.interval=2')
    assert run(monkeypatch, 'train', 'config.py', '--work-dir', 'run', *options) == 0
    assert (folder / 'run/last_checkpoint').read_text().endswith('iter_3.pth')
    # back to step 2, then to the end
    (folder / 'run/last_checkpoint').write_text('run/iter_2.pth')
    assert run(monkeypatch, 'train', 'config.py', '--work-dir', 'run', '--resume', *options) == 0
    assert 'resumed epoch: 0, iter: 2' in capsys.readouterr().out
    assert run(monkeypatch, 'train', 'config.py', '--work-dir', 'run', '--resume',
               'run/iter_2.pth', *options) == 0
    assert run(monkeypatch, 'test', 'config.py', 'run/iter_3.pth', '--work-dir', 'tested',
               '--out', 'found.pkl') == 0
    metrics = json.loads(next((folder / 'tested').glob('*/*.json')).read_text())
    assert max(metrics.values()) == pytest.approx(1.0)
    with open('found.pkl', 'rb') as file:
        assert len(pickle.load(file)) == 1
    # a submission needs no annotations, only the frames
    labels = json.loads((folder / 'labels.json').read_text())
    (folder / 'labels.json').write_text(json.dumps({**labels, 'annotations': []}))
    assert run(monkeypatch, 'test', 'config.py', 'run/iter_3.pth', '--work-dir', 'tested',
               '--format-only', 'sub/mission') == 0
    submission = json.loads((folder / 'sub/mission.json').read_text())
    assert {result['video_id'] for result in submission} == {1}
    assert (folder / 'sub/mission.submission_file.zip').is_file()


def forward(self, inputs, data_samples=None, mode='tensor'):
    """Loss, or predictions that equal the bright pixels."""
    if mode == 'loss':
        return dict(loss=(self.weight - 3).square().sum())
    from mmengine.structures import InstanceData
    scores, masks, _ = self.segment_window(inputs[0])
    for index in range(len(data_samples[0])):
        data_samples[0][index].pred_track_instances = InstanceData(
            masks=masks[:1, index] > 0, labels=torch.zeros(1, dtype=torch.long),
            scores=scores[:1], instances_id=torch.zeros(1, dtype=torch.long),
            bboxes=torch.zeros(1, 4))
    return data_samples


@pytest.mark.parametrize(('args', 'expected'), [
    (('none.py',), 'config none.py does not exist'),
    (('labels.json',), 'expected a .py config'),
    (('broken.py',), 'config broken.py cannot be read'),
    (('config.py', '--auto-scale-lr'), 'has no auto_scale_lr'),
    (('config.py', '--resume', 'none.pth'), 'cannot find the checkpoint none.pth'),
    (('config.py', '--resume', 'evil.pth'), 'evil.pth holds'),
    (('config.py', '--cfg-options', 'model.type=Nobody'), 'Nobody is not in the'),
    (('config.py', '--cfg-options', 'model.size=3'), "unexpected keyword argument 'size'"),
    (('config.py', '--cfg-options', 'train_dataloader.dataset.ann_file=no.json'),
     'cannot read no.json'),
    (('config.py', '--work-dir', 'labels.json'), 'choose another --work-dir'),
])
def test_train_mistakes(folder, monkeypatch, capsys, args, expected):
    (folder / 'broken.py').write_text('model = (')
    torch.save(dict(state_dict={}, code=os.system), 'evil.pth')
    extra = () if '--work-dir' in args else ('--work-dir', 'run')
    assert run(monkeypatch, 'train', *args, *extra) == 2
    message, = [line for line in errors(capsys).splitlines() if line.startswith('error: ')]
    assert expected in message


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_amp_needs_a_gpu(folder, monkeypatch, capsys):
    assert run(monkeypatch, 'train', 'config.py', '--amp') == 2
    assert '--amp needs a GPU' in errors(capsys)


@pytest.mark.parametrize(('args', 'expected'), [
    (('config.py', 'none.pth'), 'cannot find the checkpoint none.pth'),
    (('config.py', 'none.pth', '--out', 'a.json'), 'ends with .pkl or .pickle, found a.json'),
    (('config.py', 'none.pth', '--tta'), 'has no tta_model'),
    (('config.py', 'none.pth', '--format-only', 'a', '--cfg-options',
      'test_evaluator.type=DAVISMetric'), 'tests with DAVISMetric, which writes no submission'),
])
def test_test_mistakes(folder, monkeypatch, capsys, args, expected):
    assert run(monkeypatch, 'test', *args, '--work-dir', 'run') == 2
    assert expected in errors(capsys)


def test_work_dir_and_launcher_defaults(folder, monkeypatch):
    import argparse

    from s2d_plugins.apis.runner_tools import add_runner_arguments, read_runner_config
    parser = argparse.ArgumentParser()
    add_runner_arguments(parser)
    cfg = read_runner_config(parser.parse_args(['config.py']))
    assert cfg.work_dir == os.path.join('work_dirs', 'config') and cfg.launcher == 'none'
    cfg = read_runner_config(parser.parse_args(['config.py', '--work-dir', 'a', '--local-rank',
                                                '1', '--cfg-options', 'work_dir=b']))
    assert cfg.work_dir == 'a'
