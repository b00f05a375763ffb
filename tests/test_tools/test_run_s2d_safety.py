"""The pipeline beside files of others: what it must not delete, overwrite or take for its own."""

import json
import shutil

import cv2
import numpy as np
import pytest
from tiny_recipe import BrightProposer, make_video

from s2d_plugins.labels.proposals_file import write_proposals
from s2d_plugins.labels.rle import encode_mask

FRAMES_AND_PROPOSALS = ('--stages', 'frames', 'proposals')


def make_frames(folder, length=14):
    """Frames of a moving bright square as files ``0.png``, ``1.png`` and so on."""
    folder.mkdir(parents=True)
    for index in range(length):
        frame = np.full((48, 64, 3), 20, np.uint8)
        frame[14:32, 3 + 2 * index:21 + 2 * index] = 220
        cv2.imwrite(str(folder / f'{index}.png'), frame)


def test_hidden_files_of_others_stay(recipe, capsys, tmp_path):
    make_video(tmp_path / 'videos/a.mp4')
    foreign = [tmp_path / 'out' / name for name in (
        '.env', '.git/config', 'notes/.git/config', 'notes/.env', 'a/.git/config', 'a/.env',
        'stages/.mine', 'stages/proposals/.mine', 'stages/frames/.mine')]
    for path in (*foreign, tmp_path / 'elsewhere/.env'):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('mine')
    (tmp_path / 'out/linked').symlink_to(tmp_path / 'elsewhere')
    assert recipe(capsys)[0] == 0
    kept = [path for path in foreign if path.exists()]
    # a stage that is made anew begins with an empty folder
    assert {path.name for path in set(foreign) - set(kept)} <= {'.mine'}
    assert (tmp_path / 'out/stages/.mine').exists() and (tmp_path / 'elsewhere/.env').exists()
    (tmp_path / 'out/stages/proposals/.mine').write_text('mine')
    assert recipe(capsys)[0] == 0
    assert (tmp_path / 'out/stages/proposals/.mine').exists()


@pytest.mark.parametrize(('videos', 'work_dir', 'message'), [
    ('videos', 'videos', 'the output folder videos is the input videos'),
    ('videos', '.', 'the output folder . holds the input videos'),
    ('videos/a.mp4', 'videos', 'the output folder videos holds the input videos/a.mp4'),
    ('videos/b', 'videos/b', 'the output folder videos/b is the input videos/b'),
    ('videos', 'link', 'the output folder link is the input videos'),
    ('linked', 'out', 'the output folder out holds the input linked/clip'),
    ('videos', 'videos/a.mp4', 'is a file, expected a folder for the output')])
def test_a_work_dir_that_is_or_holds_the_videos(recipe, capsys, tmp_path, videos, work_dir,
                                                message):
    make_video(tmp_path / 'videos/a.mp4')
    make_frames(tmp_path / 'videos/b')
    make_frames(tmp_path / 'out/mine')
    (tmp_path / 'link').symlink_to('videos')
    (tmp_path / 'linked').mkdir()
    (tmp_path / 'linked/clip').symlink_to('../out/mine')
    before = sorted(path for path in tmp_path.rglob('*'))
    code, _, err = recipe(capsys, *FRAMES_AND_PROPOSALS, videos=videos, work_dir=work_dir)
    assert code == 2 and message in err and len(err.splitlines()) == 1
    assert [path for path in sorted(tmp_path.rglob('*'))
            if path not in before and 'recipe' not in path.parts] == []


def test_proposals_that_the_work_dir_holds(recipe, capsys, tmp_path):
    make_video(tmp_path / 'videos/a.mp4')
    write_proposals(tmp_path / 'out/stages/proposals/a.json', 'a', (48, 64), [[]] * 14)
    code, _, err = recipe(capsys, '--cfg-options', 'proposer.type=PrecomputedProposals',
                          'proposer.path=out/stages/proposals')
    assert code == 2 and 'the output folder out holds the input out/stages/proposals' in err
    assert (tmp_path / 'out/stages/proposals/a.json').is_file()


def test_a_work_dir_beside_the_videos_is_fine(recipe, capsys, tmp_path):
    make_video(tmp_path / 'videos/a.mp4')
    for _ in range(2):
        code, _, _ = recipe(capsys, '--stages', 'frames', work_dir='videos/out')
        assert code == 0


