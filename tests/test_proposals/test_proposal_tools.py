import importlib.util
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from s2d_plugins.labels.proposals_file import read_proposals, write_proposals
from s2d_plugins.labels.rle import encode_mask

TOOLS = Path(__file__).parents[2] / 'tools'


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


propose_masks = load(TOOLS / 'propose_masks.py')
evaluate_proposals = load(TOOLS / 'analysis_tools/evaluate_proposals.py')


@pytest.fixture
def world(tmp_path):
    """Frames of one clip, its annotations, and a config whose masks cover half the truth."""
    truth = np.zeros((24, 32), bool)
    truth[4:12, 4:24] = True
    half = truth.copy()
    half[:, 14:] = False
    for folder, image in (('frames/cat', np.zeros((24, 32, 3), np.uint8)),
                          ('truth/cat', truth.astype(np.uint8) * 255)):
        (tmp_path / folder).mkdir(parents=True)
        for index in range(3):
            cv2.imwrite(str(tmp_path / folder / f'{index:05d}.png'), image)
    masks = [dict(segmentation=encode_mask(half), score=0.9),
             dict(segmentation=encode_mask(truth), score=0.1)]
    write_proposals(tmp_path / 'made/cat.json', 'cat', (24, 32), [masks, masks, []])
    (tmp_path / 'config.py').write_text(
        f"proposer = dict(type='PrecomputedProposals', path={str(tmp_path / 'made')!r})\n")
    return tmp_path


def test_one_file_per_video_and_existing_ones_are_kept(world, capsys):
    command = [str(world / 'config.py'), '--videos', str(world / 'frames'), '--out',
               str(world / 'out')]
    assert propose_masks.main(command) == 0
    written = read_proposals(world / 'out/cat.json')
    assert (written['video'], written['height'], written['width']) == ('cat', 24, 32)
    assert [len(masks) for masks in written['frames']] == [2, 2, 0]
    write_proposals(world / 'out/cat.json', 'cat', (24, 32), [[]] * 3)
    assert propose_masks.main(command) == 0
    assert read_proposals(world / 'out/cat.json')['frames'] == [[]] * 3
    assert propose_masks.main([*command, '--overwrite']) == 0
    assert len(read_proposals(world / 'out/cat.json')['frames'][0]) == 2
    assert '(1 from earlier runs)' in capsys.readouterr().out


def test_a_package_that_is_missing_stops_before_the_first_video(world, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, 'timm', None)
    (world / 'config.py').write_text(
        "proposer = dict(type='MaskCutProposer', extractor=dict(type='TimmFeatures'))\n")
    assert propose_masks.main([str(world / 'config.py'), '--videos', str(world / 'frames'),
                               '--out', str(world / 'out')]) == 2
    told = capsys.readouterr()
    line, = told.err.splitlines()
    config = world / 'config.py'
    assert line.startswith(f'error: config {config}: proposer: TimmFeatures needs timm')
    assert not (world / 'out').exists() and 'failed' not in told.out


def test_files_that_the_proposer_reads_count(world, capsys):
    command = [str(world / 'config.py'), '--videos', str(world / 'frames'), '--out',
               str(world / 'out')]
    assert propose_masks.main(command) == 0
    write_proposals(world / 'made/dog.json', 'dog', (24, 32), [[]] * 3)  # of another video
    assert propose_masks.main(command) == 0
    assert '(1 from earlier runs)' in capsys.readouterr().out
    masks = read_proposals(world / 'made/cat.json')['frames'][:1]
    for path in ('made', 'made/cat.json'):  # a folder of files, then the file itself
        (world / 'config.py').write_text(
            f"proposer = dict(type='PrecomputedProposals', path={str(world / path)!r})\n")
        write_proposals(world / 'made/cat.json', 'cat', (24, 32), [*masks, [], []])
        assert propose_masks.main(command) == 0
        write_proposals(world / 'made/cat.json', 'cat', (24, 32), [*masks, [], *masks])
        capsys.readouterr()
        assert propose_masks.main(command) == 0
        assert 'made again, since files changed: cat\n' in capsys.readouterr().out
        assert [len(frame) for frame in read_proposals(world / 'out/cat.json')['frames']] == [
            2, 0, 2]
        assert propose_masks.main([*command[:-1], str(world / 'made')]) == 2
        assert read_proposals(world / 'made/cat.json')['frames'][2]
        error = capsys.readouterr().err
        assert 'made is the input' in error or 'cat.json would be written over' in error


