"""The DAVIS evaluation of folders: against a plain implementation, and bad input."""

import numpy as np
import pytest
import reference_davis
from PIL import Image

from s2d_plugins.errors import S2DInputError
from s2d_plugins.evaluation.davis import evaluate_davis, find_sequences
from s2d_plugins.labels.indexed_png import write_indexed_png

SIZE = (14, 18)


def random_ids(rng, count, frames):
    ids = np.zeros((frames, *SIZE), np.uint8)
    for index in range(1, count + 1):
        row, column = rng.integers(0, 10, 2)
        for frame in range(frames):
            if frame == 0 or rng.random() < 0.85:
                ids[frame, row:row + 5, column + frame:column + frame + 6] = index
    return ids


def write_sequence(folder, ids):
    for frame, image in enumerate(ids):
        write_indexed_png(folder / f'{frame:05d}.png', image)


def noisy(rng, ids, order):
    """Ids renamed by ``order``, shifted a little, with frames missing."""
    renamed = np.array([0, *order], np.uint8)[ids]
    return np.stack([np.roll(image, rng.integers(-1, 2), 1) * (rng.random() < 0.9)
                     for image in renamed]).astype(np.uint8)


def expected(parts):
    rows = np.array([[statistic for values in part[:, index]
                      for statistic in reference_davis.statistics(values)]
                     for part in parts for index in range(part.shape[1])])
    names = [f'{m}_{s}' for m in 'JF' for s in ('mean', 'recall', 'decay')]
    return dict(zip(names, rows.mean(axis=0), strict=True))


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('task', ['unsupervised', 'semi-supervised'])
def test_agrees_with_a_plain_implementation(tmp_path, task, seed):
    rng, parts = np.random.default_rng(seed), []
    for name in ('cat', 'dog'):
        gt = random_ids(rng, int(rng.integers(1, 3)), 6)
        gt[0, :2, :2] = 1
        results = noisy(rng, gt, [1, 2] if task == 'semi-supervised' else [3, 1])
        gt[:, 6:9, 3:6] = 255
        if task == 'semi-supervised':
            results[results > gt[0][gt[0] < 255].max()] = 0
        write_sequence(tmp_path / 'gt' / name, gt)
        write_sequence(tmp_path / 'results' / name, results)
        parts.append(getattr(reference_davis, task.replace('-', '_'))(gt, results))
    overall = evaluate_davis(tmp_path / 'gt', tmp_path / 'results', task, jobs=1)['overall']
    assert overall['J&F_mean'] == pytest.approx((overall['J_mean'] + overall['F_mean']) / 2)
    del overall['J&F_mean']
    assert overall == pytest.approx(expected(parts), abs=1e-9)


def columns(start, stop, value=1):
    ids = np.zeros(SIZE, np.uint8)
    ids[:, start:stop] = value
    return ids


@pytest.fixture
def folders(tmp_path):
    """Two objects in three frames; the results have them under other ids."""
    gt, results = tmp_path / 'gt', tmp_path / 'results'
    write_sequence(gt / 'cat', [columns(0, 5) + columns(9, 18, 2)] * 3)
    write_sequence(results / 'cat', [columns(0, 5, 4) + columns(9, 18, 1)] * 3)
    return gt, results


def test_objects_are_named_by_their_id_in_the_ground_truth(folders):
    gt, results = folders
    write_sequence(results / 'cat', [columns(9, 18, 4)] * 3)
    found = evaluate_davis(gt, results, jobs=1)['sequences']['cat']
    assert found['objects']['1']['J_mean'] == 0
    assert found['objects']['2']['J_mean'] == 1
    assert found['J_mean'] == 0.5


def test_davis_2016_folders(tmp_path):
    gt, results = tmp_path / 'DAVIS', tmp_path / 'results'
    write_sequence(gt / 'Annotations/480p/cat', [columns(0, 8, 255)] * 3)
    write_sequence(results / 'cat', [columns(0, 4, 255)] * 3)
    for task in ('unsupervised', 'semi-supervised'):
        assert evaluate_davis(gt, results, task, jobs=1)['overall']['J_mean'] == 0.5
    write_sequence(results / 'cat', [columns(0, 6, 7) + columns(6, 18, 2)] * 3)
    assert evaluate_davis(gt, results, jobs=1)['overall']['J_mean'] == 6 / 8


