"""The ablation: exact masks, what is kept of them, variants, measures, and a run of two steps."""

import os
import signal
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config, ConfigDict

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.json_files import read_json
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'projects/s2d/ablation'))
import ablate_temporal_droploss as tool  # noqa: E402
import ablation_data  # noqa: E402
import ablation_report  # noqa: E402
import ablation_run  # noqa: E402
import ablation_scores  # noqa: E402
import made_videos  # noqa: E402


def box(width, height, color, path):
    """A box whose path is given as centres (x, y), without turns."""
    return made_videos.Sprite(np.full((height, width, 3), color, np.uint8),
                              np.ones((height, width), bool),
                              np.array([(x, y, 0, 1) for x, y in path], float))


# generator


def test_masks_are_the_pixels_seen():
    ground = np.full((2, 8, 10, 3), 50, np.uint8)
    behind = box(4, 2, 100, [(4, 3), (4, 3)])  # columns 2 to 5, rows 2 and 3
    front = box(2, 4, 200, [(9, 4), (5, 4)])  # columns 8 and 9, then 4 and 5; rows 2 to 5
    video = made_videos.render(ground, [behind, front])
    expected = np.zeros((2, 2, 8, 10), bool)
    expected[0, 0, 2:4, 2:6] = True
    expected[0, 1, 2:4, 2:4] = True  # its right half is hidden
    expected[1, 0, 2:6, 8:10] = True
    expected[1, 1, 2:6, 4:6] = True
    assert (video.masks == expected).all()
    colors = 50 + 50 * expected[0] + 150 * expected[1]
    assert (video.frames == colors[..., None]).all()
    assert (ground == 50).all()


def test_an_object_comes_in_over_the_edge():
    leaving = box(4, 2, 100, [(0, 1), (-2, 1)])
    masks = made_videos.render(np.zeros((2, 4, 6, 3), np.uint8), [leaving]).masks[0]
    assert masks[0].sum() == 4 and masks[0, :2, :2].all()
    assert not masks[1].any()


@pytest.mark.parametrize('seed', range(4))
def test_made_videos(seed):
    video = made_videos.make_video(np.random.default_rng(seed))
    again = made_videos.make_video(np.random.default_rng(seed))
    assert (video.frames == again.frames).all() and (video.masks == again.masks).all()
    count, *shape = video.masks.shape
    assert count in (2, 3) and tuple(shape) == video.frames.shape[:3] == (10, 64, 96)
    assert video.frames.dtype == np.uint8
    assert video.masks.sum(axis=0).max() == 1
    assert ((video.masks.sum(axis=(2, 3)) >= 40).mean(axis=1) >= 0.5).all()


def test_objects_move_come_and_go():
    videos = [made_videos.make_video(np.random.default_rng(seed)) for seed in range(20)]
    tubes = [masks for video in videos for masks in video.masks]
    visible = np.array([masks.any(axis=(1, 2)) for masks in tubes])
    assert 0.03 < (~visible).mean() < 0.2  # not there yet, gone, or hidden
    assert (~visible).any(axis=1).mean() > 0.1
    overlap = [(masks[0] & masks[-1]).sum() / max((masks[0] | masks[-1]).sum(), 1)
               for masks in tubes]
    assert np.median(overlap) < 0.5


def test_no_color_tells_objects_from_the_ground():
    videos = [made_videos.make_video(np.random.default_rng(seed)) for seed in range(20)]
    inside = np.concatenate([v.frames[v.masks.any(axis=0)] for v in videos])
    outside = np.concatenate([v.frames[~v.masks.any(axis=0)] for v in videos])
    for channel in range(3):
        shares = [np.histogram(part[:, channel], 16, (0, 256))[0] / len(part)
                  for part in (inside, outside)]
        best_threshold = np.abs(np.cumsum(shares[0] - shares[1])).max()
        assert best_threshold < 0.25


# keymasks and clips


def test_a_third_of_the_visible_frames_is_kept():
    masks = np.zeros((3, 12, 2, 2), bool)
    masks[0, :, 0, 0] = True  # 12 frames
    masks[1, 3:9, 0, 1] = True  # 6
    masks[2, 5, 1, 1] = True  # 1
    kept = ablation_data.choose_keymasks(masks, 1 / 3, np.random.default_rng(0))
    assert kept.sum(axis=1).tolist() == [4, 2, 1]
    assert not (kept & ~masks.any(axis=(2, 3))).any()
    other = ablation_data.choose_keymasks(masks, 1 / 3, np.random.default_rng(1))
    assert (kept != other).any()


def make_known(*known):
    """Labels of one video; per instance the frames with a keymask."""
    rle = encode_mask(np.ones((2, 3), bool))
    names = [f'v/{frame}.png' for frame in range(6)]
    return make_labels([make_video(1, 'v', (2, 3), names)], [
        make_annotation(number, 1, [rle if frame in frames else None for frame in range(6)])
        for number, frames in enumerate(known, 1)])


def clips_of(labels):
    return {video['name']: [a['id'] for a in labels['annotations']
                            if a['video_id'] == video['id']] for video in labels['videos']}


