"""Names of formats, and outputs that spare what is there."""

import pathlib

import pytest

from s2d_plugins.errors import S2DInputError, S2DOutputError
from s2d_plugins.outputs import OutputPlan, VideoTracks, format_names, save_tracks
from s2d_plugins.outputs.id_images import NOTE


def test_names():
    assert format_names(None) == ('json', 'overlay')
    assert format_names('png, coco,png') == ('png', 'coco')
    assert format_names(['npz']) == ('npz',)


@pytest.mark.parametrize(('save', 'message'), [
    ('avi', "save: no format is named 'avi'; expected some of json, overlay, png"),
    ('', "no format is named ''"),
    (['png', 3], 'no format is named 3'),
    ([], r'expected names of formats, found \[\]'),
    (7, 'expected names of formats, found 7'),
])
def test_unknown_names(save, message):
    with pytest.raises(S2DInputError, match=message) as caught:
        format_names(save)
    assert '\n' not in str(caught.value)


def test_two_runs_in_one_folder(tmp_path):
    plan = OutputPlan.make(tmp_path / 'out', ['a'], alone=True)
    with plan.lock(), pytest.raises(S2DInputError, match='another run is writing to .*; wait'), \
            plan.lock():
        pass
    assert not list((tmp_path / 'out').iterdir())
    with plan.lock():
        pass


def test_a_folder_of_somebody_else_is_not_replaced(tmp_path, tracks):
    (tmp_path / 'out/masks').mkdir(parents=True)
    plan = OutputPlan.make(tmp_path / 'out', ['a'], alone=True, save='png')
    plan.check([])
    plan.save(0, tracks)
    assert (tmp_path / 'out/masks' / NOTE).is_file()
    plan.check([])
    plan.save(0, tracks)  # its own is
    (tmp_path / 'out/masks' / NOTE).unlink()
    for call in (lambda: plan.check([]), lambda: plan.save(0, tracks)):
        with pytest.raises(S2DInputError, match='masks would be replaced, but holds files'):
            call()
    assert (tmp_path / 'out/masks/f0.png').is_file()


def test_inputs_are_spared(tmp_path):
    (tmp_path / 'masks').mkdir()
    plan = OutputPlan.make(tmp_path, ['a'], alone=True, save='png,coco')
    with pytest.raises(S2DInputError, match='masks is the input'):
        plan.check([tmp_path / 'masks'])
    (tmp_path / 'coco.json').touch()
    with pytest.raises(S2DInputError, match='coco.json would be written over'):
        plan.check([tmp_path / 'coco.json'])


def test_a_full_disk_is_one_line_and_leaves_nothing_half(tmp_path, tracks, monkeypatch):
    save_tracks(tmp_path, tracks, ['npz'])
    before = (tmp_path / 'tracks.npz').read_bytes()

    def full(path, content):
        raise OSError(28, 'No space left on device', str(path))

    monkeypatch.setattr(pathlib.Path, 'write_bytes', full)
    for name in ('json', 'labels', 'coco', 'npz', 'png'):
        with pytest.raises(S2DOutputError, match='cannot write .*No space left') as caught:
            save_tracks(tmp_path, tracks, [name])
        assert '\n' not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir() if path.name != 'data'] == ['tracks.npz']
    assert (tmp_path / 'tracks.npz').read_bytes() == before


def test_overlay_needs_frames(tmp_path, tracks):
    without = VideoTracks(**{**vars(tracks), 'source': None})
    with pytest.raises(S2DInputError, match='the frames of cat are not at hand'):
        save_tracks(tmp_path, without, ['overlay'])


def test_unknown_encoder(tmp_path):
    with pytest.raises(S2DInputError, match='expected encoder to be one of libx264'):
        OutputPlan.make(tmp_path, ['a'], True, encoder='x')
