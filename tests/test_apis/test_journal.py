import pytest
import torch

from s2d_plugins.apis.journal import MASKS, STATE, VideoJournal
from s2d_plugins.errors import S2DOutputError
from s2d_plugins.fileio.stamps import make_stamp

STAMP = make_stamp(model='a', video='b')
RLE = dict(size=[2, 2], counts='04')


def state(done):
    return dict(windows=dict(window=4), done=done, tracks=dict(value=torch.arange(3)))


def save(journal, done, news, last=False):
    journal.save(lambda: (state(done), news), last)


def test_what_is_saved_is_loaded(tmp_path):
    journal = VideoJournal(tmp_path / 'j', STAMP, seconds=0)
    assert journal.load() is None and not (tmp_path / 'j').exists()
    save(journal, 1, [(0, [RLE, None])])
    save(journal, 2, [(0, [None]), (1, [RLE])])
    known, masks = VideoJournal(tmp_path / 'j', STAMP).load()
    assert known['done'] == 2 and known['tracks']['value'].tolist() == [0, 1, 2]
    assert masks == {0: [RLE, None, None], 1: [RLE]}
    assert VideoJournal(tmp_path / 'j', STAMP).read_windows() == dict(window=4)
    assert VideoJournal(tmp_path / 'j', make_stamp(model='c', video='b')).load() is None
    journal.remove()
    assert not list(tmp_path.iterdir())


def test_masks_that_were_written_after_the_state_do_not_count(tmp_path):
    """A kill between both: the next run writes over them."""
    journal = VideoJournal(tmp_path, STAMP, seconds=0)
    save(journal, 1, [(0, [RLE])])
    with open(tmp_path / MASKS, 'ab') as file:
        file.write(b'[0, [null]]\n[0, [nu')
    journal = VideoJournal(tmp_path, STAMP, seconds=0)
    assert journal.load()[1] == {0: [RLE]}
    save(journal, 2, [(0, [None])])
    assert VideoJournal(tmp_path, STAMP).load()[1] == {0: [RLE, None]}


@pytest.mark.parametrize('spoil', [
    lambda folder: (folder / STATE).write_bytes(b'no'),
    lambda folder: torch.save(dict(size=3), folder / STATE),
    lambda folder: (folder / MASKS).write_bytes(b'[0, '),
    lambda folder: (folder / MASKS).unlink()])
def test_what_is_broken_is_begun_again(tmp_path, spoil, capsys):
    save(VideoJournal(tmp_path, STAMP, seconds=0), 1, [(0, [RLE])])
    spoil(tmp_path)
    journal = VideoJournal(tmp_path, STAMP, seconds=0)
    assert journal.load() is None
    assert 'its video is begun again' in capsys.readouterr().err
    save(journal, 1, [(0, [None])])
    assert VideoJournal(tmp_path, STAMP).load()[1] == {0: [None]}


def test_only_now_and_then_and_at_the_end(tmp_path):
    journal = VideoJournal(tmp_path / 'j', STAMP, seconds=1000)
    save(journal, 1, [(0, [RLE])])
    assert not (tmp_path / 'j').exists()
    save(journal, 2, [(0, [RLE])], last=True)
    assert VideoJournal(tmp_path / 'j', STAMP).load()[0]['done'] == 2


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(S2DOutputError, match='cannot write'):
        save(VideoJournal(tmp_path / 'file/j', STAMP, seconds=0), 1, [])