def test_complete_clips_miss_no_keymask():
    # instance 2 breaks the clip 1, 2, 3; it is whole in 3, 4, 5 and absent from 0, 1, 2
    labels = ablation_data.complete_clips(make_known({0, 1, 2, 3}, {3, 4, 5}), 3, (1,))
    assert list(clips_of(labels)) == ['v_0_1']  # in 3, 4, 5 instance 1 is incomplete
    assert labels['videos'][0]['file_names'] == ['v/0.png', 'v/1.png', 'v/2.png']
    assert all(rle is not None for a in labels['annotations'] for rle in a['segmentations'])


def test_complete_clips_at_several_strides():
    labels = ablation_data.complete_clips(make_known({0, 2, 4}, {0, 2, 4}), 3, (1, 2))
    assert clips_of(labels) == {'v_0_2': [1, 2]}
    assert ablation_data.complete_clips(make_known({0, 1}), 3, (1, 2))['videos'] == []


# variants


def variant(name):
    return ablation_run.Run(name, 0, Path('out'), 1, 1).read_config()


def differences(first, second, at=''):
    """The dotted names of all settings that differ."""
    if isinstance(first, ConfigDict) and isinstance(second, ConfigDict):
        return sorted(name for key in first.keys() | second.keys() for name in
                      differences(first.get(key), second.get(key), f'{at}.{key}'.lstrip('.')))
    return [] if first == second else [at]


def test_variants_differ_in_the_intended_settings_alone():
    base = variant('temporal_droploss')._cfg_dict
    head = 'model.detector.track_head'
    encoder = f'{head}.pixel_decoder.encoder.layer_cfg'
    places = ['experiment_name', 'test_evaluator.outfile_prefix', 'work_dir']
    expected = dict(
        temporal_droploss=[],
        missing_as_empty=[f'{head}.match_known_frames_only']
        + [f'{head}.loss_{name}' for name in ('dice', 'mask')],
        complete_clips=['train_dataloader.dataset.ann_file'],
        match_missing_as_empty=[f'{head}.match_known_frames_only'],
        teacher=['model.teacher_loss_weight'],
        late_teacher=['custom_hooks'],
        **dict.fromkeys(tool.CLIP_VARIANTS, ['train_dataloader.dataset.pipeline',
                                             'train_pipeline']),
        **dict.fromkeys(tool.TEACHER_VARIANTS, [
            'custom_hooks', 'model.teacher_mode', f'{encoder}.ffn_cfg.ffn_drop',
            f'{encoder}.self_attn_cfg.dropout']))
    assert expected.keys() == tool.ALL_VARIANTS.keys()
    for name, settings in expected.items():
        found = differences(base, variant(name)._cfg_dict)
        found = [item for item in found if item not in places]
        shortened = sorted({item if not item.startswith(f'{head}.loss_')
                            else '.'.join(item.split('.')[:4]) for item in found})
        assert shortened == sorted(settings), name


def test_what_clips_of_the_variants_are_made_of():
    base, windows, alike, per_frame = (
        variant(name).train_dataloader.dataset.pipeline
        for name in ('temporal_droploss', *tool.CLIP_VARIANTS))
    assert differences(base[0], windows[0]) == ['choice'] and windows[0].choice == 'windows'
    assert windows[1:] == base[1:] and alike[0] == per_frame[0] == base[0]
    assert [place for first, second in zip(alike, per_frame, strict=True)
            for place in differences(first, second)] == ['share_random_params'] * 2


def test_the_late_teacher_starts_at_half_time():
    run = ablation_run.Run('late_teacher', 0, Path('out'), 1, 1, steps=40)
    hook = run.read_config().custom_hooks[-1]
    assert hook.teacher_loss_weight == dict(start=0.0, end=1.0, begin=20)


def test_losses_of_the_variants():
    drop, empty = (variant(name).model.detector.track_head
                   for name in ('temporal_droploss', 'missing_as_empty'))
    for loss in ('loss_mask', 'loss_dice'):
        assert drop[loss].type == 'TemporalDropLoss'
        assert drop[loss].loss == empty[loss]
    assert drop.match_known_frames_only and not empty.match_known_frames_only


def test_fingerprint_tells_settings_not_places():
    run = ablation_run.Run('teacher', 0, Path('/a'), 4, 2, steps=8)
    same = ablation_run.Run('teacher', 0, Path('/b'), 4, 2, steps=8)
    assert run.fingerprint() == same.fingerprint()
    for other in (dict(steps=9), dict(seed=1), dict(num_videos=5), dict(variant='complete_clips')):
        settings = dict(variant='teacher', seed=0, out=Path('/a'), num_videos=4, num_held_out=2,
                        steps=8)
        assert ablation_run.Run(**{**settings, **other}).fingerprint() != run.fingerprint()


# measures


