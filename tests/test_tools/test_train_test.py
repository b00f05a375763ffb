import errno
import itertools
import json
import os
import pickle

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from tiny_recipe import ROOT, TRAINING, run

from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video

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
    assert not [path for path in (folder / 'run').rglob('.*')]
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


def test_resume_passes_over_what_cannot_be_read(folder, monkeypatch, capsys):
    options = ('--work-dir', 'run', '--cfg-options', 'train_cfg.max_iters=3',
               'default_hooks.checkpoint.interval=1', 'load_from=bright.pth')
    torch.save(dict(state_dict=dict(weight=torch.full((1,), 5.0))), 'bright.pth')
    assert run(monkeypatch, 'train', 'config.py', '--resume', *options) == 0
    out = capsys.readouterr().out
    assert 'there is no checkpoint in run; training from the beginning' in out
    assert 'Load checkpoint from bright.pth' in out
    last = folder / 'run/iter_3.pth'
    whole = last.read_bytes()
    last.write_bytes(whole[:-100])
    assert run(monkeypatch, 'train', 'config.py', '--resume', *options) == 0
    out = capsys.readouterr().out
    assert out.startswith('run/iter_3.pth is not a readable checkpoint')
    assert 'going on from run/iter_2.pth\n' in out and 'iter: 2' in out
    assert last.read_bytes()[:2] == b'PK' and torch.load(last, weights_only=False)
    last.unlink()
    assert run(monkeypatch, 'train', 'config.py', '--resume', *options) == 0
    assert 'run/iter_3.pth; give the path of a .pth file; going on from run/iter_2.pth\n' in (
        capsys.readouterr().out)
    (folder / 'run/last_checkpoint').unlink()
    assert run(monkeypatch, 'train', 'config.py', '--resume', *options) == 0
    assert 'run has no last_checkpoint; going on from run/iter_3.pth' in capsys.readouterr().out
    assert (folder / 'run/last_checkpoint').read_text() == str(folder / 'run/iter_3.pth')
    for path in (folder / 'run').glob('*.pth'):
        path.write_bytes(b'PK')
    assert run(monkeypatch, 'train', 'config.py', '--resume', *options) == 2
    assert 'no other checkpoint in run can be read' in errors(capsys)


@pytest.mark.parametrize('content', [b'', b'\n', b'\0', b'run/iter_9'])
def test_a_last_checkpoint_cut_short_by_a_kill(tmp_path, content):
    """mmengine writes that file in place."""
    from mmengine.config import Config

    from s2d_plugins.apis.runner_tools import resume_from
    for step in (9, 10):
        torch.save(dict(state_dict=dict(weight=torch.ones(1))), tmp_path / f'iter_{step}.pth')
    (tmp_path / 'last_checkpoint').write_bytes(content)
    cfg = Config(dict(work_dir=str(tmp_path)))
    assert resume_from(cfg, 'auto').endswith(f'; going on from {tmp_path / "iter_10.pth"}')
    assert cfg.resume and cfg.load_from == str(tmp_path / 'iter_10.pth')


def test_a_work_dir_that_was_moved_goes_on_by_itself(folder, monkeypatch, capsys):
    options = ('--cfg-options', 'train_cfg.max_iters=2', 'default_hooks.checkpoint.interval=1')
    assert run(monkeypatch, 'train', 'config.py', '--work-dir', 'run', *options) == 0
    (folder / 'run').rename(folder / 'moved')
    (folder / 'moved/last_checkpoint').write_text('run/iter_1.pth')
    capsys.readouterr()
    assert run(monkeypatch, 'train', 'config.py', '--work-dir', 'moved', '--resume',
               *options) == 0
    out = capsys.readouterr().out
    assert 'resumed epoch: 0, iter: 1' in out and 'going on' not in out


@pytest.mark.parametrize('place', [
    'mmengine.config.Config.fromfile', 'mmengine.runner.Runner.build_dataloader',
    'mmengine.runner.Runner.load_checkpoint', 'tiny_recipe.BrightSegmenter.forward',
    's2d_plugins.fileio.whole_file_backend.write_bytes'])
