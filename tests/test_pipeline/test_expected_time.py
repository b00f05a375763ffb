"""Expected times by hand: two clips of 100 and 20 frames of 854 x 480 and of half as many rows."""

import pytest
from mmengine.config import Config

from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.pipeline import expected_time as module
from s2d_plugins.pipeline.clips import Clip
from s2d_plugins.pipeline.console import Console
from s2d_plugins.pipeline.context import Context
from s2d_plugins.pipeline.expected_time import expected_time, probe_seconds
from s2d_plugins.pipeline.stage_names import STAGES
from s2d_plugins.pipeline.trained_models import note_training
from s2d_plugins.pipeline.workspace import Workspace

TRAINING = '''
model = dict(type='M')
train_dataloader = dict(dataset=dict(type='D'))
train_cfg = dict(max_iters={steps})
optim_wrapper = dict()
'''
PIPELINE = '''
proposer = dict(type='{proposer}')
discovery = dict(motion_prior=dict(type='{prior}'))
distill = dict(config='{distill}.py', options={{'train_cfg.max_iters': 600}})
final = dict(config='final_small.py')
'''


@pytest.fixture(autouse=True)
def rates(monkeypatch):
    """1 and 2 seconds a frame before, 3 and 4 after; 0.5 and 0.25 a step; a probe of 10 ms."""
    monkeypatch.setattr(module, 'FRAME_SECONDS', dict(proposals=1, keymasks=2, dense=3, infer=4))
    monkeypatch.setattr(module, 'STEP_SECONDS', dict(s2d_small=0.5, final_small=0.25))
    monkeypatch.setattr(module, 'REFERENCE_PROBE', 0.01)
    monkeypatch.setattr(module, 'OUTLINE_SECONDS', 1)


@pytest.fixture
def context(tmp_path):
    def make(device='cpu', proposer='MotionColorProposer', prior='OpenCVFlowPrior',
             distill='s2d_small'):
        for name in (distill, 'final_small'):
            (tmp_path / f'{name}.py').write_text(TRAINING.format(steps=300))
        path = tmp_path / 'pipeline.py'
        path.write_text(PIPELINE.format(proposer=proposer, prior=prior, distill=distill))
        clips = [Clip(name, name, f'{name}.mp4', 's', 0, 1, 0, length, 24.0, size, size,
                      [f'{index}.jpg' for index in range(length)])
                 for name, length, size in (('a', 100, (480, 854)), ('b', 20, (240, 854)))]
        return Context(Config.fromfile(path), dict(a=tmp_path, b=tmp_path),
                       Workspace(tmp_path / 'out'), Console(tmp_path / 'log'), device, clips)
    return make


def line(context, probe=0.01, stages=STAGES):
    return expected_time(context, stages, lambda: probe)


def write_results(context, stage, *names):
    for name in names:
        write_json(context.workspace.clip_file(stage, name), {})


def finish(context, stage):
    folder = context.workspace.stage_folder(stage)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'iter_9.pth').touch()
    note_training(folder, folder / 'iter_9.pth')


def test_frames_times_rates_and_steps_times_rates(context):
    """(100 + 20 / 2) x 3 before, 120 x 7 after, 600 x 0.5 + 300 x 0.25: 1545 s."""
    assert line(context()) == (
        'expected: about 26 min for 120 frames (600 + 300 training steps) on this CPU')


def test_a_machine_of_another_speed(context):
    """1545 s x 3 = 77 min; a hundredth is 15 s."""
    assert 'about 1 h 17 min for' in line(context(), probe=0.03)
    assert 'less than a minute for' in line(context(), probe=0.0001)


def test_what_is_done_takes_no_time(context):
    """Clip b has 20 frames: 10 x 3 s before; learning goes on with all: 30 + 840 + 375 s."""
    run = context()
    write_results(run, 'proposals', 'a')
    write_results(run, 'keymasks', 'a')
    finish(run, 'distill')
    assert 'about 21 min for 120 frames (600 + 300 training steps)' in line(run)
    write_results(run, 'proposals', 'b')
    write_results(run, 'keymasks', 'b')
    write_results(run, 'dense', 'a', 'b')
    assert 'about 9 min for 120 frames (300 training steps)' in line(run)  # 75 + 480 s
    finish(run, 'final')
    assert 'about 8 min for 120 frames on' in line(run)
    for name in 'ab':
        write_json(run.workspace.summary_file(name), {})
    assert line(run) is None


def test_a_stopped_training_has_the_rest_to_go(context):
    """Of 600 steps 500 are done; only that stage: 50 s."""
    run = context()
    folder = run.workspace.stage_folder('distill')
    folder.mkdir(parents=True)
    for name in ('iter_400.pth', 'iter_500.pth', 'init.pth', 'iter_x.pth'):
        (folder / name).touch()
    assert line(run, stages=['distill']) == (
        'expected: about 1 min for 120 frames (100 training steps) on this CPU')


def test_files_of_others_cost_no_time(context):
    found = line(context(proposer='s2d_plugins.PrecomputedProposals'),
                 stages=['proposals', 'keymasks'])
    assert found == 'expected: about 4 min for 120 frames on this CPU'  # 110 x 2 s


def test_what_was_not_measured_is_said(context):
    def never():
        raise AssertionError('no need to measure')

    for run, text in (
            (context('cuda'), 'expected: not measured on a GPU; the bars tell, for 120 frames '
                              '(600 + 300 training steps)'),
            (context(distill='r50'), 'expected: not measured for r50; the bars tell, for'),
            (context(proposer='Mine', prior='CoTrackerPrior'), 'for Mine, CoTrackerPrior; the')):
        assert text in expected_time(run, STAGES, never)


def test_the_probe_is_short():
    assert 0 < probe_seconds(repeats=2) < 1


def test_outlines_take_their_time(context):
    """Of 120 frames keymasks take 2 x 100 + 2 x 20 / 2 s, outlines 120 a gap: 220 + 240."""
    run = context()
    run.cfg.keymask_refinement = [dict(type='EdgeRefiner'),
                                  dict(type='s2d_plugins.LearntOutline', gaps=(-1, 1))]
    assert 'about 8 min for' in line(run, stages=['keymasks'])
    run.cfg.keymask_refinement = dict(type='LearntOutline')  # four gaps: 220 + 480
    assert 'about 12 min for' in line(run, stages=['keymasks'])
    run.cfg.keymask_refinement = dict(type='EdgeRefiner')
    assert 'about 4 min for' in line(run, stages=['keymasks'])
