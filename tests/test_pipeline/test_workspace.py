import pytest

from s2d_plugins.apis.tracks import join_shots, to_results
from s2d_plugins.errors import S2DInputError
from s2d_plugins.models.window_inference import Tube
from s2d_plugins.pipeline.workspace import Clip, State, Workspace, clip_name


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
    workspace.clear_clip(clip())
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


def test_lock_removes_what_a_killed_run_left_half(tmp_path):
    workspace = Workspace(tmp_path)
    leftover = workspace.stages / 'proposals' / '.a.json.x1'
    leftover.parent.mkdir(parents=True)
    leftover.touch()
    (workspace.frames / '.a.x2').mkdir(parents=True)
    with workspace.lock():
        assert not leftover.exists() and not (workspace.frames / '.a.x2').exists()


def test_shots_join_to_the_whole_video():
    rle = dict(size=[1, 1], counts='1')
    tubes = join_shots([(0, [Tube(0.5, [rle, None])]), (3, [Tube(0.9, [rle])])], 5)
    assert tubes == [Tube(0.5, [rle, None, None, None, None]),
                     Tube(0.9, [None, None, None, rle, None])]
    assert to_results(tubes[:1]) == [dict(video_id=1, score=0.5, category_id=1,
                                          segmentations=[rle, None, None, None, None])]