def test_ctrl_c_while_a_training_starts(folder, monkeypatch, capsys, place):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    torch.save(dict(state_dict=dict(weight=torch.ones(1))), 'bright.pth')
    monkeypatch.setattr(place, interrupt)
    assert run(monkeypatch, 'train', 'config.py', '--work-dir', 'run', '--cfg-options',
               'load_from=bright.pth', 'train_cfg.max_iters=1') == 130
    assert errors(capsys).endswith('\ninterrupted; run the same command again\n')
    assert not list(folder.rglob('*.pth')) or [path.name for path in folder.rglob('*.pth')] == [
        'bright.pth']
    assert not list(folder.rglob('.s2d-*'))


@pytest.mark.parametrize(('place', 'expected'), [
    ('mmengine.visualization.LocalVisBackend.add_config', 'cannot write'),
    ('mmengine.visualization.LocalVisBackend._dump', 'cannot write to run: No space left'),
    ('pathlib.Path.write_bytes', 'run/iter_1.pth: No space left')])
def test_a_full_disk_during_training(folder, monkeypatch, capsys, place, expected):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(place, full)
    assert run(monkeypatch, 'train', 'config.py', '--work-dir', 'run', '--cfg-options',
               'train_cfg.max_iters=1', 'default_hooks.logger.type=LoggerHook',
               'default_hooks.logger.interval=1') == 2
    last = errors(capsys).splitlines()[-1]
    assert last.startswith('error: ') and expected in last and 'No space left on device' in last
    assert not list((folder / 'run').glob('*.pth')) and not list(folder.rglob('.s2d-*'))


def test_an_unforeseen_error_of_a_training_is_in_its_log(folder, monkeypatch, capsys):
    steps = itertools.count()

    def unforeseen(self, *args, **kwargs):
        if next(steps) < 3:
            return dict(loss=self.weight.square().sum())
        raise TypeError('no length')

    monkeypatch.setattr('tiny_recipe.BrightSegmenter.forward', unforeseen)
    assert run(monkeypatch, 'train', 'config.py', '--work-dir', 'run') == 1
    log = next((folder / 'run').rglob('*.log'))
    assert errors(capsys).endswith(
        f'error: unexpected TypeError: no length; the traceback is in {log}\n')
    assert 'in unforeseen\n' in log.read_text()


@pytest.mark.parametrize('option', ['--resume', 'load_from'])
def test_weights_that_are_nan(folder, monkeypatch, capsys, option):
    torch.save(dict(state_dict=dict(weight=torch.full((1,), float('nan')))), 'nan.pth')
    args = ('--resume', 'nan.pth') if option == '--resume' else (
        '--cfg-options', 'load_from=nan.pth')
    assert run(monkeypatch, 'train', 'config.py', '--work-dir', 'run', *args) == 2
    assert ('error: nan.pth: 1 of 1 values of the weight state_dict.weight are NaN or infinite; '
            'the training') in errors(capsys)
    assert run(monkeypatch, 'test', 'config.py', 'nan.pth', '--work-dir', 'run') == 2
    assert 'are NaN or infinite' in errors(capsys)


def test_a_frame_that_cannot_be_read_ends_in_a_line(folder, monkeypatch, capsys):
    """In a data loader's worker too."""
    monkeypatch.setattr('tiny_recipe.BrightSegmenter.forward', forward)
    torch.save(dict(state_dict=dict(weight=torch.ones(1))), 'bright.pth')
    (folder / 'video/2.jpg').write_bytes(b'')
    for tool, *files in (('train', 'config.py'), ('test', 'config.py', 'bright.pth')):
        for workers in (0, 1):
            assert run(monkeypatch, tool, *files, '--work-dir', f'{tool}{workers}',
                       '--cfg-options', f'{tool}_dataloader.num_workers={workers}') == 2
            line, = [line for line in errors(capsys).splitlines() if line.startswith('error')]
            assert "labels.json, video 'video', frame 2: cannot read frame" in line
            assert line.endswith('video/2.jpg: it is empty (0 bytes); replace or remove it')


