import os
import subprocess
import sys

import pytest

from s2d_plugins.apis.tracks import join_shots, to_results
from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.whole_files import partial_path
from s2d_plugins.models.window_inference import Tube
from s2d_plugins.pipeline.clips import Clip, clip_name
from s2d_plugins.pipeline.state import State
from s2d_plugins.pipeline.workspace import Workspace


def clip(name='a', shot=0, num_shots=1):
    return Clip(name, 'a', 'a.mp4', 'stamp', shot, num_shots, 0, 2, 24.0, (4, 6), (4, 6),
                ['00000.jpg', '00001.jpg'])


def test_clip_names_and_paths():
    assert clip_name('a', 0, 1) == 'a' and clip_name('a', 3, 5) == 'a_shot03'
    assert clip().frame_paths == ['a/00000.jpg', 'a/00001.jpg']


def test_a_video_counts_when_all_its_clips_are_there(tmp_path):
    workspace = Workspace(tmp_path)
    assert workspace.clips_of('a') == []
    workspace.write_clip(clip('a_shot00', 0, 2))
    assert workspace.clips_of('a') == []
    workspace.write_clip(clip('a_shot01', 1, 2))
    assert workspace.clips_of('a') == [clip('a_shot00', 0, 2), clip('a_shot01', 1, 2)]


def test_broken_clip_description(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.clip_file('frames', 'a').parent.mkdir(parents=True)
    workspace.clip_file('frames', 'a').write_text('{"name": "a"}')
    with pytest.raises(S2DInputError, match='a.json is not the description of a clip'):
        workspace.read_clip('a')


def test_clear_clip_removes_all_that_was_made_from_it(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.write_clip(clip())
    (workspace.frames / 'a').mkdir()
    for stage in ('proposals', 'keymasks', 'dense'):
        workspace.clip_file(stage, 'a').parent.mkdir()
        workspace.clip_file(stage, 'a').touch()
    workspace.state.set_record('infer', 'a', {})
    workspace.clear_clip('a', 'a')
    assert not [path for path in workspace.stages.rglob('*')
                if path.is_file() and path.name != 'state.json']
    assert workspace.state.record('infer', 'a') is None and not (workspace.frames / 'a').exists()


def test_state_survives_and_is_cleared_by_stage(tmp_path):
    state = State(tmp_path / 'state.json')
    state.set_key('frames', 'k')
    state.set_record('frames', 'a', dict(seconds=1))
    state.set_key('infer', 'l')
    again = State(tmp_path / 'state.json')
    assert again.key('frames') == 'k' and again.record('frames', 'a') == dict(seconds=1)
    again.clear('frames')
    assert State(tmp_path / 'state.json').key('frames') is None
    assert State(tmp_path / 'state.json').key('infer') == 'l'


def leave_partials(folder):
    """A half-written file and folder of a process that is gone, beside files of other programs."""
    folder.mkdir(parents=True, exist_ok=True)
    with os.popen('echo $$') as shell:
        pid = shell.read().strip()
    for number in range(2):
        path = partial_path(folder / 'a.json')
        path = path.with_name(path.name.replace(f'-{os.getpid()}-', f'-{pid}-'))
        path.touch() if number else path.mkdir()
    for name in ('.git', '.ipynb_checkpoints'):
        (folder / name).mkdir()
        (folder / name / 'config').touch()
    (folder / '.env').touch()
    return {'.git', '.ipynb_checkpoints', '.env'}


def test_clean_removes_what_a_killed_run_left_half_and_nothing_else(tmp_path):
    workspace = Workspace(tmp_path / 'out')
    own = [workspace.root, workspace.stages, workspace.stage_folder('frames'),
           workspace.stage_folder('proposals'), workspace.video_folder('a')]
    foreign = [workspace.video_folder('notes'), workspace.frames / 'a',
               workspace.stage_folder('mine')]
    kept = {folder: leave_partials(folder) for folder in (*foreign, *own)}
    before = {folder: len(list(folder.iterdir())) for folder in kept}
    with workspace.lock():
        workspace.clean(['a', 'not there'])
    for folder, names in kept.items():
        found = {path.name for path in folder.iterdir()}
        assert names <= found
        assert any('.s2d-' in name for name in found) == (folder in foreign)
    assert len(list(foreign[0].iterdir())) == before[foreign[0]]


def test_clean_follows_no_link(tmp_path):
    workspace = Workspace(tmp_path / 'out')
    leave_partials(tmp_path / 'elsewhere')
    before = sorted((tmp_path / 'elsewhere').iterdir())
    workspace.stages.mkdir(parents=True)
    for path in (workspace.stage_folder('proposals'), workspace.video_folder('a')):
        path.symlink_to(tmp_path / 'elsewhere')
    workspace.clean(['a'])
    assert sorted((tmp_path / 'elsewhere').iterdir()) == before


def test_remove_takes_away_a_link_and_not_what_it_leads_to(tmp_path):
    workspace = Workspace(tmp_path / 'out')
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine/frame.jpg').touch()
    workspace.frames.mkdir(parents=True)
    (workspace.frames / 'a').symlink_to(tmp_path / 'mine')
    workspace.remove(workspace.frames / 'a')
    assert (tmp_path / 'mine/frame.jpg').exists() and not (workspace.frames / 'a').is_symlink()
    workspace.stage_folder('dense').symlink_to(tmp_path / 'mine')
    with pytest.raises(S2DInputError, match='stages/dense is a link, and nothing is removed'):
        workspace.remove(workspace.stage_folder('dense') / 'frame.jpg')
    workspace.clear_stage('dense')
    assert not workspace.stage_folder('dense').is_symlink()
    assert (tmp_path / 'mine/frame.jpg').exists()


def test_a_linked_work_dir_is_the_user_s_choice(tmp_path):
    (tmp_path / 'big disk').mkdir()
    (tmp_path / 'out').symlink_to(tmp_path / 'big disk')
    workspace = Workspace(tmp_path / 'out')
    kept = leave_partials(workspace.stage_folder('proposals'))
    workspace.clean([])
    assert {path.name for path in workspace.stage_folder('proposals').iterdir()} == kept


def test_a_planted_link_in_place_of_the_lock_is_not_written_through(tmp_path):
    (tmp_path / 'precious').write_text('text')
    workspace = Workspace(tmp_path / 'out')
    workspace.stages.mkdir(parents=True)
    (workspace.stages / 'lock').symlink_to(tmp_path / 'precious')
    with pytest.raises(S2DInputError, match='cannot write'), workspace.lock():
        pass
    assert (tmp_path / 'precious').read_text() == 'text'


def test_the_lock_of_a_killed_run_is_free(tmp_path):
    code = ('import os, sys; from s2d_plugins.pipeline.workspace import Workspace\n'
            'with Workspace(sys.argv[1]).lock(): os.kill(os.getpid(), 9)')
    subprocess.run([sys.executable, '-c', code, str(tmp_path)], check=False)
    with (Workspace(tmp_path).lock(), pytest.raises(S2DInputError, match='another run is using'),
          Workspace(tmp_path).lock()):
        pass
    with Workspace(tmp_path).lock():
        pass


def test_shots_join_to_the_whole_video():
    rle = dict(size=[1, 1], counts='1')
    tubes = join_shots([(0, [Tube(0.5, [rle, None])]), (3, [Tube(0.9, [rle])])], 5)
    assert tubes == [Tube(0.5, [rle, None, None, None, None]),
                     Tube(0.9, [None, None, None, rle, None])]
    assert to_results(tubes[:1]) == [dict(video_id=1, score=0.5, category_id=1,
                                          segmentations=[rle, None, None, None, None])]
