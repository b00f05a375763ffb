"""Masks of other programs: what is read, and one line for what does not fit."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from s2d_plugins.dataset_converters.proposal_sources import source_reader
from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.proposals_file import read_proposals
from s2d_plugins.labels.rle import decode_mask, encode_mask

TOOLS = Path(__file__).parents[2] / 'tools'
SIZE = (4, 6)
NAMES = ['a', 'b']


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def corner(value=True, width=2):
    array = np.zeros(SIZE, np.uint8)
    array[:2, :width] = value
    return array


def areas(frames):
    return [[int(decode_mask(mask['segmentation']).sum()) for mask in frame] for frame in frames]


def read(source, images=None, score=1.0, void=None, sparse=False):
    return source_reader(source, images, score, void, sparse)('cat', NAMES, SIZE)


def save(folder, **images):
    (folder / 'cat').mkdir(exist_ok=True)
    for name, image in images.items():
        Image.fromarray(image).save(folder / 'cat' / f'{name}.png')


def test_grey_palette_and_colour_pngs(tmp_path):
    grey = corner(255)
    grey[3] = 7
    colour = np.stack([corner(9), corner(9, 1), corner(0)], axis=-1)  # two colours of 2 pixels
    save(tmp_path, a=grey, b=colour)
    assert areas(read(tmp_path)) == [[6, 4], [2, 2]]
    assert areas(read(tmp_path, void=255))[0] == [6]
    assert read(tmp_path, score=0.5)[0][0]['score'] == 0.5


def test_arrays_keep_overlaps(tmp_path):
    masks = np.array([corner(), corner(width=3), corner(0)], bool)
    np.savez(tmp_path / 'cat.npz', masks=masks, frames=[1, 1, 0], scores=[0.2, 0.9, 1])
    found = read(tmp_path)
    assert areas(found) == [[], [6, 4]] and found[1][0]['score'] == 0.9
    np.savez(tmp_path / 'cat.npz', ids=np.array([corner(3), corner(0)]))
    assert areas(read(tmp_path)) == [[4], []]


@pytest.fixture
def coco(tmp_path):
    images = [dict(id=number, file_name=f'cat/{name}.jpg') for number, name in enumerate(NAMES)]
    (tmp_path / 'images.json').write_text(json.dumps(dict(images=images)))

    def write(*entries):
        (tmp_path / 'results.json').write_text(json.dumps(entries))
        return read(tmp_path / 'results.json', tmp_path / 'images.json')
    return write


def entry(image=1, score=0.5, width=2):
    return dict(image_id=image, score=score, category_id=1,
                segmentation=encode_mask(corner(width=width).astype(bool)))


def test_coco_results_keep_overlaps(coco):
    assert areas(coco(entry(), entry(score=0.6, width=3))) == [[], [6, 4]]


@pytest.mark.parametrize(('wrong', 'message'), [
    (entry(9), 'entry 0: expected a segmentation and an image_id'),
    (entry(score=float('nan')), 'entry 0: score: expected a number from 0 to 1, found nan'),
    (entry(score=None), 'entry 0: score: expected a number from 0 to 1'),
    (dict(entry(), segmentation=dict(size=[9, 9], counts='1')), 'frame b, mask 0'),
    (3, 'entry 0: expected a segmentation')])
def test_wrong_coco_results(coco, wrong, message):
    with pytest.raises(S2DInputError, match=message):
        coco(wrong)


@pytest.mark.parametrize(('arrays', 'message'), [
    (dict(x=[1]), 'expected arrays masks and frames, or ids'),
    (dict(masks=np.zeros((1, 5, 6), bool), frames=[0]), 'masks: expected an array of'),
    (dict(masks=corner()[None], frames=[2]), 'frames: expected 0 to 1, found 2 to 2'),
    (dict(masks=corner(2)[None], frames=[0]), 'masks: expected 0 and 1'),
    (dict(masks=corner()[None], frames=[0], scores=[np.nan]), r'scores\[0\]: expected a number'),
    (dict(masks=np.array(3), frames=np.array(0)), 'masks: expected an array of'),
    (dict(ids=np.zeros((3, *SIZE), int)), 'ids: expected an array of'),
    (dict(ids=-np.ones((2, *SIZE), int)), 'ids: expected 0 and above'),
    (dict(ids=np.array([{}], object)), 'expected an .npz file of plain arrays')])
def test_wrong_arrays(tmp_path, arrays, message):
    np.savez(tmp_path / 'cat.npz', **arrays)
    with pytest.raises(S2DInputError, match=message) as info:
        read(tmp_path)
    assert '\n' not in str(info.value)


def test_wrong_folders_and_files(tmp_path):
    def expect(message, source=tmp_path, **settings):
        with pytest.raises(S2DInputError, match=message):
            read(source, **settings)
    expect('expected cat.npz or a folder cat of PNGs')
    expect('--score: expected a number from 0 to 1', score=2.0)
    (tmp_path / 'x.json').write_text('{}')
    expect('or COCO results with --images', tmp_path / 'x.json')
    expect('expected COCO JSON with images', tmp_path / 'x.json', images=tmp_path / 'x.json')
    save(tmp_path)
    expect('expected mask images')
    save(tmp_path, a=corner())
    expect('b.png is missing')
    assert areas(read(tmp_path, sparse=True)) == [[2 * 2], []]
    save(tmp_path, c=corner())
    expect("the video has no frame 'c'")
    (tmp_path / 'cat/c.png').unlink()
    save(tmp_path, b=np.zeros((9, 9), np.uint8))
    expect('expected 6x4 as the frames, found 9x9')
    (tmp_path / 'cat.npz').write_bytes(b'no')
    expect('expected an .npz file of plain arrays')


def test_the_tools(tmp_path, capsys):
    (tmp_path / 'masks').mkdir()
    for video in ('cat', 'dog'):
        (tmp_path / 'videos' / video).mkdir(parents=True)
        for name in NAMES:
            frame = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
            Image.fromarray(frame).save(tmp_path / 'videos' / video / f'{name}.png')
    mask = np.zeros((48, 64), np.uint8)
    mask[10:30, 10:40] = 5
    save(tmp_path / 'masks', a=mask, b=mask)
    command = [str(tmp_path / 'masks'), '--videos', str(tmp_path / 'videos'), '--out',
               str(tmp_path / 'out')]
    tool = load(TOOLS / 'import_proposals.py')
    assert tool.main(command) == 2
    told = capsys.readouterr()
    assert '1 of 2 videos have proposals files' in told.out and 'failed: dog: ' in told.err
    assert areas(read_proposals(tmp_path / 'out/cat.json')['frames']) == [[600], [600]]
    assert tool.main(command) == 2 and '(1 from earlier runs)' in capsys.readouterr().out
    browse = load(TOOLS / 'analysis_tools/browse_proposals.py')
    look = [str(tmp_path / 'out'), '--videos', str(tmp_path / 'videos'), '--out',
            str(tmp_path / 'look')]
    assert browse.main(look) == 2
    told = capsys.readouterr()
    assert 'failed: dog: ' in told.err and '| cat' in told.out and 'yes: in 100 %' in told.out
    report = json.loads((tmp_path / 'look/report.json').read_text())
    assert report['cat']['masks_per_frame'] == [1, 1]
    assert (tmp_path / 'look/cat.png').is_file()
    assert browse.main([*look, '--video']) == 2 and (tmp_path / 'look/cat.mp4').is_file()
    assert browse.main([*look, '--rows', '0']) == 2


def test_the_tool_reads_coco_results(coco, tmp_path, capsys):
    (tmp_path / 'videos/cat').mkdir(parents=True)
    for name in NAMES:
        Image.fromarray(np.zeros((*SIZE, 3), np.uint8)).save(tmp_path / f'videos/cat/{name}.png')
    coco(entry(image=1, width=3))
    command = [str(tmp_path / 'results.json'), '--images', str(tmp_path / 'images.json'),
               '--videos', str(tmp_path / 'videos'), '--out', str(tmp_path / 'out')]
    tool = load(TOOLS / 'import_proposals.py')
    assert tool.main(command) == 0
    assert areas(read_proposals(tmp_path / 'out/cat.json')['frames']) == [[], [6]]
    capsys.readouterr()
    assert tool.main(command) == 0 and '(1 from earlier runs)' in capsys.readouterr().out
    coco(entry(image=0))
    assert tool.main(command) == 0
    assert areas(read_proposals(tmp_path / 'out/cat.json')['frames']) == [[4], []]
