"""The table over all stages of a work dir, on a video small enough to work out by hand.

Frames are 10 x 20 pixels; the object is the left 10 x 10 half, in four frames.
"""

import json

import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.indexed_png import write_indexed_png
from s2d_plugins.labels.proposals_file import write_proposals
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video
from s2d_plugins.pipeline.clips import Clip
from s2d_plugins.pipeline.evaluation.stage_table import evaluate_stages, format_stages
from s2d_plugins.pipeline.workspace import Workspace

SIZE = (10, 20)


def columns(start, stop, size=SIZE):
    mask = np.zeros(size, bool)
    mask[:, start:stop] = True
    return mask


OBJECT = encode_mask(columns(0, 10))
HALF = encode_mask(columns(0, 5))  # J 1/2 against the object
AWAY = encode_mask(columns(15, 20))  # J 0


def labels(name, *tracks, **extra):
    names = [f'{name.strip("./")}/{index:05d}.jpg' for index in range(len(tracks[0]))]
    return make_labels([make_video(1, name, SIZE, names)],
                       [make_annotation(index, 1, track, **extra)
                        for index, track in enumerate(tracks, 1)])


@pytest.fixture
def gt(tmp_path):
    for frame in range(4):
        write_indexed_png(tmp_path / 'gt/Annotations/480p/cat' / f'{frame:05d}.png',
                          columns(0, 10) * 255)
    return tmp_path / 'gt'


@pytest.fixture
def work_dir(tmp_path):
    stages = tmp_path / 'run/stages'
    frame = [dict(segmentation=AWAY, score=0.9), dict(segmentation=HALF, score=0.8)]
    write_proposals(stages / 'proposals/cat.json', 'cat', SIZE,
                    [frame, frame, frame[::-1], []])
    write_json(stages / 'keymasks/cat.json',
               labels('cat', [AWAY, None, None, None], [OBJECT, HALF, None, None]))
    dense = labels('cat', [AWAY, AWAY, None, None], [HALF] * 4)
    dense['annotations'][0]['score'] = 0.9
    dense['annotations'][1]['score'] = 0.8
    write_json(stages / 'dense/cat.json', dense)
    write_json(tmp_path / 'run/cat/results.json',
               [dict(video_id=1, score=0.5, category_id=1, segmentations=[OBJECT] * 4)])
    return tmp_path / 'run'


def test_readings_by_hand(gt, work_dir):
    stages = evaluate_stages(work_dir, gt, jobs=1)['stages']
    assert list(stages) == ['proposals', 'keymasks', 'proposals on these frames', 'dense', 'infer']
    # the mask away from the object has the highest score wherever there is one
    assert stages['proposals']['J_top'] == 0
    assert stages['proposals']['J_best'] == pytest.approx(3 * 0.5 / 4)
    assert stages['proposals']['J_track'] is None
    assert stages['proposals']['masks_per_frame'] == pytest.approx(6 / 4)
    # only two frames have keymasks; the instance with more of them ranks first
    assert (stages['keymasks']['frames'], stages['keymasks']['of_frames']) == (2, 4)
    for reading in ('top', 'track', 'best'):
        assert stages['keymasks'][f'J_{reading}'] == pytest.approx((1 + 0.5) / 2)
    same = stages['proposals on these frames']
    assert (same['frames'], same['of_frames'], same['J_top']) == (2, 4, 0)
    assert same['J_best'] == pytest.approx(0.5) and same['J_track'] is None
    # frames 2 and 3 fall to the second track, the first is empty there
    assert stages['dense']['J_top'] == pytest.approx(2 * 0.5 / 4)
    assert stages['dense']['J_track'] == pytest.approx(0.5)
    assert stages['infer']['J_top'] == stages['infer']['F_track'] == 1
    assert stages['infer']['video_AP'] == pytest.approx(1)
    assert stages['infer']['frame_AR10'] == pytest.approx(1)
    assert stages['keymasks'].get('video_AP') is None


def test_per_frame_values_are_kept_for_plots(gt, work_dir):
    videos = evaluate_stages(work_dir, gt, jobs=1)['videos']
    assert videos['cat']['dense']['per_frame'] == dict(
        frame=[0, 1, 2, 3], J_top=[0, 0, 0.5, 0.5], J_track=[0.5] * 4, J_best=[0.5] * 4)
    assert videos['cat']['keymasks']['per_frame']['frame'] == [0, 1]