def test_an_object_that_comes_late_in_davis_2016(tmp_path):
    write_sequence(tmp_path / 'gt/cat', [columns(0, 0), columns(0, 8, 255)])
    write_sequence(tmp_path / 'results/cat', [columns(0, 0), columns(0, 8, 255)])
    found = evaluate_davis(tmp_path / 'gt', tmp_path / 'results', jobs=1)
    assert found['overall']['J_mean'] == 1


def test_layouts_of_the_ground_truth(tmp_path):
    for folder in ('Annotations/480p', 'Annotations_unsupervised/480p'):
        write_sequence(tmp_path / folder / 'cat', [columns(0, 5)])
    found = find_sequences(tmp_path, 'unsupervised')['cat'][0]
    assert found.parts[-4] == 'Annotations_unsupervised'
    assert find_sequences(tmp_path, 'semi-supervised')['cat'][0].parts[-4] == 'Annotations'
    with pytest.raises(S2DInputError, match='expected a DAVIS folder .* found none'):
        find_sequences(tmp_path / 'nothing', 'unsupervised')


def test_chosen_sequences_and_processes(folders):
    gt, results = folders
    write_sequence(gt / 'dog', [columns(0, 5)] * 3)
    only = evaluate_davis(gt, results, sequences=['cat'], jobs=1)
    assert list(only['sequences']) == ['cat']
    with pytest.raises(S2DInputError, match="has no sequence 'bird'; it has cat, dog"):
        evaluate_davis(gt, results, sequences=['bird'])
    write_sequence(results / 'dog', [columns(0, 4)] * 3)
    assert evaluate_davis(gt, results, jobs=2) == evaluate_davis(gt, results, jobs=1)


def remove(folder):
    (folder / 'cat/00001.png').unlink()


def break_png(folder):
    (folder / 'cat/00001.png').write_bytes(b'no image')


def shrink(folder):
    write_indexed_png(folder / 'cat/00001.png', columns(0, 5)[:5])


def crowd(folder):
    write_indexed_png(folder / 'cat/00001.png', columns(0, 5, 21))


def add_unknown(folder):
    (folder / 'bird').mkdir()


@pytest.mark.parametrize(('damage', 'message', 'score'), [
    (remove, r'cat, frame 00001: no result 00001\.png; write one PNG per annotated', 2 / 3),
    (break_png, r'cat, frame 00001: cannot read mask .*00001\.png', 2 / 3),
    (shrink, r'cat, frame 00001: .*00001\.png has size \(5, 18\), expected .* \(14, 18\)', 2 / 3),
    (crowd, r'cat, frame 00001: object id 21, expected at most 20', 2 / 3),
    (add_unknown, 'bird: no sequence of this name in the ground truth', 1),
])
def test_bad_results(folders, damage, message, score):
    gt, results = folders
    damage(results)
    with pytest.raises(S2DInputError, match=message):
        evaluate_davis(gt, results, jobs=1)
    found = evaluate_davis(gt, results, jobs=1, lenient=True)
    assert found['left_out'] == 1
    assert found['overall']['J_mean'] == pytest.approx(score)


def test_bad_arguments(folders, tmp_path):
    gt, results = folders
    with pytest.raises(S2DInputError, match="expected task to be 'unsupervised'"):
        evaluate_davis(gt, results, 'other')
    with pytest.raises(S2DInputError, match='results folder .* does not exist'):
        evaluate_davis(gt, tmp_path / 'nothing')
    with pytest.raises(S2DInputError, match='cat, frame 00001: object id 4, expected at most 2'):
        evaluate_davis(gt, results, 'semi-supervised', jobs=1)
    write_sequence(tmp_path / 'short/cat', [columns(0, 5)] * 2)
    with pytest.raises(S2DInputError, match='2 annotated frames; .* at least three'):
        evaluate_davis(tmp_path / 'short', results, 'semi-supervised', jobs=1)
    write_sequence(tmp_path / 'empty/cat', [columns(0, 0)] * 3)
    with pytest.raises(S2DInputError, match='no object in the first frame of any sequence'):
        evaluate_davis(tmp_path / 'empty', results, jobs=1)


def moving(frame):
    return columns(frame, frame + 4)


