"""The tool over folders: resume, failures, priors from outside, torchrun."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from s2d_plugins.labels.proposals_file import write_proposals
from s2d_plugins.labels.rle import encode_mask

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / 'tools' / 'discover_keymasks.py'
CONFIG = ROOT / 'configs' / 'motion' / 'opencv_flow.py'
sys.path.insert(0, str(ROOT / 'tools'))
import discover_keymasks  # noqa: E402

SIZE = (48, 64)


def write_video(videos, proposals, name, length=8):
    """A textured square that moves by two pixels a frame over another texture, and its masks."""
    rng = np.random.default_rng(0)
    texture = cv2.GaussianBlur(rng.integers(0, 255, (80, 120, 3), dtype=np.uint8), (0, 0), 1.5)
    square = cv2.GaussianBlur(rng.integers(0, 255, (24, 24, 3), dtype=np.uint8), (0, 0), 1.5)
    frames = []
    (videos / name).mkdir(parents=True)
    for t in range(length):
        image = texture[:SIZE[0], :SIZE[1]].copy()
        image[12:36, 4 + 2 * t:28 + 2 * t] = square
        mask = np.zeros(SIZE, bool)
        mask[12:36, 4 + 2 * t:28 + 2 * t] = True
        cv2.imwrite(str(videos / name / f'{t:05d}.png'), image)
        frames.append([{'segmentation': encode_mask(mask), 'score': 1.0}])
    write_proposals(proposals / f'{name}.json', name, SIZE, frames)


@pytest.fixture
def folders(tmp_path):
    for name in ('one', 'two', 'three'):
        write_video(tmp_path / 'videos', tmp_path / 'proposals', name)
    return tmp_path


def arguments(folders, *more):
    return [str(CONFIG), '--videos', str(folders / 'videos'), '--proposals',
            str(folders / 'proposals'), '--out', str(folders / 'out'), *more]


def results(folders):
    return {path.stem: json.loads(path.read_text())
            for path in sorted((folders / 'out').glob('*.json'))}


def test_one_label_file_per_video(folders, capsys):
    assert discover_keymasks.main(arguments(folders)) == 0
    found = results(folders)
    assert sorted(found) == ['one', 'three', 'two']
    video, = found['one']['videos']
    assert (video['name'], video['length'], video['file_names'][0]) == (
        'one', 8, 'one/00000.png')
    annotation, = found['one']['annotations']
    assert all(annotation['segmentations'])
    assert '3 of 3 videos have label files' in capsys.readouterr().out


def test_a_second_run_computes_nothing_and_overwrite_does(folders):
    discover_keymasks.main(arguments(folders))
    written = {path: path.stat().st_mtime_ns for path in (folders / 'out').glob('*.json')}
    discover_keymasks.main(arguments(folders))
    assert written == {path: path.stat().st_mtime_ns for path in (folders / 'out').glob('*.json')}
    discover_keymasks.main(arguments(folders, '--overwrite'))
    assert all(path.stat().st_mtime_ns > before for path, before in written.items())


def test_what_was_made_from_something_else_is_made_again(folders, capsys):
    assert discover_keymasks.main(arguments(folders)) == 0
    before = {name: (folders / 'out' / f'{name}.json').stat().st_mtime_ns for name in
              ('one', 'two', 'three')}

    def rerun(*more):
        capsys.readouterr()
        assert discover_keymasks.main(arguments(folders, *more)) == 0
        changed = [name for name, time in before.items()
                   if (folders / 'out' / f'{name}.json').stat().st_mtime_ns != time]
        before.update((name, (folders / 'out' / f'{name}.json').stat().st_mtime_ns)
                      for name in before)
        return changed, capsys.readouterr().out

    content = json.loads((folders / 'proposals/two.json').read_text())
    content['frames'][0][0]['score'] = 0.5
    (folders / 'proposals/two.json').write_text(json.dumps(content))
    (folders / 'proposals/one.json').unlink()  # cleaned up: its result stays
    changed, out = rerun()
    assert changed == ['two'] and 'made again, since proposals changed: two\n' in out
    assert '3 of 3 videos have label files' in out and '(2 from earlier runs)' in out
    write_video(folders / 'videos', folders / 'proposals', 'one2')
    frame = folders / 'videos/three/00000.png'
    os.utime(frame, (1, 1))
    changed, out = rerun()
    assert changed == ['three'] and 'made again, since video changed: three\n' in out
    (folders / 'proposals/one.json').write_bytes(
        (folders / 'proposals/three.json').read_bytes())
    changed, out = rerun('--cfg-options', 'discovery.grid_size=24')
    assert changed == ['one', 'two', 'three']
    assert 'made again, since settings changed: ' in out
    label = folders / 'out/two.json'
    label.write_text(json.dumps({key: value for key, value in json.loads(
        label.read_text()).items() if key != 'made_from'}))
    before['two'] = label.stat().st_mtime_ns
    changed, out = rerun('--cfg-options', 'discovery.grid_size=24')
    assert changed == []
    assert 'kept, though nothing says what they were made from: two; --overwrite' in out


@pytest.mark.parametrize('out', ['proposals', 'videos', 'videos/one'])
@pytest.mark.parametrize('more', [(), ('--overwrite',)])
def test_outputs_spare_the_inputs(folders, capsys, out, more):
    before = {path: path.read_bytes() for path in folders.rglob('*.*')}
    videos = ('--videos', str(folders / 'videos/one')) if out == 'videos/one' else ()
    assert discover_keymasks.main(arguments(folders, '--out', str(folders / out), *videos,
                                            *more)) == 2
    assert f'error: the output folder {folders / out} is the input' in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in folders.rglob('*.*')}


def test_an_old_result_stays_where_the_new_one_fails(folders, capsys):
    assert discover_keymasks.main(arguments(folders)) == 0
    before = (folders / 'out/two.json').read_bytes()
    (folders / 'proposals/two.json').write_text('{')
    assert discover_keymasks.main(arguments(folders, '--overwrite')) == 2
    assert 'failed: two: ' in capsys.readouterr().err
    assert (folders / 'out/two.json').read_bytes() == before


def test_failures_are_listed_and_tried_again(folders, capsys):
    good = (folders / 'proposals' / 'two.json').read_text()
    content = json.loads(good)
    (folders / 'proposals' / 'two.json').write_text(
        json.dumps({**content, 'frames': content['frames'][:-1]}))
    (folders / 'proposals' / 'one.json').unlink()
    assert discover_keymasks.main(arguments(folders)) == 2
    errors = capsys.readouterr().err
    assert 'failed: one: expected proposals in' in errors
    assert 'failed: two:' in errors and 'is for 7 frames' in errors and 'has 8' in errors
    assert '2 videos failed; the same command tries them again' in errors
    assert list(results(folders)) == ['three']
    write_proposals(folders / 'proposals' / 'one.json', 'one', SIZE, content['frames'])
    (folders / 'proposals' / 'two.json').write_text(good)
    assert discover_keymasks.main(arguments(folders)) == 0
    assert sorted(results(folders)) == ['one', 'three', 'two']


def test_bad_masks_name_video_and_frame(folders, capsys):
    path = folders / 'proposals' / 'two.json'
    content = json.loads(path.read_text())
    content['frames'][5][0]['segmentation']['counts'] = '~'
    path.write_text(json.dumps(content))
    assert discover_keymasks.main(arguments(folders)) == 2
    assert 'two.json, frame 5, mask 0: the mask does not decode' in capsys.readouterr().err
    assert sorted(results(folders)) == ['one', 'three']


def test_sizes_that_differ(folders, capsys):
    write_proposals(folders / 'proposals' / 'two.json', 'two', (40, 64), [[]] * 8)
    assert discover_keymasks.main(arguments(folders)) == 2
    assert 'is for frames of 40 x 64 (height x width)' in capsys.readouterr().err


def test_config_without_discovery(folders, capsys, tmp_path):
    config = tmp_path / 'empty.py'
    config.write_text("default_scope = 's2d_plugins'\n")
    assert discover_keymasks.main([str(config), *arguments(folders)[1:]]) == 2
    assert 'has no `discovery`' in capsys.readouterr().err


SLOW_PRIOR = '''
import os, time
from pathlib import Path
from s2d_plugins.motion import OpenCVFlowPrior
from s2d_plugins.registry import MOTION_PRIORS

@MOTION_PRIORS.register_module()
class SlowPrior(OpenCVFlowPrior):
    """Notes which process worked, and takes its time."""
    def flows(self, frames):
        with Path(os.environ['NOTES']).open('a') as file:
            file.write(f'{os.getpid()}\\n')
        time.sleep(float(os.environ['SECONDS']))
        yield from super().flows(frames)
'''


@pytest.fixture
def outside_prior(tmp_path, monkeypatch):
    """A prior in a module of its own, named through custom_imports."""
    (tmp_path / 'slow_prior.py').write_text(SLOW_PRIOR)
    config = tmp_path / 'slow.py'
    config.write_text(f'_base_ = {str(CONFIG)!r}\n'
                      "custom_imports = dict(imports=['slow_prior'])\n"
                      "discovery = dict(motion_prior=dict(_delete_=True, type='SlowPrior'))\n")
    monkeypatch.setenv('PYTHONPATH', f'{tmp_path}{os.pathsep}{ROOT}')
    monkeypatch.setenv('NOTES', str(tmp_path / 'notes'))
    return config


def test_torchrun_shares_videos_without_double_work(folders, outside_prior, monkeypatch):
    monkeypatch.setenv('SECONDS', '0.5')
    arguments_ = [str(outside_prior), *arguments(folders)[1:]]
    subprocess.run([sys.executable, '-m', 'torch.distributed.run', '--standalone',
                    '--nproc-per-node', '2', str(TOOL), *arguments_], check=True, timeout=300)
    assert sorted(results(folders)) == ['one', 'three', 'two']
    assert len((folders / 'notes').read_text().split()) == 3