def test_masks_of_working_size_are_brought_to_the_size_of_the_truth(gt, tmp_path):
    small = [dict(segmentation=encode_mask(columns(0, 5, (5, 10))), score=0.5)]
    write_proposals(tmp_path / 'run/stages/proposals/cat.json', 'cat', (5, 10), [small] * 4)
    stages = evaluate_stages(tmp_path / 'run', gt, jobs=1)['stages']
    assert stages['proposals']['J_top'] == 1


def test_perfect_proposals_of_frames_without_leading_zeros_score_100(tmp_path):
    """By characters frame 10 comes before frame 2, and the object moves."""
    def moving(frame):
        return columns(frame, frame + 5)

    for frame in range(14):
        write_indexed_png(tmp_path / f'gt/cat/{frame}.png', moving(frame))
    write_indexed_png(tmp_path / 'gt/__MACOSX/0.png', moving(0))
    write_proposals(tmp_path / 'run/stages/proposals/cat.json', 'cat', SIZE, [
        [dict(segmentation=encode_mask(moving(frame)), score=1.)] for frame in range(14)])
    row = evaluate_stages(tmp_path / 'run', tmp_path / 'gt', jobs=1)['stages']['proposals']
    assert row['J_top'] == row['J_best'] == row['F_best'] == 1 and row['frames'] == 14


def test_sequences_without_an_object_in_the_first_frame_are_named(gt, work_dir, monkeypatch):
    lines = []
    monkeypatch.setattr('s2d_plugins.pipeline.evaluation.stage_truth.print_log',
                        lambda text, *_: lines.append(text))
    for frame in range(4):
        write_indexed_png(gt / f'Annotations/480p/late/{frame}.png', columns(0, frame) * 2)
    assert list(evaluate_stages(work_dir, gt, jobs=1)['videos']) == ['cat']
    assert len(lines) == 1 and 'no object in the first frame of late, which' in lines[0]


def test_two_videos_of_one_name(work_dir, tmp_path):
    truth = labels('cat', [OBJECT] * 4)
    truth['videos'].append(dict(truth['videos'][0], id=7))
    write_json(tmp_path / 'gt.json', truth)
    with pytest.raises(S2DInputError, match="gt.json: the videos 1 and 7 are both named 'cat'"):
        evaluate_stages(work_dir, tmp_path / 'gt.json', jobs=1)


def test_shots_are_joined_to_their_video(gt, tmp_path):
    run = tmp_path / 'run'
    for shot, start in enumerate((0, 3)):
        clip = f'cat_shot{shot:02d}'
        length = (3, 1)[shot]
        Workspace(run).write_clip(Clip(clip, 'cat', 'cat.mp4', 'stamp', shot, 2, start,
                                       start + length, 24.0, SIZE, SIZE, ['00000.jpg'] * length))
        write_json(run / f'stages/dense/{clip}.json', labels(clip, [OBJECT] * length))
    row = evaluate_stages(run, gt, jobs=1)['stages']['dense']
    assert row['frames'] == 4
    assert row['J_top'] == 1
    assert row['J_track'] == pytest.approx(3 / 4)  # a track ends with its shot


def test_a_final_model_without_tracks_scores_zero(gt, work_dir):
    write_json(work_dir / 'cat/results.json', [])
    stages = evaluate_stages(work_dir, gt, jobs=1)['stages']
    assert stages['infer']['J_top'] == stages['infer']['J_best'] == 0
    assert stages['infer']['frames'] == 4


def test_several_objects_from_labels_have_no_top_reading(work_dir, tmp_path):
    write_json(tmp_path / 'gt.json', labels('cat', [OBJECT] * 4, [AWAY] * 4))
    stages = evaluate_stages(work_dir, tmp_path / 'gt.json', jobs=1)['stages']
    assert stages['infer']['J_top'] is None
    assert stages['infer']['J_track'] == pytest.approx((1 + 0) / 2)
    assert stages['dense']['J_best'] == pytest.approx((0.5 + (1 + 1 + 0 + 0) / 4) / 2)


def test_tables(gt, work_dir):
    table = format_stages(evaluate_stages(work_dir, gt, jobs=1))
    lines = [[cell.strip() for cell in line.split('|')[1:-1]] for line in table.splitlines()]
    assert lines[0][:6] == ['stage', 'videos', 'frames', 'masks/frame', 'J top', 'F top']
    assert lines[4][:3] == ['proposals on these frames', '1', '2/4']
    assert lines[5][:5] == ['dense', '1', '4/4', '1.5', '25.0']
    assert 'J per video' in table


