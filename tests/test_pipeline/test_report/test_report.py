"""What is in the page, read as text."""

import json
import re

import numpy as np
import pytest
from made_run import HOSTILE, LENGTH, REASON, SQUARES, add_losses, add_video, make_run, note

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.pipeline.report import write_report
from s2d_plugins.pipeline.report.costs import loss_curves
from s2d_plugins.pipeline.report.page import build_page, data_block
from s2d_plugins.pipeline.report.pictures import encode_frame, outline
from s2d_plugins.pipeline.report.tracks import to_runs
from s2d_plugins.pipeline.run_note import read_note
from s2d_plugins.pipeline.workspace import Workspace


def read_page(path):
    """Return the page and its blocks of data by name."""
    text = path.read_text(encoding='utf-8')
    blocks = dict(re.findall(r'<script type="application/json" id="([\w-]+)">(.*?)</script>', text))
    return text, {name: json.loads(block) for name, block in blocks.items()}


@pytest.fixture(scope='module')
def run_folder(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp('run')).root


@pytest.fixture(scope='module')
def page(run_folder):
    size = write_report(run_folder)
    assert size.path == run_folder / 'report.html' and size.videos == 3 and size.embedded == 2
    assert '3 videos, 2 overlays inside' in str(size)
    return read_page(size.path)


def test_failures_come_first(page):
    run = page[1]['run-data']
    assert [(one['name'], one['state']) for one in run['videos']] == [
        ('broken', 'failed'), (HOSTILE, 'doubtful'), ('good', 'good')]
    assert [one['reason'] for one in run['videos']] == [REASON, 'hardly any agreement', None]
    assert run['states'] == dict(failed=1, doubtful=1, unfinished=0, good=1)


def test_timeline_and_pictures_of_a_video(page):
    good = page[1]['video-2']
    assert (good['frames'], good['fps'], good['counts']) == (LENGTH, 4.0, [1] * LENGTH)
    keymasks, = good['rows']['keymasks']
    assert keymasks['runs'] == [[0, 2], [4, 5]] and keymasks['ranges'] == [[0, 6]]
    final, = good['rows']['infer']
    assert final['runs'] == [[0, 7]] and final['quality']['quality'] == 0.8
    assert [shot['frame'] for shot in good['pictures']] == list(range(LENGTH))
    assert [len(shot['layers']['keymasks']) for shot in good['pictures']] == [1, 1, 1, 0, 1, 1,
                                                                              0, 0]
    assert good['pictures'][1]['layers']['dense'][0]['d'] == 'M9,10 9,29 28,29 28,10Z'
    assert good['costs']['infer']['peak_memory_mb'] == 200


def test_costs_and_losses_of_the_run(page):
    run = page[1]['run-data']
    assert [(one['stage'], one['seconds'], one['done'], one['items']) for one in run['costs']] == [
        ('frames', 4, 2, 2), ('proposals', 4, 2, 2), ('infer', 4, 2, 3)]
    assert run['losses'] == dict(distill=dict(loss=[[1, 8], [2, 7], [3, 6]],
                                              loss_mask=[[1, 4], [2, 4], [3, 4]]))


def test_names_stay_text_and_nothing_is_loaded(page):
    text, blocks = page
    assert HOSTILE not in text and REASON not in text and '<script>document' not in text
    assert blocks['video-1']['source'] == f'videos/{HOSTILE}.mp4'
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    assert not re.findall(r'https?://(?!www\.w3\.org/2000/svg)', text)
    assert "default-src 'none'" in text and "'unsafe-inline'; script-src 'sha256-" in text


def test_a_name_like_a_mark_of_the_template_stays_a_name():
    text = build_page(dict(name='[[SCRIPT]] & [[DATA]]'), [data_block('video-0', '\u2028')])
    assert '"name":"[[SCRIPT]] \\u0026 [[DATA]]"' in text and text.count("'use strict'") == 1


def test_size_is_bounded_and_said(run_folder, tmp_path):
    whole = write_report(run_folder, tmp_path / 'whole.html')
    small = write_report(run_folder, tmp_path / 'small.html', max_mb=0.001, max_videos=2)
    assert small.megabytes < whole.megabytes and (small.embedded, small.linked) == (0, 1)
    assert small.left_out == 1 and '1 more left out' in str(small) and '1 read from' in str(small)
    run = read_page(small.path)[1]['run-data']
    assert [one['state'] for one in run['videos']] == ['failed', 'doubtful']
    assert run['videos'][1]['overlay']['link'].endswith('/overlay.mp4')
    assert '<' not in run['videos'][1]['overlay']['link'] and run['left_out'] == 1