@pytest.mark.parametrize(('config', 'message'), [
    ('other = 1\n', 'expected `proposer = dict'),
    ('proposer = "' + 'x' * 9999 + '"\n', 'expected `proposer = dict'),
    ("proposer = dict(type='Nothing')\n", 'config.py: proposer: Nothing is not in the s2d_'),
    ("proposer = dict(type='MotionColorProposer', gap=1)\n",
     "py: proposer: MotionColorProposer.__init__() got an unexpected keyword argument 'gap'"),
    ("proposer = dict(type='MotionColorProposer', gaps=3)\n",
     'MotionColorProposer: expected gaps to be a list of at least 1, found 3'),
    ('x = 1 / 0\n', 'config.py cannot be read (line 1, ZeroDivisionError')])
def test_bad_configs_end_with_one_line(world, capsys, config, message):
    (world / 'config.py').write_text(config)
    assert propose_masks.main([str(world / 'config.py'), '--videos', str(world / 'frames'),
                               '--out', str(world / 'out')]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith('error: ')
    assert message in error


def test_yaml_is_not_read(world, capsys, monkeypatch):
    monkeypatch.chdir(world)
    (world / 'x.yaml').write_text('proposer: !!python/object/apply:os.system ["touch executed"]')
    assert propose_masks.main(['x.yaml', '--videos', str(world / 'frames'), '--out',
                               str(world / 'out')]) == 2
    assert 'error: expected a .py config, found x.yaml' in capsys.readouterr().err
    assert not (world / 'executed').exists()


def test_missing_paths_end_with_one_line(world, capsys):
    assert propose_masks.main([str(world / 'config.py'), '--videos', str(world / 'none'), '--out',
                               str(world)]) == 2
    assert propose_masks.main([str(world / 'none.py'), '--videos', str(world / 'frames'), '--out',
                               str(world / 'out')]) == 2
    assert capsys.readouterr().err.count('error: ') == 2


def test_table_of_top_and_best_overlap(world):
    # J top: 1/2, 1/2, 0; J best: 1, 1, 0
    values = evaluate_proposals.evaluate_sequence(world / 'frames/cat', world / 'truth/cat',
                                                  world / 'config.py')
    assert values[:3] == pytest.approx((1 / 3, 2 / 3, 4 / 3))


def test_an_empty_truth_is_met_by_no_mask():
    nothing, everything = np.zeros((2, 2), bool), np.ones((2, 2), bool)
    assert evaluate_proposals.frame_scores([], nothing) == (1, 1)
    assert evaluate_proposals.frame_scores([], everything) == (0, 0)
    assert evaluate_proposals.frame_scores([everything], nothing) == (0, 0)


@pytest.mark.parametrize('spoil', ['no frames', 'other size', 'no annotation'])
def test_bad_annotations_end_with_one_line(world, capsys, spoil):
    if spoil == 'no frames':
        (world / 'truth/dog').mkdir()
    elif spoil == 'other size':
        cv2.imwrite(str(world / 'truth/cat/00001.png'), np.zeros((8, 8), np.uint8))
    else:
        for file in (world / 'truth/cat').iterdir():
            file.unlink()
    assert evaluate_proposals.main(['--frames', str(world / 'frames'),
                                    '--annotations', str(world / 'truth'),
                                    '--config', str(world / 'config.py')]) == 2
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith('error: ')


def command(world, *more):
    return [str(world / 'config.py'), '--videos', str(world / 'frames'), '--out',
            str(world / 'out'), *more]


def test_what_was_made_from_something_else_is_made_again(world, capsys):
    out = world / 'out/cat.json'
    assert propose_masks.main(command(world)) == 0
    first = out.read_bytes()
    (world / 'frames/cat/.DS_Store').write_text('')
    (world / 'frames/cat/notes').mkdir()
    capsys.readouterr()
    assert propose_masks.main(command(world)) == 0
    assert '(1 from earlier runs)' in capsys.readouterr().out
    cv2.imwrite(str(world / 'frames/cat/00001.png'), np.full((24, 32, 3), 9, np.uint8))
    assert propose_masks.main(command(world)) == 0
    assert 'made again, since video changed: cat\n' in capsys.readouterr().out
    assert out.read_bytes() != first
    config = (world / 'config.py').read_text()
    (world / 'config.py').write_text(config.replace('/made', '/./made'))
    assert propose_masks.main(command(world)) == 0
    assert 'made again, since settings changed: cat\n' in capsys.readouterr().out
    write_proposals(out, 'cat', (24, 32), [[]] * 3)  # by another program
    assert propose_masks.main(command(world)) == 0
    found = capsys.readouterr().out
    assert 'kept, though nothing says what they were made from: cat; --overwrite' in found


def test_one_bad_video_of_three(world, capsys, monkeypatch):
    for name in ('dog', 'eel'):
        (world / 'frames' / name).mkdir()
        cv2.imwrite(str(world / 'frames' / name / '0.png'), np.zeros((24, 32, 3), np.uint8))
    (world / 'frames/dog/0.png').write_bytes(b'')
    assert propose_masks.main(command(world)) == 2  # nor are there masks made for eel
    captured = capsys.readouterr()
    errors = [line for line in captured.err.splitlines() if 'failed' in line]
    assert errors[0].startswith('failed: dog: ') and '0 bytes' in errors[0]
    assert errors[1].startswith('failed: eel: ')
    assert errors[2] == '2 videos failed; the same command tries them again'
    assert [path.name for path in (world / 'out').glob('*.json')] == ['cat.json']
    assert '1 of 3 videos have proposals files' in captured.out

    def unforeseen(self, frames, progress=None):
        raise TypeError('no length')

    monkeypatch.setattr('s2d_plugins.proposals.PrecomputedProposals.propose', unforeseen)
    assert propose_masks.main(command(world, '--overwrite')) == 2
    log = world / 'out/.failures/cat.json'
    assert (f'failed: cat: unexpected TypeError: no length; the traceback is in {log}'
            in capsys.readouterr().err)
    assert 'Traceback' in log.read_text()
    assert len(read_proposals(world / 'out/cat.json')['frames'][0]) == 2  # the old one is there


def test_overrides_and_progress(world, capsys):
    config = world / 'other.py'
    config.write_text("proposer = dict(type='MotionColorProposer')\n")
    made = ['--cfg-options', 'proposer.type=PrecomputedProposals',
            f'proposer.path={world / "made"}']
    assert propose_masks.main([str(config), *command(world)[1:], *made]) == 0
    captured = capsys.readouterr()
    assert len(read_proposals(world / 'out/cat.json')['frames'][0]) == 2
    assert '100%' in captured.err and '1/1 videos' in captured.err
    assert propose_masks.main([str(config), *command(world)[1:], '--cfg-options', 'x.y']) == 2
    assert 'error: --cfg-options: expected KEY=VALUE' in capsys.readouterr().err


@pytest.mark.parametrize('out', ['frames', 'frames/cat/00000.png', 'config.py'])
def test_proposals_spare_the_videos(world, capsys, out):
    before = sorted(path for path in world.rglob('*'))
    assert propose_masks.main(command(world, '--out', str(world / out))) == 2
    assert 'error: ' in capsys.readouterr().err
    assert sorted(path for path in world.rglob('*')) == before