def test_two_processes_give_the_same_numbers(gt, work_dir, tmp_path):
    for folder in (gt / 'Annotations/480p', work_dir / 'stages/dense'):
        for path in folder.glob('cat*'):
            copy = path.with_name(path.name.replace('cat', 'dog'))
            if path.is_dir():
                copy.mkdir()
                for file in path.iterdir():
                    (copy / file.name).write_bytes(file.read_bytes())
            else:
                copy.write_text(path.read_text())
    done = []
    result = evaluate_stages(work_dir, gt, jobs=2, progress=done.append)
    assert json.dumps(result) == json.dumps(evaluate_stages(work_dir, gt, jobs=1))
    assert done == ['cat', 'dog']
    assert result['stages']['dense']['videos'] == 2


def test_only_chosen_videos_are_read(gt, work_dir):
    everything = evaluate_stages(work_dir, gt, jobs=1)
    (gt / 'Annotations/480p/dog').mkdir()
    (gt / 'Annotations/480p/dog/00000.png').write_bytes(b'no image')
    write_proposals(work_dir / 'stages/proposals/dog.json', 'dog', SIZE, [[]])
    result = evaluate_stages(work_dir, gt, videos=['cat'], jobs=1)
    assert result['stages'] == everything['stages']
    assert result['videos'] == everything['videos']
    with pytest.raises(S2DInputError, match='cannot read mask'):
        evaluate_stages(work_dir, gt, jobs=1)


@pytest.mark.parametrize(('change', 'message'), [
    (lambda run, gt: (run, gt / 'none'), 'neither a folder nor a .json'),
    (lambda run, gt: (run / 'stages', gt), 'expected the work dir of a tools/run_s2d.py run'),
])
def test_wrong_paths(gt, work_dir, change, message):
    with pytest.raises(S2DInputError, match=message):
        evaluate_stages(*change(work_dir, gt), jobs=1)


def test_clips_without_ground_truth(gt, work_dir, tmp_path):
    write_proposals(work_dir / 'stages/proposals/bird.json', 'bird', SIZE, [[]])
    assert evaluate_stages(work_dir, gt, jobs=1)['without_ground_truth'] == ['bird']
    write_proposals(tmp_path / 'other/stages/proposals/bird.json', 'bird', SIZE, [[]])
    with pytest.raises(S2DInputError, match='no stage has results .* found bird'):
        evaluate_stages(tmp_path / 'other', gt, jobs=1)


def test_more_frames_than_annotations(gt, work_dir):
    write_proposals(work_dir / 'stages/proposals/cat.json', 'cat', SIZE, [[]] * 6)
    with pytest.raises(S2DInputError, match='masks for frame 5, but the ground truth has 4'):
        evaluate_stages(work_dir, gt, jobs=1)


def test_broken_files(gt, work_dir):
    write_json(work_dir / 'stages/frames/cat.json', dict(name='cat'))
    with pytest.raises(S2DInputError, match='not the description of a clip'):
        evaluate_stages(work_dir, gt, jobs=1)
    (work_dir / 'stages/frames/cat.json').unlink()
    write_json(work_dir / 'stages/dense/cat.json', dict(videos=[]))
    with pytest.raises(S2DInputError, match=r'dense/cat\.json: expected the YouTube-VIS labels'):
        evaluate_stages(work_dir, gt, jobs=1)
    (work_dir / 'stages/dense/cat.json').unlink()
    write_json(work_dir / 'cat/results.json', {})
    with pytest.raises(S2DInputError, match=r'results\.json is not a results file .*got object'):
        evaluate_stages(work_dir, gt, jobs=1)
    write_json(work_dir / 'cat/results.json', [dict(video_id=1, score=1, segmentations=[OBJECT])])
    with pytest.raises(S2DInputError, match='1 segmentations, expected one per frame, 4'):
        evaluate_stages(work_dir, gt, jobs=1)


BROKEN = dict(size=list(SIZE), counts='~')


@pytest.mark.parametrize(('track', 'message'), [
    (dict(segmentations=[None, BROKEN, None, None]), '1: the mask does not decode .* 10 x 20'),
    (dict(segmentations=[None, dict(size=[1]), None, None]), 'frame 1: the mask does not decode'),
    (dict(score=float('nan')), 'track 0: score nan is not a finite number'),
    (dict(segmentations=[None, dict(size=[10, 20], counts=''), None, None]), 'frame 1: the mask'),
    (dict(segmentations=[None, [[0, 0, 1, 1]], None, None]), 'expected an RLE with a size')])