def test_a_run_that_goes_on(tmp_path):
    workspace = Workspace(tmp_path)
    add_video(workspace, 'begun', quality=None)
    write_json(workspace.run_file, note(['begun', 'waits'], {}, ended=False))
    _, blocks = read_page(write_report(tmp_path).path)
    run = blocks['run-data']
    assert run['note']['ended'] is None and run['states']['unfinished'] == 2
    assert len(blocks['video-0']['pictures']) == LENGTH and blocks['video-1']['pictures'] == []
    assert [one['done'] for one in run['costs']] == [1, 1]


def test_broken_files_become_lines(tmp_path):
    workspace = make_run(tmp_path)
    workspace.clip_file('dense', 'good').write_text('{')
    (workspace.frames / 'good/00003.jpg').write_bytes(b'no picture')
    workspace.run_file.write_text('[]')
    workspace.clip_file('frames', HOSTILE).write_text('{}')
    _, blocks = read_page(write_report(tmp_path).path)
    run = blocks['run-data']
    assert len(run['problems']) == 2 and 'run.json' in run['problems'][0]
    assert [(one['name'], one['state']) for one in run['videos']] == [('good', 'failed')]
    problems = blocks['video-0']['problems']
    assert any('dense/good.json' in line for line in problems)
    assert any('00003.jpg' in line for line in problems)
    assert 'infer' in blocks['video-0']['rows']


def test_scores_against_ground_truth(tmp_path):
    workspace = make_run(tmp_path)
    row = dict(videos=1, J_track=0.75, frame_AP50=None)
    series = dict(frame=[0, 1], J_track=[1.0, 0.5])
    write_json(workspace.scores_file, dict(stages=dict(infer=row), videos=dict(
        good=dict(infer=dict(frames=2, per_frame=series)))))
    _, blocks = read_page(write_report(tmp_path).path)
    assert blocks['run-data']['scores'] == dict(stages=dict(infer=row))
    assert blocks['video-2']['truth'] == dict(infer=series)


@pytest.mark.parametrize(('settings', 'message'), [
    (dict(max_mb=0), 'max_mb: 0, expected megabytes'),
    (dict(max_mb=float('nan')), 'max_mb: nan'),
    (dict(max_videos=0), 'max_videos: 0, expected 1')])
def test_wrong_limits(run_folder, settings, message):
    with pytest.raises(S2DInputError, match=message):
        write_report(run_folder, **settings)


def test_only_a_page_is_written_over(run_folder):
    state = run_folder / 'stages/state.json'
    with pytest.raises(S2DInputError, match='state.json: expected the name of a page'):
        write_report(run_folder, state)
    assert state.stat().st_size


def test_no_work_dir(tmp_path):
    with pytest.raises(S2DInputError, match='expected the work dir of a tools/run_s2d.py run'):
        write_report(tmp_path)
    assert read_note(tmp_path / 'run.json') is None


def test_runs():
    assert to_runs([]) == [] and to_runs([3]) == [[3, 3]]
    assert to_runs([0, 1, 2, 5, 7, 8]) == [[0, 2], [5, 5], [7, 8]]


def test_outlines_have_holes_and_the_size_of_the_picture():
    mask = np.zeros((20, 40), bool)
    mask[4:16, 4:36] = True
    mask[8:12, 10:30] = False
    assert outline(encode_mask(mask), (40, 20)).count('M') == 2
    points = re.findall(r'(\d+),(\d+)', outline(encode_mask(mask), (80, 40)))
    assert max(int(x) for x, _ in points) == 71 and max(int(y) for _, y in points) == 31
    assert outline(SQUARES[0], (64, 48)) == 'M5,10 5,29 24,29 24,10Z'


def test_large_frames_are_made_smaller():
    picture = encode_frame(np.zeros((720, 1280, 3), np.uint8))
    assert (picture['width'], picture['height']) == (640, 360)


def test_a_training_that_went_on_is_one_curve(tmp_path):
    workspace = Workspace(tmp_path)
    add_losses(workspace)
    later = workspace.stage_folder('distill') / '20260102_000000/vis_data/scalars.json'
    later.parent.mkdir(parents=True)
    later.write_text('{"loss": 1.0, "step": 3}\n{"loss": NaN, "step": 4}\n7\n')
    assert loss_curves(workspace)['distill']['loss'] == [[1, 8], [2, 7], [3, 1]]
    later.write_text('\n'.join(f'{{"loss": {step}, "step": {step}}}' for step in range(1000)))
    thinned = loss_curves(workspace)['distill']['loss']
    assert len(thinned) < 402 and thinned[-1] == [999, 999]
