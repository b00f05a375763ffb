import json
import os
import shutil

import cv2
import numpy as np
import pytest
import torch
from pycocotools import mask as coco_mask
from tiny_recipe import SIZE, BrightProposer, make_video, run, write_recipe

from s2d_plugins.labels.rle import decode_mask, encode_mask
from s2d_plugins.pipeline.quiet_runner import ProgressBarHook
from s2d_plugins.registry import TASK_UTILS
from s2d_plugins.video.listing import RESERVED_NAMES

RESULTS = ('overlay.mp4', 'results.json', 'keymasks.png', 'summary.json')


def stamps(folder):
    """Times of change of all results."""
    return {path.relative_to(folder): path.stat().st_mtime_ns for path in folder.rglob('*')
            if path.is_file() and path.name not in ('run.log', 'lock')}


def test_one_video_from_frames_to_results(finished_run):
    folder, out = finished_run
    assert 'out/a/: 1 instances; overlay.mp4, results.json, keymasks.png, summary.json' in out
    assert 'wall time' in out
    assert {path.name for path in (folder / 'out').iterdir()} <= {'a', *RESERVED_NAMES}
    result, = json.loads((folder / 'out/a/results.json').read_text())
    assert result['video_id'] == 1 and result['category_id'] == 1
    assert result['score'] == pytest.approx(0.9) and len(result['segmentations']) == 14
    for index, rle in enumerate(result['segmentations']):
        mask = decode_mask(rle)
        assert mask.shape == (48, 64)
        assert mask[22, 12 + 2 * index] and not mask[5, 5] and not mask[44, 60]
    capture = cv2.VideoCapture(str(folder / 'out/a/overlay.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 14 and capture.get(cv2.CAP_PROP_FPS) == 10
    assert cv2.imread(str(folder / 'out/a/keymasks.png')).shape[1] <= 1600
    summary = json.loads((folder / 'out/a/summary.json').read_text())
    assert list(summary['stages']) == ['frames', 'proposals', 'keymasks', 'dense', 'distill',
                                       'final', 'infer']
    assert summary['stages']['keymasks']['instances'] == 1
    assert (summary['stages']['dense']['instances'], summary['stages']['dense']['masks']) == (1, 14)
    assert summary['stages']['distill']['steps'] == 4
    assert all(part['seconds'] >= 0 and part['peak_memory_mb'] > 10
               for part in summary['stages'].values())
    assert 'out/report.html: 1 videos, 1 overlays inside' in out
    note = json.loads((folder / 'out/stages/run.json').read_text())
    assert list(note['videos']) == ['a'] and note['ended'] > note['started']
    assert note['error'] is None and note['failures'] == {}


def test_second_run_does_nothing(finished, recipe, capsys):
    before = stamps(finished / 'out')
    code, out, _ = recipe(capsys)
    after = stamps(finished / 'out')
    assert code == 0 and 'infer: done before' in out
    assert {str(path) for path in before if before[path] != after.get(path)} <= {
        'stages/keymasks.json', 'stages/dense.json', 'stages/run.json', 'report.html'}
    assert before.keys() == after.keys()


def test_a_training_is_made_again_when_the_weights_it_starts_from_are_others(
        recipe, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv('S2D_WEIGHTS', str(tmp_path / 'cache'))
    weights = tmp_path / 'cache/dino_resnet50.pth'  # the name is all that counts here
    extra = "distill.update(options=dict(load_from='s2d://dino_resnet50'))\n"
    make_video(tmp_path / 'videos/a.mp4')
    (tmp_path / 'cache').mkdir()

    def train(value=None):
        if value is not None:
            torch.save(dict(state_dict=dict(weight=torch.full((1,), value))), weights)
        code, out, err = recipe(capsys, '--stages', 'frames', 'proposals', 'keymasks', 'distill',
                                extra=extra)
        assert code == 0, err
        return out

    train(1.0)
    weights.write_bytes(weights.read_bytes())  # the same, but written now
    assert 'distill: done before' in train()
    out = train(2.0)
    assert 'distill: settings or data have changed, so it is made again' in out
    assert 'distill: done before' not in out and 'proposals: 1 of 1 clips were done before' in out
    assert 'distill: done before' in train()


def test_in_a_folder_the_others_go_on(recipe, capsys, tmp_path):
    make_video(tmp_path / 'videos/good.mp4')
    make_video(tmp_path / 'videos/still.mp4', still=True)
    make_video(tmp_path / 'videos/short.mp4', length=1)
    (tmp_path / 'videos/empty.mp4').touch()
    (tmp_path / 'videos/text.avi').write_text('not a video')
    cut = make_video(tmp_path / 'videos/cut.mp4').read_bytes()
    (tmp_path / 'videos/cut.mp4').write_bytes(cut[:len(cut) // 2])
    code, out, _ = recipe(capsys)
    assert code == 2
    assert '5 of 6 videos have a problem:' in out
    listed = out.partition('have a problem:')[2]
    for name, reason in dict(empty='empty', text='is a text', short='1 frame',
                             cut='cut', still='no moving object').items():
        line, = [line for line in listed.splitlines() if line.startswith(f'  {name}: ')]
        assert reason in line and f'{name}.' in line
    for name in RESULTS:
        assert (tmp_path / 'out/good' / name).is_file()
        assert (tmp_path / 'out/still' / name).is_file()


def test_a_new_video_costs_proposals_for_itself_alone(finished, recipe, capsys):
    calls = BrightProposer.calls
    make_video(finished / 'videos/b.mp4', length=12)
    code, out, _ = recipe(capsys)
    assert code == 0 and BrightProposer.calls == calls + 1
    assert 'proposals: 1 of 2 clips were done before' in out
    for stage in ('distill', 'dense', 'final', 'infer'):
        assert f'{stage}: settings or data have changed' in out
    assert (finished / 'out/b/results.json').is_file()


def test_changed_settings_redo_their_stage_and_what_follows(finished, recipe, capsys):
    calls = BrightProposer.calls
    code, out, _ = recipe(capsys, '--cfg-options', 'inference.top_k=3')
    assert code == 0 and BrightProposer.calls == calls
    redone = [line.partition(':')[0] for line in out.splitlines() if 'have changed' in line]
    assert redone == ['dense', 'infer'] and 'final: done before' in out


def test_a_training_made_again_redoes_what_follows(finished, recipe, capsys):
    shutil.rmtree(finished / 'out/stages/final')
    code, out, _ = recipe(capsys)
    assert code == 0 and 'dense: 1 of 1 clips were done before' in out
    assert 'infer: settings or data have changed' in out


def test_another_file_under_the_same_name_is_noticed(recipe, capsys, tmp_path):
    make_video(tmp_path / 'a.mp4')
    recipe(capsys, '--stages', 'frames', 'proposals', videos='a.mp4')
    make_video(tmp_path / 'a.mp4', length=10)
    recipe(capsys, '--stages', 'frames', 'proposals', videos='a.mp4')
    proposals = json.loads((tmp_path / 'out/stages/proposals/a.json').read_text())
    assert len(proposals['frames']) == 10
    assert len(list((tmp_path / 'out/stages/frames/a').iterdir())) == 10


def test_interrupted_training_goes_on_from_its_last_whole_checkpoint(
        recipe, capsys, tmp_path, monkeypatch):
    make_video(tmp_path / 'a.mp4')
    step = ProgressBarHook.after_train_iter

    def stop_at_step_3(self, runner, *args, **kwargs):
        step(self, runner, *args, **kwargs)
        if runner.iter == 2:
            raise KeyboardInterrupt
    with monkeypatch.context() as patch:
        patch.setattr(ProgressBarHook, 'after_train_iter', stop_at_step_3)
        code, _, err = recipe(capsys, videos='a.mp4')
    assert code == 130 and 'run the same command again' in err
    folder = tmp_path / 'out/stages/distill'
    newest = max(folder.glob('iter_*.pth'), key=lambda path: path.stat().st_mtime)
    data = newest.read_bytes()
    newest.write_bytes(data[:len(data) // 2])  # as a kill while writing leaves it
    code, out, _ = recipe(capsys, videos='a.mp4')
    assert code == 0 and 'distill: goes on from iter_' in out
    assert f'goes on from {newest.name}' not in out
    assert json.loads((folder / 'done.json').read_text())['checkpoint'] == 'iter_4.pth'


def test_interrupted_proposals_keep_finished_clips(recipe, capsys, tmp_path, monkeypatch):
    make_video(tmp_path / 'videos/a.mp4')
    make_video(tmp_path / 'videos/b.mp4')
    propose, calls = BrightProposer.propose, []

    def second_call_stops(self, frames, progress=None):
        calls.append(frames.name)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return propose(self, frames, progress)
    monkeypatch.setattr(BrightProposer, 'propose', second_call_stops)
    args = ('--stages', 'frames', 'proposals')
    assert recipe(capsys, *args)[0] == 130
    code, out, _ = recipe(capsys, *args)
    assert code == 0 and calls == ['a', 'b', 'b']
    assert 'proposals: 1 of 2 clips were done before' in out


def test_shots_are_clips_of_their_own_and_results_cover_the_video(recipe, capsys, tmp_path):
    make_video(tmp_path / 'videos/a.mp4', length=28, cut=14)
    code, _, _ = recipe(capsys)
    assert code == 0
    clips = [json.loads((tmp_path / f'out/stages/frames/a_shot0{shot}.json').read_text())
             for shot in (0, 1)]
    assert [(clip['start'], clip['stop']) for clip in clips] == [(0, 14), (14, 28)]
    results = json.loads((tmp_path / 'out/a/results.json').read_text())
    present = [[rle is not None for rle in result['segmentations']] for result in results]
    assert present == [[True] * 14 + [False] * 14, [False] * 14 + [True] * 14]


def test_names_of_shots_and_videos_must_differ(recipe, capsys, tmp_path):
    make_video(tmp_path / 'videos/a.mp4', length=28, cut=14)
    make_video(tmp_path / 'videos/a_shot00.mp4')
    code, out, _ = recipe(capsys, '--stages', 'frames')
    assert code == 2
    assert 'a.mp4: its shot 0 would be named a_shot00, like another video; rename one' in out


@pytest.mark.parametrize(('args', 'videos', 'expected'), [
    ((), 'empty.mp4', 'error: video empty.mp4 is empty'),
    ((), 'none.mp4', 'none.mp4 does not exist'),
    ((), 'nothing', 'found no video in nothing'),
    ((), 'still.mp4', 'stage keymasks: no moving object found in still'),
    (('--cfg-options', 'proposer.type=Nobody'), 'a.mp4', 'Nobody is not in the'),
    (('--cfg-options', 'proposer.color=1'), 'a.mp4', 'takes no arguments; correct it'),
    (('--cfg-options', 'discovery.grid=1'), 'a.mp4', "unexpected keyword argument 'grid'"),
    (('--cfg-options', 'inference.window=2'), 'a.mp4', 'below the window of 2 frames, found 2'),
    (('--cfg-options', 'frames.size=1'), 'a.mp4', "frames has no setting 'size'"),
    (('--cfg-options', 'distill.config=no.py'), 'a.mp4', 'names no.py'),
    (('--cfg-options', 'dense.score_thr=0.95'), 'a.mp4', 'the teacher is sure of no object'),
    (('--cfg-options', 'dense.threshold=0.9'), 'a.mp4', 'dense.threshold is not a setting'),
    (('--cfg-options', 'final.init_from=nobody'), 'a.mp4', "found 'nobody'"),
    (('--stages', 'final'), 'a.mp4', 'run the stage frames first'),
])
def test_mistakes_are_one_line_and_exit_code_2(recipe, capsys, tmp_path, args, videos, expected):
    (tmp_path / 'nothing').mkdir()
    (tmp_path / 'empty.mp4').touch()
    make_video(tmp_path / 'a.mp4')
    make_video(tmp_path / 'still.mp4', still=True)
    code, out, err = recipe(capsys, *args, videos=videos)
    assert code == 2
    errors = [line for line in (out + err).splitlines() if expected in line]
    assert errors, out + err


def test_a_training_config_is_no_pipeline_config(tmp_path, monkeypatch, capsys):
    write_recipe(tmp_path)
    make_video(tmp_path / 'a.mp4')
    code = run(monkeypatch, 'run_s2d', tmp_path / 'training/distill.py', '--videos',
               tmp_path / 'a.mp4', '--work-dir', tmp_path / 'out')
    assert code == 2
    assert 'is not a pipeline config: it has no dict proposer' in capsys.readouterr().err


def test_unwritable_work_dir(tmp_path, monkeypatch, capsys):
    make_video(tmp_path / 'a.mp4')
    (tmp_path / 'file').touch()
    code = run(monkeypatch, 'run_s2d', write_recipe(tmp_path), '--videos', tmp_path / 'a.mp4',
               '--work-dir', tmp_path / 'file' / 'out')
    err = capsys.readouterr().err
    assert code == 2 and err.startswith('error: cannot write') and len(err.splitlines()) == 1


def test_full_disk_stops_at_once_and_keeps_what_is_done(recipe, capsys, tmp_path, monkeypatch):
    make_video(tmp_path / 'videos/a.mp4')
    make_video(tmp_path / 'videos/b.mp4')
    replace, written = os.replace, []

    def full_at_second_clip(source, target):
        if 'proposals' in str(target):
            written.append(str(target))
            if len(written) == 2:
                raise OSError(28, 'No space left on device')
        replace(source, target)
    with monkeypatch.context() as patch:
        patch.setattr('s2d_plugins.fileio.whole_files.os.replace', full_at_second_clip)
        code, _, err = recipe(capsys, '--stages', 'frames', 'proposals')
    assert code == 2 and 'b.json: No space left on device; free space' in err
    assert [path.name for path in (tmp_path / 'out/stages/proposals').iterdir()] == ['a.json']


def test_two_runs_do_not_share_a_work_dir(recipe, capsys, tmp_path):
    from s2d_plugins.pipeline.workspace import Workspace
    make_video(tmp_path / 'a.mp4')
    with Workspace(tmp_path / 'out').lock():
        code, _, err = recipe(capsys, videos='a.mp4')
    assert code == 2 and 'another run is using out' in err


def test_tubes_are_judged_by_keymasks_and_results_by_dense_labels(recipe, capsys, tmp_path):
    """Keymasks have a score of 0.9, the bright tube too; one of all pixels scores 0.1."""
    make_video(tmp_path / 'a.mp4')
    extra = ('frames = dict(max_short_side=24)\ndense = dict(score_thr=0.05)\n'
             'inference.update(score_thr=0.05)\n')
    code, _, _ = recipe(capsys, videos='a.mp4', extra=extra)
    assert code == 0
    assert len(json.loads((tmp_path / 'out/stages/dense/a.json').read_text())['annotations']) == 2
    assert len(json.loads((tmp_path / 'out/a/results.json').read_text())) == 2
    extra += ("dense_support = dict(type='KeymaskSupport', min_share=0.5)\n"
              "result_support = dict(type='KeymaskSupport', min_share=0.5)\n"
              "dense_refinement = dict(type='EdgeRefiner', max_size=64)\n"
              "result_refinement = dict(type='EdgeRefiner', max_size=64)\n")
    code, out, _ = recipe(capsys, videos='a.mp4', extra=extra)
    assert code == 0 and 'dense: settings or data have changed' in out
    keymask, = json.loads((tmp_path / 'out/stages/keymasks/a.json').read_text())['annotations']
    assert keymask['proposal_score'] == 0.9 and 'score' not in keymask
    dense, = json.loads((tmp_path / 'out/stages/dense/a.json').read_text())['annotations']
    assert dense['score'] == pytest.approx(0.9 * 0.9, abs=0.12)  # less where outlines differ
    result, = json.loads((tmp_path / 'out/a/results.json').read_text())
    assert result['score'] == pytest.approx(0.9 * dense['score'], abs=0.12)
    assert result['segmentations'][0]['size'] == [48, 64]
    code, out, _ = recipe(capsys, videos='a.mp4', extra=extra.replace('share=0.5', 'share=0'))
    assert len(json.loads((tmp_path / 'out/a/results.json').read_text())) == 2


@TASK_UTILS.register_module()
class Halves:
    """Keeps the upper half of all masks."""

    def __call__(self, frames, tubes):
        def upper(rle):
            mask = coco_mask.decode(rle)
            mask[len(mask) // 2:] = 0
            return encode_mask(mask)
        assert len(frames) == 14
        return [dict(tube, segmentations=[rle and upper(rle) for rle in tube['segmentations']])
                for tube in tubes]


def test_keymasks_are_refined_before_they_are_learnt(recipe, capsys, tmp_path):
    """The square fills about 20 of 48 rows; its keymasks are cut at the middle of the frame."""
    make_video(tmp_path / 'a.mp4')
    code, _, _ = recipe(capsys, videos='a.mp4')
    assert code == 0
    path = tmp_path / 'out/stages/keymasks/a.json'
    before, = json.loads(path.read_text())['annotations']
    code, out, _ = recipe(capsys, videos='a.mp4',
                          extra="keymask_refinement = [dict(type='StrayRemover'), "
                                "dict(type='Halves')]\n")
    assert code == 0 and 'keymasks: settings or data have changed' in out
    after, = json.loads(path.read_text())['annotations']
    merged, = json.loads((tmp_path / 'out/stages/keymasks.json').read_text())['annotations']
    assert merged['segmentations'] == after['segmentations']
    for old, new in zip(before['segmentations'], after['segmentations'], strict=True):
        assert (old is None) == (new is None)
        if old is not None:
            mask = coco_mask.decode(old)
            mask[len(mask) // 2:] = 0
            assert (coco_mask.decode(new) == mask).all()
    code, _, err = recipe(capsys, videos='a.mp4',
                          extra="keymask_refinement = dict(type='EdgeRefiner', max_size=1)\n")
    assert code == 2 and 'max_size' in err


@TASK_UTILS.register_module()
class Doubts:
    """Trusts no tube; each comes with its clip's keymasks and dense labels."""

    def __call__(self, tubes, keymasks, dense):
        assert all(len(one['segmentations']) == 14 for one in (*keymasks, *dense))
        return [dict(quality=0.1, low=True) for _ in tubes]


def test_a_run_says_how_far_its_results_can_be_trusted(recipe, capsys, tmp_path):
    """The square agrees with keymasks and dense labels by more than a half; then nobody agrees."""
    make_video(tmp_path / 'videos/a.mp4')
    make_video(tmp_path / 'videos/still.mp4', still=True)
    extra = "result_quality = dict(type='AgreementQuality', low_below=0.5)\n"
    code, out, _ = recipe(capsys, extra=extra)
    assert code == 2 and 'out/a/: 1 instances; overlay.mp4' in out
    assert 'out/still/: 0 instances; overlay.mp4' in out
    assert out.count('not to be trusted: ') == 1
    quality = json.loads((tmp_path / 'out/a/summary.json').read_text())['quality']
    one, = quality['instances']
    assert (one['instance'], one['low'], quality['low'], quality['why']) == (1, False, False, None)
    assert quality['quality'] == one['quality'] > 0.5 and one['keymask_share'] > 0.5
    still = json.loads((tmp_path / 'out/still/summary.json').read_text())['quality']
    assert still == dict(quality=None, low=False, instances=[], why=still['why'])
    assert still['why'].startswith('no instance was found in it: ')
    doubts = "result_quality = dict(type='Doubts')\n"
    code, out, _ = recipe(capsys, extra=doubts)
    assert 'infer: settings or data have changed' in out
    assert 'out/a/: 1 instances (low quality, marked "?": 1); overlay.mp4' in out
    assert 'not to be trusted: keymasks and dense labels hardly agree with any instance' in out
    assert json.loads((tmp_path / 'out/a/summary.json').read_text())['quality']['low'] is True
    code, out, _ = recipe(capsys, extra=doubts)  # told again though nothing was made
    assert 'infer: done before' in out and '1 instances (low quality, marked "?": 1); ' in out


@pytest.mark.parametrize('key', ['dense_support', 'result_support'])
def test_a_judge_that_cannot_be_built(recipe, capsys, tmp_path, key):
    make_video(tmp_path / 'a.mp4')
    code, _, err = recipe(capsys, videos='a.mp4',
                          extra=f"{key} = dict(type='KeymaskSupport', min_share=2)\n")
    assert code == 2 and f'pipeline.py: {key}: ' in err and 'min_share' in err
    assert not (tmp_path / 'out/stages/frames').exists()


def test_stages_before_vote_on_the_masks_of_the_result(tmp_path, monkeypatch):
    """The model sees bright pixels; votes of all looks leave what proposals and labels hold too."""
    video, out = make_video(tmp_path / 'a.mp4'), tmp_path / 'out'
    arguments = ('--videos', video, '--work-dir', out, '--device', 'cpu')
    assert run(monkeypatch, 'run_s2d', write_recipe(tmp_path / 'recipe'), *arguments) == 0
    results = out / 'a/results.json'
    before = json.loads(results.read_text())[0]['segmentations']
    half = np.zeros(SIZE, bool)
    half[:23] = True  # of the square in rows 14 to 31
    for name in ('proposals', 'keymasks'):
        path = out / f'stages/{name}/a.json'
        content = json.loads(path.read_text())
        if name == 'proposals':
            content['frames'] = [[dict(mask, segmentation=encode_mask(
                decode_mask(mask['segmentation']) & half)) for mask in frame]
                for frame in content['frames']]
        else:
            for one in content['annotations']:
                one['segmentations'] = [None if rle is None else encode_mask(
                    decode_mask(rle) & half) for rle in one['segmentations']]
        path.write_text(json.dumps(content))
    config = write_recipe(tmp_path / 'recipe', "result_vote = dict(type='MaskVote', min_votes=4)\n")
    assert run(monkeypatch, 'run_s2d', config, *arguments, '--stages', 'infer') == 0
    after = json.loads(results.read_text())[0]['segmentations']
    voted = 0
    for old, new in zip(before, after, strict=True):
        kept = decode_mask(new)
        assert not (kept & ~decode_mask(old)).any()
        voted += not kept[24:].any() and kept[14:23].any()
    assert voted > len(before) / 2