def test_frames_that_are_links_are_replaced_and_not_followed(recipe, capsys, tmp_path):
    make_video(tmp_path / 'videos/a.mp4')
    make_frames(tmp_path / 'precious')
    (tmp_path / 'out/stages/frames').mkdir(parents=True)
    (tmp_path / 'out/stages/frames/a').symlink_to(tmp_path / 'precious')
    (tmp_path / 'out/stages/dense').symlink_to(tmp_path / 'precious')
    assert recipe(capsys)[0] == 0
    assert len(list((tmp_path / 'precious').iterdir())) == 14
    assert not (tmp_path / 'out/stages/frames/a').is_symlink()


def test_only_frames_that_are_read_tell_whether_a_video_has_changed(recipe, capsys, tmp_path):
    for name in ('a', 'b'):
        make_frames(tmp_path / 'videos' / name)
    recipe(capsys)
    calls = BrightProposer.calls
    (tmp_path / 'videos/a/.DS_Store').touch()
    (tmp_path / 'videos/a/notes.txt').touch()
    (tmp_path / 'videos/a/thumbnails').mkdir()
    code, out, _ = recipe(capsys)
    assert code == 0 and 'infer: done before' in out and BrightProposer.calls == calls
    (tmp_path / 'videos/a/14.png').write_bytes((tmp_path / 'videos/a/13.png').read_bytes())
    code, out, _ = recipe(capsys, '--stages', 'frames', 'proposals', 'keymasks')
    assert code == 0 and BrightProposer.calls == calls + 1
    assert 'proposals: 1 of 2 clips were done before' in out
    assert 'keymasks: 1 of 2 clips were done before' in out
    assert len(list((tmp_path / 'out/stages/frames/a').iterdir())) == 15


def test_a_video_touched_but_the_same_trains_nothing_again(recipe, capsys, tmp_path):
    for name in ('a', 'b'):
        make_frames(tmp_path / 'videos' / name)
    recipe(capsys)
    results = (tmp_path / 'out/b/results.json').stat()
    (tmp_path / 'videos/a/3.png').touch()
    code, out, _ = recipe(capsys)
    assert code == 0 and 'distill: done before' in out and 'final: done before' in out
    assert 'have changed' not in out
    assert (tmp_path / 'out/b/results.json').stat() == results


def test_a_changed_proposals_file_makes_its_own_clip_again(recipe, capsys, tmp_path):
    masks = np.zeros((48, 64), bool)
    masks[14:32, 3:21] = True
    frame = [dict(segmentation=encode_mask(masks), score=0.9)]
    for name in ('a', 'b'):
        make_video(tmp_path / f'videos/{name}.mp4')
        write_proposals(tmp_path / f'given/{name}.json', name, (48, 64), [frame] * 14)
    args = ('--cfg-options', 'proposer.type=PrecomputedProposals', 'proposer.path=given')
    recipe(capsys, *FRAMES_AND_PROPOSALS, *args)
    code, out, _ = recipe(capsys, *FRAMES_AND_PROPOSALS, *args)
    assert code == 0 and 'proposals: 2 of 2 clips were done before' in out
    write_proposals(tmp_path / 'given/b.json', 'b', (48, 64), [frame] * 13 + [[]])
    code, out, _ = recipe(capsys, *FRAMES_AND_PROPOSALS, *args)
    assert code == 0 and 'proposals: b: its file has changed, so they are made again' in out
    assert 'proposals: 1 of 2 clips were done before' in out
    found = json.loads((tmp_path / 'out/stages/proposals/b.json').read_text())
    assert found['frames'][-1] == []


def test_frames_that_someone_deleted_are_extracted_again(recipe, capsys, tmp_path):
    make_video(tmp_path / 'videos/a.mp4')
    recipe(capsys, *FRAMES_AND_PROPOSALS)
    folder = tmp_path / 'out/stages/frames/a'
    (folder / '00003.jpg').unlink()
    code, _, _ = recipe(capsys, *FRAMES_AND_PROPOSALS)
    assert code == 0 and len(list(folder.iterdir())) == 14
    shutil.rmtree(folder)
    code, _, _ = recipe(capsys, *FRAMES_AND_PROPOSALS)
    assert code == 0 and len(list(folder.iterdir())) == 14