def forward(self, inputs, data_samples=None, mode='tensor'):
    """Loss, or predictions that equal the bright pixels."""
    if mode == 'loss':
        return dict(loss=(self.weight - 3).square().sum())
    scores, masks, _ = self.segment_window(inputs[0])
    for index in range(len(data_samples[0])):
        data_samples[0][index].pred_track_instances = InstanceData(
            masks=masks[:1, index] > 0, labels=torch.zeros(1, dtype=torch.long),
            scores=scores[:1], instances_id=torch.zeros(1, dtype=torch.long),
            bboxes=torch.zeros(1, 4))
    return data_samples


def test_evaluation_configs_take_the_model_of_a_training(folder, monkeypatch, capsys):
    """Model and test pipeline are the training's, data and metric the evaluation's."""
    monkeypatch.setattr('tiny_recipe.BrightSegmenter.forward', forward)
    torch.save(dict(state_dict=dict(weight=torch.ones(1))), 'bright.pth')
    data = folder / 'data/youtube_vis_2019'
    (data / 'valid').mkdir(parents=True)
    (data / 'annotations').mkdir()
    (folder / 'video').rename(data / 'valid/JPEGImages')
    labels = (folder / 'labels.json').read_text().replace('video/', '')
    (data / 'annotations/youtube_vis_2019_valid.json').write_text(labels)
    config = ROOT / 'configs/evaluation/youtubevis2019_val.py'
    command = ('test', config, 'bright.pth', '--work-dir', 'run', '--cfg-options',
               'test_dataloader.num_workers=0')
    assert run(monkeypatch, *command, '--model', 'config.py') == 0
    metrics = json.loads(next((folder / 'run').glob('*/*.json')).read_text())
    assert metrics['vis/AP'] == pytest.approx(1.0)
    (folder / 'no_model.py').write_text('test_dataloader = dict(dataset=dict())')
    assert run(monkeypatch, *command, '--model', 'no_model.py') == 2
    assert 'no_model.py has no model and test_dataloader; give the' in errors(capsys)


def no_number(frames):
    frames[1].pred_track_instances.scores[0] = float('nan')


def other_size(frames):
    found = frames[2].pred_track_instances
    frames[2].pred_track_instances = InstanceData(
        masks=found.masks[:, 1:], scores=found.scores, instances_id=found.instances_id)


def no_frame(frames):
    del frames[1:3]


def other_video(frames):
    for frame in frames:
        frame.set_metainfo(dict(video_id=7))


@pytest.mark.parametrize(('damage', 'message', 'score'), [
    (no_number, "predictions, track 0, video 'video' (id 1): score nan is not a finite", 0),
    (other_size, "track 0, video 'video' (id 1), frame 2: mask of size (47, 64), expected", 0),
    (no_frame, 'video 1, frame 1: no prediction, nor for 1 more of its 4 frames', 0.1),
    (other_video, 'predictions, track 0: video 7 is not in the ground truth', 0)])
