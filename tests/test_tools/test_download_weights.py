"""The tool and the weights that configs name, with a server on this machine for the network."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_recipe import run

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio import downloads, weights_list
from s2d_plugins.fileio.checkpoint_sources import check_source, read_checkpoint
from s2d_plugins.fileio.named_files import named_paths
from s2d_plugins.fileio.weights_cache import cache_folder

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / 'test_fileio'), str(TESTS / 'test_model_converters')]

from file_server import FileServer  # noqa: E402
from official_files import as_detectron2, mask2former_state  # noqa: E402


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A cache, and a server in place of the network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('S2D_WEIGHTS', str(tmp_path / 'cache'))
    monkeypatch.setattr(downloads, '_PAUSE', 0.0)
    torch.save({'weight': torch.ones(2)}, tmp_path / 'net')
    found = FileServer((tmp_path / 'net').read_bytes())
    for name in ('cotracker3_offline', 'cotracker3_online', 'dino_vits8'):
        monkeypatch.setitem(weights_list.WEIGHTS, name,
                            replace(weights_list.WEIGHTS[name], url=found.url(f'{name}.pth')))
    yield found
    found.shutdown()
    found.server_close()


def tool(monkeypatch, capsys, *args):
    code = run(monkeypatch, 'download_weights', *args)
    out, err = capsys.readouterr()
    assert 'Traceback' not in out + err
    return code, out, err


def test_one_fails_and_the_others_go_on(server, monkeypatch, capsys, tmp_path):
    server.breaks = [100, 0, 0, 0]
    code, out, err = tool(monkeypatch, capsys, 'dino_vits8', 'cutler_m2f_rn50',
                          'cotracker3_offline')
    cache = tmp_path / 'cache'
    assert code == 2 and '2 of 3 weights are not ready; the same command goes on' in err
    assert 'failed: dino_vits8: cannot download' in err and 'broke off after 100 of' in err
    assert ('failed: cutler_m2f_rn50: fetch it by hand from https://drive.'
            in err)
    assert f'save it as {cache / "cutler_m2f_rn50.pth"} and run `python tools/download' in err
    assert f'cotracker3_offline: {cache / "cotracker3_offline.pth"}; licence: CC-BY-NC' in out
    code, out, _ = tool(monkeypatch, capsys, 'dino_vits8')
    assert code == 0 and server.asked[-1] == 'bytes=100-'
    assert read_checkpoint('s2d://dino_vits8')['weight'].tolist() == [1, 1]
    assert named_paths(dict(checkpoint='s2d://dino_vits8')) == [cache / 'dino_vits8.pth']
    asked = len(server.asked)
    assert tool(monkeypatch, capsys, 'dino_vits8')[0] == 0 and len(server.asked) == asked


def test_a_file_fetched_by_hand_is_converted(server, monkeypatch, capsys, tmp_path):
    with pytest.raises(S2DInputError, match='are not in .*cache: fetch it by hand from https'):
        check_source('s2d://cutler_m2f_rn50')
    cache = tmp_path / 'cache'
    cache.mkdir()
    torch.save(as_detectron2(mask2former_state()), cache / 'cutler_m2f_rn50.pth')
    with pytest.raises(S2DInputError, match='run `python tools/download_weights.py cutler_m2f'):
        check_source('s2d://cutler_m2f_rn50')
    assert tool(monkeypatch, capsys, 'cutler_m2f_rn50')[0] == 0
    converted = cache / 'converted/cutler_m2f_rn50.pth'
    first = converted.read_bytes()
    assert 'track_head.query_feat.weight' in read_checkpoint(
        's2d://cutler_m2f_rn50')['state_dict']
    converted.unlink()
    assert tool(monkeypatch, capsys, 'cutler_m2f_rn50')[0] == 0
    assert converted.read_bytes() == first


def test_a_wrong_file_a_wrong_name_and_another_cache(server, monkeypatch, capsys, tmp_path):
    other = tmp_path / 'other'
    other.mkdir()
    (other / 's2d_zeroshot.pth').write_text('<html>')
    code, out, err = tool(monkeypatch, capsys, '--cache', other, 's2d_zeroshot', 'nothing',
                          'dino_vits8')
    assert code == 2 and 'delete it and fetch that' in err
    assert 'failed: nothing: no published weights are named nothing; expected one of cuts' in err
    assert f'other tools find them with S2D_WEIGHTS={other}' in out
    assert (other / 'dino_vits8.pth').is_file()


def test_the_list(server, monkeypatch, capsys):
    code, out, _ = tool(monkeypatch, capsys, '--list')
    assert code == 0 and len(out.splitlines()) == 1 + len(weights_list.WEIGHTS)
    assert 'cutler_m2f_rn50       by hand' in out and 'dino_vits8            not yet' in out
    assert 'licence: Apache-2.0; about 87 MB; https://github.com/facebookresearch/dino\n' in out


def test_for_a_config_of_proposals(server, monkeypatch, capsys, tmp_path):
    code, out, _ = tool(monkeypatch, capsys, '--for',
                        TESTS.parent / 'configs/proposals/maskcut_dino-s8.py')
    assert code == 0 and f'dino_vits8: {tmp_path / "cache/dino_vits8.pth"}; licence: A' in out


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.delenv('S2D_WEIGHTS', raising=False)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    assert cache_folder() == tmp_path / 's2d'
    monkeypatch.delenv('XDG_CACHE_HOME')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert cache_folder() == tmp_path / '.cache/s2d'
    assert cache_folder('~/here') == tmp_path / 'here'


def test_every_entry_is_whole():
    for name, entry in weights_list.WEIGHTS.items():
        assert name == entry.name and entry.licence and entry.use
        assert entry.url.startswith('https://') and entry.page.startswith('https://github.com/')
        assert entry.by_hand == ('drive.google.com' in entry.url)