def test_broken_tracks(gt, work_dir, track, message):
    path = work_dir / 'cat/results.json'
    write_json(path, [{**json.loads(path.read_text())[0], **track}])
    with pytest.raises(S2DInputError, match=f'cat/results.json, .*{message}'):
        evaluate_stages(work_dir, gt, jobs=1)


def test_broken_proposals_and_keymasks(gt, work_dir):
    write_json(work_dir / 'stages/keymasks/cat.json', labels('cat', [OBJECT] * 4))
    content = json.loads((work_dir / 'stages/keymasks/cat.json').read_text())
    content['annotations'][0]['segmentations'][2] = BROKEN
    write_json(work_dir / 'stages/keymasks/cat.json', content)
    with pytest.raises(S2DInputError, match='keymasks/cat.json, track 0, frame 2: the mask doe'):
        evaluate_stages(work_dir, gt, jobs=1)
    write_proposals(work_dir / 'stages/proposals/cat.json', 'cat', SIZE,
                    [[], [dict(segmentation=OBJECT, score='high')], [], []])
    with pytest.raises(S2DInputError, match='proposals/cat.json is not a .* at frames.1..0..score'):
        evaluate_stages(work_dir, gt, jobs=1)


@pytest.mark.parametrize(('path', 'content', 'message'), [
    ('stages/frames/cat.json', dict(video='cat', start=None), 'description of a clip: at start'),
    ('stages/frames/cat.json', [3], 'not the description of a clip: at its outermost value'),
    ('stages/dense/cat.json', dict(videos=[3]), r'not a YouTube-VIS label file: at videos\[0\]'),
    ('stages/dense/cat.json', [], 'not a YouTube-VIS label file: at its outermost value'),
    ('stages/keymasks/cat.json', dict(height=3, width=3, frames=[]), 'is a proposals file, expec'),
    ('stages/proposals/cat.json', dict(frames=3), 'not a proposals file'),
    ('cat/results.json', [dict(video_id=1, score=None, segmentations=[])], r'at \[0\].score: exp'),
    ('cat/results.json', 3, 'not a results file')])
def test_files_of_wrong_shape(gt, work_dir, path, content, message):
    write_json(work_dir / path, content)
    with pytest.raises(S2DInputError, match=f'{path} .*{message}') as caught:
        evaluate_stages(work_dir, gt, jobs=1)
    assert '\n' not in str(caught.value)


def test_official_ground_truth(work_dir, tmp_path):
    """Without names, with nulls, and with annotations of length 1."""
    official = labels('cat', [OBJECT] * 4)
    official.update(categories=None)
    official['videos'][0].update(name=None, length=None, id=2**63)
    official['annotations'][0].update(dict.fromkeys(('areas', 'bboxes', 'iscrowd')), length=1,
                                      video_id=2**63)
    write_json(tmp_path / 'gt.json', official)
    assert evaluate_stages(work_dir, tmp_path / 'gt.json', jobs=1)['stages']['infer']['J_top'] == 1


@pytest.mark.parametrize(('name', 'folder'), [('cat', 'other'), (None, 'cat')])
def test_ground_truth_goes_by_the_name_and_else_by_the_folder(work_dir, tmp_path, name, folder):
    truth = labels('cat', [OBJECT] * 4)
    truth['videos'][0].update(name=name, file_names=[f'{folder}/{frame}.jpg' for frame in range(4)])
    write_json(tmp_path / 'gt.json', truth)
    assert evaluate_stages(work_dir, tmp_path / 'gt.json', jobs=1)['stages']['infer']['J_top'] == 1


def test_keymasks_without_scores_and_with_nulls(gt, work_dir):
    path = work_dir / 'stages/keymasks/cat.json'
    content = json.loads(path.read_text())
    for annotation in content['annotations']:
        annotation.update(score=None, one2x=None, segmentations=[
            mask or [] for mask in annotation['segmentations']])
    content['videos'][0]['length'] = None
    before = evaluate_stages(work_dir, gt, jobs=1)['stages']['keymasks']
    write_json(path, content)
    assert evaluate_stages(work_dir, gt, jobs=1)['stages']['keymasks'] == before


def test_results_of_a_name_that_leads_elsewhere_are_not_read(work_dir, tmp_path):
    write_json(tmp_path / 'cat/results.json', 'not a results file')
    truth = labels('../cat', [OBJECT] * 4)
    truth['videos'][0]['file_names'] = ['0', '1', '2', '3']
    write_json(tmp_path / 'gt.json', truth)
    with pytest.raises(S2DInputError, match='no stage has results for a video with ground truth'):
        evaluate_stages(work_dir, tmp_path / 'gt.json', jobs=1)