def test_bad_predictions(folder, monkeypatch, capsys, damage, message, score):
    def damaged(self, *args, **kwargs):
        samples = forward(self, *args, **kwargs)
        damage(samples[0].video_data_samples)
        return samples

    monkeypatch.setattr('tiny_recipe.BrightSegmenter.forward', damaged)
    torch.save(dict(state_dict=dict(weight=torch.ones(1))), 'bright.pth')
    command = ('test', 'config.py', 'bright.pth', '--work-dir', 'run', '--cfg-options',
               'test_evaluator.outfile_prefix=run/found')
    assert run(monkeypatch, *command) == 2
    assert message in errors(capsys).replace('run/found.json', 'predictions')
    assert run(monkeypatch, *command, '--lenient') == 0
    assert '1 entries left out, the first:' in capsys.readouterr().out
    metrics = json.loads(max((folder / 'run').glob('*/*.json')).read_text())
    assert metrics['vis/AP'] == pytest.approx(score)


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
    (('config.py', '--work-dir', 'labels.json'), 'labels.json is a file, expected a folder'),
    (('config.py', '--work-dir', 'video', '--cfg-options', 'train_dataloader.dataset.data_root='
      'video'), 'the output folder video is the input video'),
])
def test_train_mistakes(folder, monkeypatch, capsys, args, expected):
    (folder / 'broken.py').write_text('model = (')
    torch.save(dict(state_dict={}, code=os.system), 'evil.pth')
    extra = () if '--work-dir' in args else ('--work-dir', 'run')
    assert run(monkeypatch, 'train', *args, *extra) == 2
    message, = [line for line in errors(capsys).splitlines() if line.startswith('error: ')]
    assert expected in message


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
@pytest.mark.parametrize('options', [
    ('--amp',), ('--cfg-options', 'optim_wrapper.type=mmengine.AmpOptimWrapper',
                 'optim_wrapper.dtype=float16')])
def test_without_a_gpu_amp_is_float32_and_says_so_once(folder, monkeypatch, capsys, options):
    assert run(monkeypatch, 'train', 'config.py', '--work-dir', 'run', *options) == 0
    said = capsys.readouterr()
    assert (said.out + said.err).count('needs a GPU and there is none: training in float32') == 1
    config = (folder / 'run/config.py').read_text()
    assert "type='OptimWrapper'" in config and 'loss_scale' not in config


def test_amp_leaves_bfloat16_as_it_is(folder, monkeypatch):
    assert run(monkeypatch, 'train', 'config.py', '--work-dir', 'run', '--amp', '--cfg-options',
               'optim_wrapper.type=BFloat16OptimWrapper') == 0
    assert "type='BFloat16OptimWrapper'" in (folder / 'run/config.py').read_text()


@pytest.mark.parametrize(('args', 'expected'), [
    (('config.py', 'none.pth'), 'cannot find the checkpoint none.pth'),
    (('config.py', 'none.pth', '--out', 'a.json'), 'ends with .pkl or .pickle, found a.json'),
    (('config.py', 'none.pth', '--tta'), 'has no tta_model'),
    (('config.py', 'none.pth', '--format-only', 'a', '--cfg-options',
      'test_evaluator.type=DAVISMetric'), 'tests with DAVISMetric, which writes no submission'),
    (('config.py', 'none.pth', '--lenient', '--cfg-options',
      'test_evaluator.type=YouTubeVISMetric'), 'YouTubeVISMetric, which stops at bad predictions'),
])
def test_test_mistakes(folder, monkeypatch, capsys, args, expected):
    assert run(monkeypatch, 'test', *args, '--work-dir', 'run') == 2
    assert expected in errors(capsys)


@pytest.mark.parametrize(('args', 'expected'), [
    (('--out', 'labels.pkl'), 'labels.pkl would be written over labels.pkl'),
    (('--format-only', 'labels'), 'labels.json would be written over labels.json'),
    (('--show-dir', 'video'), 'the output folder video is the input video'),
    (('--work-dir', 'config.py'), 'config.py is a file')])
def test_test_spares_its_inputs(folder, monkeypatch, capsys, args, expected):
    torch.save(dict(state_dict=dict(weight=torch.ones(1))), 'labels.pkl')
    before = (folder / 'labels.pkl').read_bytes(), (folder / 'labels.json').read_bytes()
    assert run(monkeypatch, 'test', 'config.py', 'labels.pkl', *args, '--cfg-options',
               'test_dataloader.dataset.data_prefix.img_path=video') == 2
    assert expected in errors(capsys)
    assert before == ((folder / 'labels.pkl').read_bytes(), (folder / 'labels.json').read_bytes())


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