def test_dense_j_by_hand():
    truth = np.zeros((2, 2, 1, 4), bool)
    truth[0, 0, 0, :2] = True  # leaves after frame 0
    truth[1, :, 0, 2:] = True
    masks = np.zeros((3, 2, 1, 4), bool)
    masks[0, 0, 0, :] = True  # object 0: 2/4 in frame 0; frame 1 has neither. Object 1: (1/2 + 0)/2
    masks[1, :, 0, 2] = True  # object 1: 1/2 in both
    assert ablation_scores.tube_j(truth, masks) == pytest.approx(
        np.array([[0.5, 0, 0], [0.25, 0.5, 0]]))
    assert ablation_scores.dense_j(truth, masks).tolist() == [0.5, 0.5]
    assert ablation_scores.match_objects(np.array([[0.9], [0.5]])).tolist() == [0, -1]
    assert ablation_scores.dense_j(truth, masks[:0]).tolist() == [0, 0]


def test_a_track_where_the_object_is_gone_costs():
    truth, masks = np.zeros((1, 2, 1, 2), bool), np.ones((1, 2, 1, 2), bool)
    truth[0, 0] = True
    assert ablation_scores.dense_j(truth, masks).tolist() == [0.5]


def result(variant, seed, j):
    return dict(variant=variant, seed=seed, j=j, ap=0.1, ap50=0.2, cpu_seconds=60.0, steps=2,
                videos=dict(a=[j]))


def test_table_by_hand():
    results = [result('one', 0, 0.5), result('one', 1, 0.7), result('two', 0, 0.4),
               result('two', 1, 0.4)]
    rows = ablation_report.summarise(results, dict(one='first', none='absent', two='second'))
    assert rows[0] == ('first', '60.0 ± 14.1', '-', '10.0 ± 0.0', '20.0 ± 0.0', '60')
    assert rows[1][:3] == ('second', '40.0 ± 0.0', '-20.0 ± 14.1')
    assert len(rows) == 2


def test_the_video_most_like_the_table_is_shown():
    runs = [dict(j=0.6, videos=dict(a=[0.9, 0.7], b=[0.6, 0.5], c=[0.6])),
            dict(j=0.3, videos=dict(a=[0.3, 0.3], b=[0.2, 0.3], c=[0.8]))]
    # deviations: a 0.2 + 0; b 0.05 + 0.05; c 0 + 0.5
    assert ablation_report.choose_video(runs) == 'b'


# end to end


def test_two_variants_and_resume(tmp_path, capsys):
    out = tmp_path / 'out'
    arguments = ['--out', str(out), '--seeds', '3', '--steps', '2', '--videos', '3',
                 '--held-out', '1', '--jobs', '1', '--variants', 'temporal_droploss']
    assert tool.main(arguments) == 0
    assert 'Temporal DropLoss' in capsys.readouterr().out
    kept = out / 'runs/temporal_droploss_seed3/result.json'
    before = kept.stat().st_mtime_ns
    assert read_json(kept)['steps'] == 2 and 0 <= read_json(kept)['j'] <= 1

    assert tool.main([*arguments, 'missing_as_empty']) == 0
    said = capsys.readouterr().out
    assert '1 of 2 runs are kept' in said and '[2/2] missing_as_empty, seed 3' in said
    assert kept.stat().st_mtime_ns == before
    assert [run['variant'] for run in read_json(out / 'ablation.json')['runs']] == [
        'temporal_droploss', 'missing_as_empty']
    assert cv2.imread(str(out / 'ablation.jpg')).shape[1] == 4 * (2 * 96 + 4)
    assert 'missing frames as empty masks' in (out / 'ablation.md').read_text()
    assert not list(out.rglob('.*'))  # no half-written file


def test_runs_share_processes():
    assert list(tool._in_parallel(abs, [-1, 2, -3], jobs=2)) == [1, 2, 3]


def test_a_killed_training_is_told():
    def kill_at_three(number):
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    with pytest.raises(S2DInputError, match='training was killed.* fewer than --jobs 2'):
        list(tool._in_parallel(kill_at_three, [1, 2, 3, 4], jobs=2))


@pytest.mark.parametrize(('extra', 'message'), [
    (['--variants', 'magic'], 'error: --variants: expected some of temporal_droploss, '),
    (['--steps', '1'], 'error: --steps: expected at least 2, found 1'),
    (['--jobs', '0'], 'error: --jobs: expected at least 1, found 0'),
    (['--held-out', '0'], 'error: --held-out: expected at least 1, found 0'),
    (['--seeds', '-1'], 'error: --seeds: expected numbers from 0 on, found -1'),
])
def test_bad_arguments(tmp_path, capsys, extra, message):
    assert tool.main(['--out', str(tmp_path / 'out'), *extra]) == 2
    error = capsys.readouterr().err
    assert error.startswith(message) and error.count('\n') == 1
    assert not (tmp_path / 'out').exists()


def test_out_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / 'file').write_text('')
    assert tool.main(['--out', str(tmp_path / 'file'), '--videos', '1', '--held-out', '1']) == 2
    assert 'error: cannot write' in capsys.readouterr().err


def test_configs_are_readable_alone():
    for name in tool.ALL_VARIANTS:
        assert Config.fromfile(ablation_run.CONFIGS / f'{name}.py').train_cfg.max_iters > 100
