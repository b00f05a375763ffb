import importlib.util
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
    command = ['--videos', str(world / 'frames'), '--out', str(world / 'out'),
               '--config', str(world / 'config.py')]
    assert propose_masks.main(command) == 0
    written = read_proposals(world / 'out/cat.json')
    assert (written['video'], written['height'], written['width']) == ('cat', 24, 32)
    assert [len(masks) for masks in written['frames']] == [2, 2, 0]
    write_proposals(world / 'out/cat.json', 'cat', (24, 32), [[]] * 3)
    assert propose_masks.main(command) == 0
    assert read_proposals(world / 'out/cat.json')['frames'] == [[]] * 3
    assert propose_masks.main([*command, '--overwrite']) == 0
    assert len(read_proposals(world / 'out/cat.json')['frames'][0]) == 2
    assert '0 proposals files written' in capsys.readouterr().out


@pytest.mark.parametrize(('config', 'message'), [
    ('other = 1\n', 'expected `proposer = dict'),
    ("proposer = dict(type='Nothing')\n", 'cannot build the proposer'),
    ("proposer = dict(type='MotionColorProposer', gap=1)\n", 'cannot build the proposer')])
def test_bad_configs_end_with_one_line(world, capsys, config, message):
    (world / 'config.py').write_text(config)
    assert propose_masks.main(['--videos', str(world / 'frames'), '--out', str(world / 'out'),
                               '--config', str(world / 'config.py')]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith('error: ')
    assert message in error


def test_missing_paths_end_with_one_line(world, capsys):
    assert propose_masks.main(['--videos', str(world / 'none'), '--out', str(world)]) == 2
    assert propose_masks.main(['--videos', str(world / 'frames'), '--out', str(world / 'out'),
                               '--config', str(world / 'none.py')]) == 2
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
