"""The tools with --engine ray: the same files as without it."""

import importlib.util
import json
import os
import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from bright_model import red_squares, write_model

from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.proposals_file import write_proposals
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_labels, make_video

ray = pytest.importorskip('ray')
ROOT = Path(__file__).parents[2]
LENGTHS = dict(cat=6, cow=5, dog=4)


@pytest.fixture(scope='module', autouse=True)
def two_workers():
    paths = os.pathsep.join(path for path in sys.path if path)
    ray.init(num_cpus=2, log_to_driver=False, logging_level='ERROR',
             runtime_env=dict(env_vars=dict(PYTHONPATH=paths)))
    yield
    ray.shutdown()


@pytest.fixture
def folder(tmp_path):
    """Three videos, one broken one, and a model."""
    for name, length in LENGTHS.items():
        (tmp_path / 'videos' / name).mkdir(parents=True)
        for index, frame in enumerate(red_squares(length)):
            cv2.imwrite(str(tmp_path / 'videos' / name / f'{index}.png'), frame[..., ::-1])
    (tmp_path / 'videos/bad').mkdir()
    (tmp_path / 'videos/bad/0.png').write_bytes(b'no picture')
    write_model(tmp_path, extra="custom_imports = dict(imports=['bright_model'])\n")
    return tmp_path


def run(monkeypatch, capsys, tool, *argv):
    """Run a tool; returns its exit code and what it says, without the bar."""
    spec = importlib.util.spec_from_file_location(tool, ROOT / 'tools' / f'{tool}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, 'argv', [tool, *map(str, argv)])
    code = module.main() if tool in ('propose_masks', 'discover_keymasks') else (
        module.run_tool(module.main))
    said = capsys.readouterr()
    return code, said.out, '\n'.join(line for line in said.err.splitlines() if '%|' not in line)


def files(folder):
    """What is in a folder, without notes of failures, whose paths differ."""
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob('*')) if path.is_file()
            and path.suffix != '.mp4' and '.failures' not in path.parts}


def both(monkeypatch, capsys, folder, tool, *argv):
    """Run a tool on each engine; the results are the same but for the path of the output."""
    made = {}
    for engine in ('local', 'ray'):
        out = folder / f'out_{engine}'
        code, said, errors = run(monkeypatch, capsys, tool, *argv, out / 'results'
                                 if '--out-dir' not in argv else out, '--engine', engine)
        text = [re.sub(r'out_(local|ray)', 'out', line)
                for line in (said + errors).splitlines()]
        made[engine] = code, sorted(set(text)), files(out)
    assert made['local'][0] == made['ray'][0]
    assert made['local'][2].keys() == made['ray'][2].keys()
    for name, content in made['local'][2].items():
        assert content == made['ray'][2][name], name
    return made['ray']


def test_propose_masks(folder, monkeypatch, capsys):
    code, said, found = both(monkeypatch, capsys, folder, 'propose_masks',
                             ROOT / 'configs/proposals/motion_color.py', '--videos',
                             folder / 'videos', '--out')
    assert code == 2 and len([name for name in found if name.endswith('.json')]) == 3
    assert any('failed: bad:' in line for line in said)
    assert json.loads((folder / 'out_ray/results/.failures/bad.json').read_text())['reason']


def test_discover_keymasks(folder, monkeypatch, capsys):
    for name, length in (*LENGTHS.items(), ('bad', 1)):
        masks = [[dict(segmentation=encode_mask(frame[..., 0] > 140), score=1.0)]
                 for frame in red_squares(length)]
        write_proposals(folder / 'proposals' / f'{name}.json', name, (40, 56), masks)
    code, said, found = both(
        monkeypatch, capsys, folder, 'discover_keymasks', ROOT / 'configs/motion/opencv_flow.py',
        '--videos', folder / 'videos', '--proposals', folder / 'proposals', '--out')
    assert code == 2 and len(found) == 3 and any('failed: bad:' in line for line in said)
    code, said, _ = run(monkeypatch, capsys, 'discover_keymasks',
                        ROOT / 'configs/motion/opencv_flow.py', '--videos', folder / 'videos',
                        '--proposals', folder / 'proposals', '--out', folder / 'out_ray/results',
                        '--engine', 'ray')
    assert '(3 from earlier runs)' in said


def test_densify_labels(folder, monkeypatch, capsys):
    videos = [make_video(number, name, (40, 56),
                         [f'{name}/{index}.png' for index in range(length)])
              for number, (name, length) in enumerate([*LENGTHS.items(), ('bad', 1)], 1)]
    write_json(folder / 'labels.json', make_labels(videos, []))
    code, said, found = both(
        monkeypatch, capsys, folder, 'densify_labels', folder / 'model.py', folder / 'model.pth',
        folder / 'labels.json', '--data-root', folder / 'videos', '--device', 'cpu', '--out')
    assert code == 2 and len(found) == 4
    assert any('failed: bad:' in line for line in said)


def test_infer_video(folder, monkeypatch, capsys):
    code, said, found = both(
        monkeypatch, capsys, folder, 'infer_video', folder / 'model.py', folder / 'model.pth',
        folder / 'videos', '--device', 'cpu', '--save', 'json,npz', '--out-dir')
    assert code == 2 and {name for name in found if name.endswith('results.json')} == {
        f'{name}/results.json' for name in LENGTHS}
    assert any('3 instances in 3 of 4 videos' in line for line in said)
    results = json.loads(found['cow/results.json'])
    assert [one['video_id'] for one in results] == [3]  # bad, cat, cow, dog
    assert np.load(folder / 'out_ray/cow/tracks.npz')['scores'].shape == (1,)


