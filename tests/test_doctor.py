"""The report, whole and with parts missing, mixed up or broken."""

import subprocess
import sys
from importlib import metadata

import pytest

from s2d_plugins import doctor
from s2d_plugins.doctor import Finding


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


@pytest.fixture
def installed(monkeypatch):
    """Set which distributions are there: name to version."""
    versions = {}

    def version(name):
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(doctor.metadata, 'version', version)
    return versions


def test_here_s2d_can_run(capsys):
    assert doctor.main() == 0
    printed = capsys.readouterr().out
    assert 'S2D can run.' in printed
    assert '[ok] mmdet' in printed and '[!!]' not in printed


def test_without_mmcv_it_still_runs_and_ends_with_1():
    code = ('import runpy, sys; sys.modules["mmcv"] = sys.modules["mmflow"] = None; '
            'runpy.run_module("s2d_plugins.doctor", run_name="__main__")')
    result = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                            check=False)
    assert result.returncode == 1, result.stderr
    assert '[!!] mmcv' in result.stdout and 'S2D cannot run: mend ' in result.stdout
    assert 'onedl-mmcv==2.3.6' in result.stdout


def test_missing_part_names_its_command(installed, monkeypatch):
    monkeypatch.setitem(sys.modules, 'scenedetect', None)
    finding = doctor._check_required('scenedetect', ('scenedetect',), 'pip install scenedetect')
    assert finding == Finding('scenedetect', 'bad', 'not installed', 'pip install scenedetect')


@pytest.mark.parametrize(('distribution', 'command'), [
    ('onedl-mmcv', 'onedl-mmcv==2.3.6'), ('mmcv', 'mmcv>=2.0.1,<2.2')])
def test_broken_part_is_installed_anew_from_its_own_set(installed, monkeypatch, distribution,
                                                        command):
    installed[distribution] = '2.2.0'
    monkeypatch.setitem(sys.modules, 'mmcv', None)
    finding = doctor._check_required('mmcv', ('onedl-mmcv', 'mmcv'), doctor.ONEDL_COMMAND)
    assert finding.state == 'bad' and f'{distribution} 2.2.0 does not import' in finding.detail
    assert command in finding.fix and '--force-reinstall' in finding.fix


def test_two_distributions_in_one_folder(installed):
    installed.update({'onedl-mmcv': '2.3.6', 'mmcv': '2.1.0'})
    finding = doctor._check_required('mmcv', ('onedl-mmcv', 'mmcv'), doctor.ONEDL_COMMAND)
    assert finding.state == 'bad' and 'more than once' in finding.detail
    assert finding.fix.startswith('pip uninstall -y onedl-mmcv mmcv && pip install')


@pytest.mark.parametrize(('versions', 'detail', 'state'), [
    ({'onedl-mmengine': '1', 'onedl-mmcv': '1', 'onedl-mmdetection': '1'}, 'OneDL', 'ok'),
    ({'mmengine': '1', 'mmcv': '1', 'mmdet': '1'}, 'upstream', 'ok'),
    ({'onedl-mmengine': '1', 'onedl-mmcv': '1', 'mmdet': '1'}, 'mixed', 'off')])
def test_which_set_it_is(installed, versions, detail, state):
    installed.update(versions)
    finding = doctor._check_set()
    assert finding.detail.startswith(detail) and finding.state == state


def test_missing_graphics_library(installed, monkeypatch):
    installed['opencv-python'] = '4.12.0.88'

    def load(name):
        raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')

    monkeypatch.setattr(doctor.importlib, 'import_module', load)
    finding = doctor._check_required('cv2', ('opencv-python',), 'pip install opencv-python')
    assert finding.fix == doctor.HEADLESS_COMMAND


def test_broken_compiled_ops_stop_s2d(monkeypatch):
    def load(name):
        raise ImportError('undefined symbol: _ZN2at')

    monkeypatch.setattr(doctor, 'has_compiled_ops', lambda: True)
    monkeypatch.setattr(doctor.importlib, 'import_module', load)
    finding = doctor._check_compiled_ops()
    assert finding.state == 'bad' and 'undefined symbol' in finding.detail
    assert finding.fix == doctor.COMPILED_OPS_COMMAND


@pytest.mark.parametrize(('cuda', 'detail'), [(None, 'built for the CPU'), ('13.0', 'no device')])
def test_no_cuda(monkeypatch, cuda, detail):
    import torch
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(torch.version, 'cuda', cuda)
    finding = doctor._check_cuda()
    assert finding.state == 'off' and detail in finding.detail


def test_opencv_without_ffmpeg(monkeypatch):
    import cv2
    monkeypatch.setattr(cv2.videoio_registry, 'getBackends', lambda: [])
    finding = doctor._attempt('video files', doctor._check_decoding, 'pip install x', 'bad')
    assert finding.state == 'bad' and 'FFMPEG' in finding.detail


def test_every_finding_that_is_not_ok_has_one_command():
    findings = doctor.check_all()
    assert all(bool(finding.fix) == (finding.state != 'ok') for finding in findings)
    assert {'compiled mmcv ops', 'mmflow', 'CUDA', 'torchvision', 'deformops',
            'cotracker'} <= by_name(findings).keys()


def test_report_uses_the_pip_of_this_python():
    text = doctor.report([Finding('a', 'ok', 'there'), Finding('b', 'bad', 'not', 'pip install b'),
                          Finding('c', 'off', 'not', 'x && .venv/bin/pip install c')])
    assert f'fix: {sys.executable} -m pip install b' in text
    assert 'x && .venv/bin/pip install c' in text
    assert text.splitlines()[0] == '[ok] a                  there'
    assert text.endswith('S2D cannot run: mend b first ([!!] above).')
