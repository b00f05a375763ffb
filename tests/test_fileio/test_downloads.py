import hashlib
import socket

import pytest
from file_server import FileServer
from filelock import FileLock

from s2d_plugins.errors import S2DInputError, S2DOutputError
from s2d_plugins.fileio import downloads
from s2d_plugins.fileio.downloads import download

CONTENT = bytes(range(256)) * 40
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(downloads, '_PAUSE', 0.0)
    found = FileServer(CONTENT)
    yield found
    found.shutdown()
    found.server_close()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_and_how_far_it_is(server, tmp_path):
    steps = []
    path = tmp_path / 'new/net.pth'
    found = download(server.url(), path, progress=lambda done, total: steps.append((done, total)))
    assert path.read_bytes() == CONTENT and found == SHA256
    assert names(path.parent) == ['net.pth']
    assert steps[-1] == (10240, 10240)


def test_one_that_breaks_off_goes_on_by_itself(server, tmp_path):
    server.breaks = [1000, 2000]
    path = tmp_path / 'net.pth'
    download(server.url(), path, len(CONTENT), SHA256.upper())
    assert path.read_bytes() == CONTENT
    assert server.asked == [None, 'bytes=1000-', 'bytes=3000-']


def test_one_that_keeps_breaking_off_goes_on_at_the_next_call(server, tmp_path):
    path = tmp_path / 'net.pth'
    server.breaks = [1000, 0, 0, 0]
    with pytest.raises(S2DInputError, match='it broke off after 1000 of 10240 bytes; 1000 bytes '
                                            'have come: the same command goes on there'):
        download(server.url(), path)
    assert names(tmp_path) == ['net.pth.part', 'net.pth.part.version']
    download(server.url(), path)
    assert server.asked[-1] == 'bytes=1000-' and path.read_bytes() == CONTENT
    assert names(tmp_path) == ['net.pth']


@pytest.mark.parametrize('change', ['ranges', 'version'])
def test_a_part_that_the_server_does_not_complete_is_replaced(server, tmp_path, change):
    path = tmp_path / 'net.pth'
    (tmp_path / 'net.pth.part').write_bytes(b'x' * 500)
    (tmp_path / 'net.pth.part.version').write_text('"zero"' if change == 'version' else '"one"')
    server.ranges = change != 'ranges'
    download(server.url(), path)
    assert path.read_bytes() == CONTENT


def test_a_part_that_is_the_whole_or_more(server, tmp_path):
    path, part = tmp_path / 'net.pth', tmp_path / 'net.pth.part'
    part.write_bytes(CONTENT)
    download(server.url(), path)
    assert path.read_bytes() == CONTENT
    part.write_bytes(CONTENT + b'x')
    download(server.url(), path)
    assert path.read_bytes() == CONTENT and names(tmp_path) == ['net.pth']


@pytest.mark.parametrize('expected, told', [
    (dict(size=10239), '10240 bytes, expected 10239'),
    (dict(sha256='0' * 64), f'the SHA-256 {SHA256}, expected 0000')])
def test_another_file_than_expected_is_not_kept(server, tmp_path, expected, told):
    (tmp_path / 'net.pth').write_bytes(b'before')
    with pytest.raises(S2DInputError, match=f'is not the expected file: it has {told}'):
        download(server.url(), tmp_path / 'net.pth', **expected)
    assert names(tmp_path) == ['net.pth']
    assert (tmp_path / 'net.pth').read_bytes() == b'before'


def test_what_is_no_file(server, tmp_path):
    with pytest.raises(S2DInputError, match='the server says 404 Not Found$'):
        download(server.url('gone.zip'), tmp_path / 'net.pth')
    assert len(server.asked) == 1
    server.page = True
    with pytest.raises(S2DInputError, match='it is a web page, not a file; fetch it by hand'):
        download(server.url(), tmp_path / 'net.pth')
    server.page, server.content = False, b''
    with pytest.raises(S2DInputError, match='it has no bytes'):
        download(server.url(), tmp_path / 'net.pth')
    assert names(tmp_path) == []


def test_no_server_and_no_address(tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, '_PAUSE', 0.0)
    with socket.socket() as unused:
        unused.bind(('127.0.0.1', 0))
        url = f'http://127.0.0.1:{unused.getsockname()[1]}/net.pth'
        with pytest.raises(S2DInputError, match='cannot download .*refused'):
            download(url, tmp_path / 'net.pth')
    with pytest.raises(S2DInputError, match='cannot download net.pth: unknown url type'):
        download('net.pth', tmp_path / 'net.pth')


def test_a_second_process_and_a_folder_that_is_none(server, tmp_path):
    with FileLock(tmp_path / '.net.pth.lock'), pytest.raises(S2DInputError, match='another'):
        download(server.url(), tmp_path / 'net.pth')
    (tmp_path / 'file').touch()
    with pytest.raises(S2DOutputError, match='cannot write'):
        download(server.url(), tmp_path / 'file/net.pth')