@pytest.mark.parametrize('suffix', ['png', 'PNG'])
def test_frames_are_in_natural_order(tmp_path, suffix):
    """By characters 10 comes before 2: the first and last frame would be others."""
    gt, results = tmp_path / 'gt', tmp_path / 'results'
    for frame in range(14):
        write_indexed_png(gt / f'cat/{frame}.{suffix}', moving(frame))
        if frame in (0, 13):  # given, and not measured: what is there does not count
            write_indexed_png(results / f'cat/{frame}.png', columns(0, 0))
        else:
            write_indexed_png(results / f'cat/{frame}.png', moving(frame))
    found = evaluate_davis(gt, results, 'semi-supervised', jobs=1)['overall']
    assert (found['J_mean'], found['F_mean'], found['J_decay']) == (1, 1, 0)
    assert [path.stem for path in find_sequences(gt, 'unsupervised')['cat']] == [
        str(frame) for frame in range(14)]


def test_what_systems_leave_behind_is_passed_over(folders):
    gt, results = folders
    for folder in (gt, results):
        (folder / '.ipynb_checkpoints').mkdir()
        write_sequence(folder / '__MACOSX', [columns(0, 5)] * 3)
        (folder / 'cat/._00000.png').write_bytes(b'x')
        (folder / '.DS_Store').write_bytes(b'x')
    assert evaluate_davis(gt, results, jobs=1)['overall']['J_mean'] == 1
    (gt / 'cat/00000.PNG').write_bytes((gt / 'cat/00000.png').read_bytes())
    with pytest.raises(S2DInputError, match=r'holds one frame twice: 00000\.PNG and 00000\.png'):
        evaluate_davis(gt, results, jobs=1)


@pytest.mark.parametrize('task', ['unsupervised', 'semi-supervised'])
def test_objects_that_appear_later_are_named(tmp_path, monkeypatch, task):
    gt, results, lines = tmp_path / 'gt', tmp_path / 'results', []
    monkeypatch.setattr('s2d_plugins.evaluation.davis.print_log',
                        lambda text, *_: lines.append(text))
    cat = [columns(0, 5), columns(0, 5) + columns(6, 9, 2), columns(0, 5) + columns(10, 14, 4),
           columns(0, 5) + columns(15, 18, 3) + columns(14, 15, 255)]
    write_sequence(gt / 'cat', cat)
    write_sequence(gt / 'dog', [columns(0, 0), columns(0, 5), columns(0, 5), columns(0, 5)])
    write_sequence(gt / 'empty', [columns(0, 0)] * 4)
    write_sequence(gt / 'fish', [columns(0, 5)] * 4)
    for name in ('cat', 'fish'):
        write_sequence(results / name, [columns(0, 5)] * 4)
    for name in ('dog', 'empty'):
        write_sequence(results / name, [columns(0, 0)] * 4)
    found = evaluate_davis(gt, results, task, jobs=1)
    assert list(found['sequences']) == ['cat', 'fish'] and found['overall']['J_mean'] == 1
    assert list(found['sequences']['cat']['objects']) == ['1']
    assert found['not_measured'] == dict(cat=[2, 3, 4], dog=[1], empty=[])
    assert len(lines) == 1 and lines[0].startswith('3 sequences ')
    assert lines[0].endswith('cat (objects 2, 3, 4), dog (objects 1, the whole sequence), '
                             'empty (no object, the whole sequence)')


def test_nothing_is_said_where_all_is_measured(folders, monkeypatch):
    monkeypatch.setattr('s2d_plugins.evaluation.davis.print_log', None)
    assert evaluate_davis(*folders, jobs=1)['not_measured'] == {}


def test_ids_of_16_bits(folders):
    gt, results = folders
    deep = (columns(0, 5).astype(np.uint16) + columns(9, 18, 2)).astype(np.uint16)
    for frame in range(3):
        Image.fromarray(deep).save(gt / f'cat/{frame:05d}.png')
    assert evaluate_davis(gt, results, jobs=1)['overall']['J_mean'] == 1
    for value in (255, 300, 65535):
        Image.fromarray(np.where(deep == 2, value, deep).astype(np.uint16)).save(
            results / 'cat/00001.png')
        with pytest.raises(S2DInputError, match=f'cat, frame 00001: object id {value}, expected'):
            evaluate_davis(gt, results, jobs=1)
    write_sequence(results / 'cat', [columns(0, 5, 4) + columns(9, 18, 1)] * 3)
    Image.fromarray(np.where(deep == 2, 257, deep).astype(np.uint16)).save(gt / 'cat/00001.png')
    with pytest.raises(S2DInputError, match=r'00001\.png: object id 257 .* at most 254'):
        evaluate_davis(gt, results, jobs=1)
