"""The training benchmark: a tiny run to its end, its numbers by hand, and its errors."""

import importlib
import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / 'projects/s2d/benchmarks'
NAMES = ('benchmark_training', 'training_variants', 'training_report', 'attention_paths')


@pytest.fixture(scope='module')
def part():
    """A function that imports a file of the benchmark."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        yield importlib.import_module
        for name in NAMES:
            sys.modules.pop(name, None)


TINY = ['--size', 'small', '--device', 'cpu', '--steps', '2', '--warmup', '0', '--batch-size', '1',
        '--image-size', '64', '64', '--teacher-instances', '2']


def test_tiny_run(part, tmp_path, capsys):
    tool = part('benchmark_training')
    assert tool.main([*TINY, '--no-memory', '--rows', 'mmdet', 'ours', 'teacher', 'transfers',
                      'attention-compiled', '--out', str(tmp_path)]) == 0
    found = json.loads((tmp_path / 'training.json').read_text())['small']
    assert list(found['rows']) == ['mmdet', 'ours', 'teacher', 'transfers']
    for row in found['rows'].values():
        assert len(row['seconds']) == 2 and row['least'] > 0 and row['losses'] > 0
    for name in ('mmdet', 'transfers'):
        assert found['rows'][name]['ratio'][name] == 1
    assert found['rows']['ours']['ratio'].keys() == {'mmdet', 'transfers'}
    assert found['not_available'] == {'attention-compiled': 'only for GPUs'}
    text = (tmp_path / 'training.md').read_text()
    assert 'mmdet Mask2FormerVideo, 12,544 points' in text
    assert 'attention: compiled' in text and 'not available: only for GPUs' in text
    assert '3 frames of 64 x 64' in text
    assert text.splitlines()[2] in capsys.readouterr().out


def test_peak_memory_is_what_building_and_two_steps_add(part, monkeypatch):
    done = []

    class Noting:
        def __init__(self, variant, **setting):
            done.append(f'build {variant.label}')

        def make_batch(self):
            return 'batch'

        def step(self, batch):
            done.append(f'step with {batch}')

    tool, discovery = part('benchmark_training'), part('benchmark_discovery')
    monkeypatch.setattr(part('training_variants'), 'Trainer', Noting)
    monkeypatch.setattr(discovery, 'reset_peak', lambda: done.append('reset'))
    monkeypatch.setattr(discovery, 'memory_mb', dict(VmRSS=100.0, VmHWM=350.0).__getitem__)
    assert tool.peak_memory('ours', dict(device='cpu')) == 250
    assert done == ['reset', 'build ours without teacher', *['step with batch'] * 2]


def test_rows_that_fail_are_listed(part, monkeypatch):
    class Failing:
        def __init__(self, variant, **setting):
            self.variant = variant

        def make_batch(self):
            return {}

        def step(self, batch):
            if self.variant == 'bad':
                raise RuntimeError('CUDA out of memory.\nTried to allocate')

        def prepare_losses(self):
            return lambda: None

    tool = part('benchmark_training')
    monkeypatch.setattr(part('training_variants'), 'Trainer', Failing)
    times, failed = tool.time_rows(dict(a='good', b='bad', c='good'),
                                   dict(size='small', device='cpu'), 3, 1)
    assert failed == dict(b='CUDA out of memory. Tried to allocate')
    assert list(times) == ['a', 'c'] and len(times['a']['steps']) == 3


def test_numbers_by_hand(part):
    rows = part('training_report').summarise(
        dict(mmdet=dict(steps=[2.0, 4.0, 8.0], losses=[1.0, 1.0, 4.0]),
             transfers=dict(steps=[2.0, 4.0, 4.0], losses=[1.0, 1.0, 1.0]),
             ours=dict(steps=[1.0, 4.0, 6.0], losses=[0.5, 0.25, 0.5])), images=6)
    # ratios within the rounds: 1/2, 1, 3/4 and 1/2, 1, 3/2
    assert rows['ours'] == dict(
        seconds=[1.0, 4.0, 6.0], median=4.0, least=1.0, images_per_second=1.5, losses=0.5,
        ratio=dict(mmdet=0.75, transfers=1.0), ratio_of_least=dict(mmdet=0.5, transfers=0.5))
    assert rows['mmdet']['ratio']['mmdet'] == rows['mmdet']['ratio_of_least']['mmdet'] == 1.0
    assert part('training_report').summarise(
        dict(ours=dict(steps=[1.0], losses=[1.0])), 3)['ours']['ratio'] == {}


def test_gains_and_targets_by_hand(part):
    def row(seconds, memory, ratio):
        return dict(median=seconds, memory_mb=memory, ratio=dict(mmdet=ratio))
    assert part('training_report').find_gains(dict(
        ours=row(2.0, 100.0, 0.8), teacher=row(3.0, None, 1.5), points=row(5.0, 300.0, 2.0),
        transfers=row(2.5, None, 1.0))) == [
        'the whole grid instead of 160,000 points: 5.000 s -> 2.000 s a step (2.50 times as fast), '
        'peak memory 300 MB -> 100 MB',
        'one transfer for all matchings instead of one per layer: 2.500 s -> 2.000 s a step '
        '(1.25 times as fast)',
        "ours: 0.80 steps of mmdet's, at most 1.0 wanted: met",
        "teacher: 1.50 steps of mmdet's, at most 1.4 wanted: missed"]


def test_keymasks_are_in_two_of_three_frames(part):
    variants = part('training_variants')
    sparse, full = (variants.make_batch((2, 64, 96), sparse) for sparse in (True, False))
    for batch, expected in ((sparse, 2), (full, 3)):
        assert [tuple(clip.shape) for clip in batch['inputs']] == [(3, 3, 64, 96)] * 2
        assert [len(clip[t].gt_instances.instances_ids) for clip in batch['data_samples']
                for t in range(3)] == [expected] * 6
    for one, other in zip(sparse['inputs'], full['inputs'], strict=True):
        assert (one == other).all()


def test_attention_is_as_before_afterwards(part):
    paths = part('attention_paths')
    module = importlib.import_module('mmcv.ops.multi_scale_deform_attn')
    before = module.IS_CUDA_AVAILABLE, module.multi_scale_deformable_attn_pytorch
    with paths.attention_path('compiled'):
        assert module.IS_CUDA_AVAILABLE
    assert (module.IS_CUDA_AVAILABLE, module.multi_scale_deformable_attn_pytorch) == before
    assert paths.missing_attention('pytorch', 'cuda') is None
    assert paths.usual_attention('cpu') == 'pytorch'


def test_on_a_gpu_the_attention_paths_are_rows_and_absent_ones_say_why(part, monkeypatch):
    paths = part('attention_paths')
    monkeypatch.setattr(paths.compat, 'has_compiled_ops', lambda: False)
    monkeypatch.setattr(paths.importlib.util, 'find_spec', lambda name: None)
    rows, missing = part('benchmark_training').choose_rows(None, 'cuda')
    assert list(rows) == ['mmdet', 'ours', 'teacher', 'points', 'transfers', 'attention-pytorch']
    assert missing == {'attention-deformops': 'deformops is not installed',
                       'attention-compiled': 'mmcv has no compiled ops'}
    assert paths.usual_attention('cuda') == 'pytorch'
    monkeypatch.setattr(paths.compat, 'has_compiled_ops', lambda: True)
    assert paths.usual_attention('cuda') == 'compiled'


@pytest.mark.parametrize(('arguments', 'line'), [
    (['--steps', '0'], 'error: expected --steps of at least 1, found 0'),
    (['--warmup', '-1'], 'error: expected --warmup of at least 0, found -1'),
    (['--batch-size', '0'], 'error: expected --batch-size of at least 1, found 0'),
    (['--image-size', '8', '64'], 'error: expected --image-size of at least 32 32, found 8 64'),
    (['--rows', 'mine'], "error: there is no row 'mine' for --rows; choose from mmdet, ours"),
    (['--device', 'tpu'], "error: expected the device cpu, cuda or cuda:N, found 'tpu'"),
    (['--out', __file__], f'error: --out {__file__} is a file; give a folder'),
])
def test_bad_arguments_take_one_line(part, capsys, arguments, line):
    assert part('benchmark_training').main([*TINY, *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith(line) and '\n' not in error