def test_a_camera_is_for_one_process(folder, monkeypatch, capsys):
    code, _, errors = run(monkeypatch, capsys, 'infer_video', folder / 'model.py',
                          folder / 'model.pth', 'camera:0', '--out-dir', folder / 'out',
                          '--engine', 'ray')
    assert code == 2 and 'expected videos that all nodes can open, found a camera' in errors


def test_run_s2d(tmp_path, monkeypatch, capsys):
    """The stages that go video by video; what failed in one of them is told of its video."""
    import tiny_recipe
    for name in ('one', 'two', 'cut'):
        tiny_recipe.make_video(tmp_path / f'videos/{name}.mp4', cut=8 if name == 'cut' else None)
    (tmp_path / 'videos/bad.mp4').write_bytes(b'no video')
    config = tiny_recipe.write_recipe(
        tmp_path / 'recipe', "custom_imports = dict(imports=['tiny_recipe'])\n"
        'engine = dict(num_cpus=0.5)\n')
    found, costs = {}, {}
    for engine in ('local', 'ray'):
        out = tmp_path / f'work_{engine}'
        assert tiny_recipe.run(monkeypatch, 'run_s2d', config, '--videos', tmp_path / 'videos',
                               '--work-dir', out, '--device', 'cpu', '--engine', engine) == 2
        said = capsys.readouterr().out
        assert '1 of 4 videos have a problem' in said and 'bad' in said
        found[engine] = {
            str(path.relative_to(out)): re.sub(rb'work_(local|ray)', b'work', path.read_bytes())
            for pattern in ('stages/proposals/*.json', 'stages/keymasks/*.json',
                            'stages/dense/*.json', 'stages/*.json', '*/results.json')
            for path in out.glob(pattern) if path.name not in ('state.json', 'run.json')}
        state = json.loads((out / 'stages/state.json').read_text())
        costs[engine] = {(stage, item): sorted(record) for stage in state
                         for item, record in state[stage].get('items', {}).items()}
        summary = json.loads((out / 'cut/summary.json').read_text())
        assert summary['stages']['infer']['seconds'] > 0
        assert summary['stages']['proposals']['proposals'] > 0
    assert found['local'].keys() == found['ray'].keys() and len(found['ray']) > 12
    for name, content in found['local'].items():
        assert content == found['ray'][name], name
    assert costs['local'] == costs['ray']
    monkeypatch.setattr(tiny_recipe.BrightProposer, 'propose', None)
    assert tiny_recipe.run(monkeypatch, 'run_s2d', config, '--videos', tmp_path / 'videos',
                           '--work-dir', tmp_path / 'work_ray', '--device', 'cpu',
                           '--engine', 'ray') == 2
    assert 'proposals: 4 of 4 clips were done before' in capsys.readouterr().out


def test_a_video_that_fails_on_the_cluster(tmp_path, monkeypatch, capsys):
    import tiny_recipe
    for name in ('one', 'two'):
        tiny_recipe.make_video(tmp_path / f'videos/{name}.mp4')
    config = tiny_recipe.write_recipe(
        tmp_path / 'recipe', "custom_imports = dict(imports=['tiny_recipe'])\n")
    arguments = (config, '--videos', tmp_path / 'videos', '--work-dir', tmp_path / 'work',
                 '--device', 'cpu', '--engine', 'ray')
    assert tiny_recipe.run(monkeypatch, 'run_s2d', *arguments, '--stages', 'frames') == 0
    for frame in (tmp_path / 'work/stages/frames/two').glob('*.jpg'):
        frame.write_bytes(b'no picture')
    capsys.readouterr()
    assert tiny_recipe.run(monkeypatch, 'run_s2d', *arguments, '--stages', 'proposals') == 2
    said = capsys.readouterr().out
    assert 'failed: two: ' in said and '1 of 2 videos have a problem' in said
    assert (tmp_path / 'work/stages/proposals/one.json').is_file()
    assert not (tmp_path / 'work/stages/proposals/two.json').exists()


@pytest.mark.parametrize('lenient', [False, True])
def test_convert_dataset(folder, monkeypatch, capsys, lenient):
    """Videos are in the order of the source, whoever has read them."""
    if not lenient:
        (folder / 'videos/bad/0.png').unlink()
        (folder / 'videos/bad').rmdir()
    made = {}
    for engine in ('local', 'ray'):
        spec = importlib.util.spec_from_file_location(
            'convert_dataset', ROOT / 'tools/dataset_converters/convert_dataset.py')
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        out = folder / f'{engine}.json'
        assert module.main(['videos', str(folder / 'videos'), '--out', str(out), '--engine', engine,
                            *(['--lenient'] if lenient else [])]) == 0
        made[engine] = out.read_bytes()
        assert ('1 faults, left out' in capsys.readouterr().err) == lenient
    assert made['local'] == made['ray']
    assert [video['name'] for video in json.loads(made['ray'])['videos']] == ['cat', 'cow', 'dog']
    assert not list(folder.glob('.s2d-*'))


def test_a_fault_ends_a_conversion(folder, capsys):
    spec = importlib.util.spec_from_file_location(
        'convert_dataset', ROOT / 'tools/dataset_converters/convert_dataset.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    out = folder / 'all.json'
    assert module.main(['videos', str(folder / 'videos'), '--out', str(out), '--engine',
                        'ray']) == 2
    assert 'bad' in capsys.readouterr().err and not out.exists()
    assert not list(folder.glob('.s2d-*'))
