"""The report, whole and with parts missing, mixed up or broken."""

import re
import subprocess
import sys
import types
from importlib import metadata
from pathlib import Path

import pytest

from s2d_plugins import doctor
from s2d_plugins.doctor import Finding

ONEDL = {'onedl-mmengine': '0.10.12', 'onedl-mmcv': '2.3.6', 'onedl-mmdetection': '3.5.1'}
UPSTREAM = {'mmengine': '0.10.7', 'mmcv-lite': '2.1.0', 'mmdet': '3.3.0'}


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


@pytest.fixture
def installed(monkeypatch):
    """Set which distributions are there: name to version."""
    versions = {}

    def version(name):
        if versions.get(name) is None:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(doctor.metadata, 'version', version)
    return versions


def test_here_s2d_can_run(capsys):
    assert doctor.main() == 0
    printed = capsys.readouterr().out
    assert 'S2D can run.' in printed
    assert '[ok] mmdet' in printed and '[!!]' not in printed


def test_everything_that_runtime_needs_is_looked_at():
    lines = (Path(__file__).parents[1] / 'requirements/runtime.txt').read_text().splitlines()
    assert {line for line in lines if line and not line.startswith('#')} <= {
        requirement.strip('"') for _, _, requirement in doctor.REQUIRED}


def test_without_mmcv_it_still_runs_and_ends_with_1():
    code = ('import runpy, sys; sys.modules["mmcv"] = sys.modules["mmflow"] = None; '
            'runpy.run_module("s2d_plugins.doctor", run_name="__main__")')
    result = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                            check=False)
    assert result.returncode == 1, result.stderr
    assert '[!!] mmcv' in result.stdout and 'S2D cannot run: mend ' in result.stdout
    assert re.search(r'fix: .* install --force-reinstall --no-deps (onedl-)?mmcv', result.stdout)


def test_missing_part_names_its_command_and_keeps_numpy(installed, monkeypatch):
    monkeypatch.setitem(sys.modules, 'scenedetect', None)
    part = 'scenedetect', ('scenedetect',), '"scenedetect>=0.6.7"'
    assert doctor._check_required(*part) == Finding(
        'scenedetect', 'bad', 'not installed', 'pip install "scenedetect>=0.6.7"')
    installed['numpy'] = '1.26.4'
    assert doctor._check_required(*part).fix == 'pip install "scenedetect>=0.6.7" numpy==1.26.4'


def test_broken_part_is_installed_anew_in_its_own_version(installed, monkeypatch):
    monkeypatch.setitem(sys.modules, 'torch', None)
    installed['torch'] = '2.1.0+cu118'
    finding = doctor._check_required('torch', ('torch',), '"torch>=2.4"')
    assert finding.state == 'bad' and 'torch 2.1.0+cu118 does not import' in finding.detail
    assert finding.fix == 'pip install --force-reinstall --no-deps torch==2.1.0'


@pytest.mark.parametrize(('versions', 'detail', 'state'), [
    (ONEDL, 'OneDL, the maintained forks (onedl-mmengine 0.10.12', 'ok'),
    (UPSTREAM, 'upstream (mmengine 0.10.7, mmcv-lite 2.1.0, mmdet 3.3.0); used as it is', 'ok'),
    ({**ONEDL, 'onedl-mmdetection': None, 'mmdet': '3.3.0'}, 'mixed', 'off')])
def test_which_set_it_is(installed, versions, detail, state):
    installed.update(versions)
    finding = doctor._check_set()
    assert finding.detail.startswith(detail) and finding.state == state
    assert finding.fix == ('' if state == 'ok' else 'make install')


@pytest.mark.parametrize('mmcv', ['mmcv', 'mmcv-lite'])
@pytest.mark.parametrize('broken', [None, 'mmengine', 'mmcv', 'mmdet'])
@pytest.mark.parametrize('twice', [None, 'onedl-mmengine', 'onedl-mmcv', 'onedl-mmdetection'])
def test_nothing_of_onedl_is_advised_beside_upstream(installed, monkeypatch, mmcv, broken, twice):
    installed.update({'mmengine': '0.10.7', mmcv: '2.0.1', 'mmdet': '3.3.0', 'numpy': '1.26.4',
                      'torch': '2.1.0'})
    if twice:
        installed[twice] = '2.3.6'
    if broken:
        monkeypatch.setitem(sys.modules, broken, None)
    monkeypatch.setattr(doctor, 'has_compiled_ops', lambda: False)
    monkeypatch.setattr(doctor, 'working_torchvision', lambda: None)
    findings = [*(doctor._check_required(*part) for part in doctor.REQUIRED), doctor._check_set(),
                doctor._check_compiled_ops(), doctor._check_deformops(),
                doctor._check_torchvision()]
    for command in ' && '.join(finding.fix for finding in findings).split(' && '):
        assert 'onedl' not in command or command.startswith('pip uninstall'), command
        assert not re.search(r'^pip install.* (mmcv|torch|numpy)([><].*)?$', command), command


@pytest.mark.parametrize('missing', list(doctor.DISTRIBUTIONS))
def test_missing_module_comes_from_the_set_of_the_others(installed, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    part = next(part for part in doctor.REQUIRED if part[0] == missing)
    for versions, expected in ((ONEDL, 'onedl-'), (UPSTREAM, 'mm')):
        installed.clear()
        installed.update({name: version for name, version in versions.items()
                          if name not in doctor.DISTRIBUTIONS[missing]})
        command = doctor._check_required(*part).fix
        assert command.replace('"', '').startswith(f'pip install {expected}')
        assert command.count('=') <= 4  # this one alone
    installed.clear()
    command = doctor._check_required(*part).fix
    assert all(f'{name}==' in command for name in ONEDL)


def test_missing_graphics_library(installed, monkeypatch):
    installed['opencv-python'] = '4.12.0.88'

    def load(name):
        raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')

    monkeypatch.setattr(doctor.importlib, 'import_module', load)
    finding = doctor._check_required('cv2', ('opencv-python',), 'opencv-python')
    assert finding.fix == ('pip uninstall -y opencv-python && pip install --force-reinstall '
                           '--no-deps opencv-python-headless==4.12.0.88')


def test_broken_compiled_ops_stop_s2d(monkeypatch):
    def load(name):
        raise ImportError('undefined symbol: _ZN2at')

    monkeypatch.setattr(doctor, 'has_compiled_ops', lambda: True)
    monkeypatch.setattr(doctor.importlib, 'import_module', load)
    finding = doctor._check_compiled_ops()
    assert finding.state == 'bad' and 'undefined symbol' in finding.detail
    assert finding.fix == doctor.compiled_ops_command()


@pytest.mark.parametrize(('cuda', 'detail'), [(None, 'built for the CPU'), ('13.0', 'no device')])
def test_no_cuda(monkeypatch, cuda, detail):
    import torch
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(torch.version, 'cuda', cuda)
    finding = doctor._check_cuda()
    assert finding.state == 'off' and detail in finding.detail
    if cuda is None:
        version = torch.__version__.partition('+')[0]
        assert finding.fix == (f'pip install --force-reinstall --no-deps torch=={version} && '
                               f'pip install torch=={version}')


@pytest.mark.parametrize(('cuda', 'there', 'fix'), [
    (None, False, ''), (None, True, 'pip uninstall -y torchvision'),
    ('12.1', False, 'pip install --no-deps "torchvision==0.16.*"'),
    ('12.1', True, 'pip install --force-reinstall --no-deps "torchvision==0.16.*"')])
def test_torchvision_of_this_torch_or_none(monkeypatch, cuda, there, fix):
    import torch
    monkeypatch.setattr(torch, '__version__', '2.1.0+cu121')
    monkeypatch.setattr(torch.version, 'cuda', cuda)
    monkeypatch.setattr(doctor, 'working_torchvision', lambda: None)
    monkeypatch.setattr(doctor.importlib.util, 'find_spec', lambda name: there or None)
    finding = doctor._check_torchvision()
    assert finding.fix == fix and finding.state == ('off' if fix else 'ok')


@pytest.mark.parametrize(('cuda', 'works', 'fix'), [
    (None, False, 'make torchvision'), (None, True, 'pip install timm'),
    ('12.1', False, 'pip install timm "torchvision==0.16.*"'), ('12.1', True, 'pip install timm')])
def test_features_are_got_without_another_torch(monkeypatch, cuda, works, fix):
    import torch
    monkeypatch.setattr(torch, '__version__', '2.1.0+cu121')
    monkeypatch.setattr(torch.version, 'cuda', cuda)
    monkeypatch.setattr(doctor, 'working_torchvision', lambda: object() if works else None)
    monkeypatch.setattr(doctor.importlib.util, 'find_spec', lambda name: None)
    assert doctor._check_features(*doctor.FEATURES[0]) == Finding(
        'timm', 'off', 'not installed; TimmFeatures (DINO, DINOv2, DINOv3) needs it', fix)


@pytest.mark.parametrize('broken', [True, False])
def test_timm_that_is_there(monkeypatch, broken):
    def load(name):
        if broken:
            raise RuntimeError('operator torchvision::nms does not exist')
        return types.SimpleNamespace(__version__='1.0.29')

    monkeypatch.setattr(doctor.importlib.util, 'find_spec', lambda name: object())
    monkeypatch.setattr(doctor.importlib, 'import_module', load)
    finding = doctor._check_features(*doctor.FEATURES[0])
    assert (finding.state, bool(finding.fix)) == (('off', True) if broken else ('ok', False))
    assert finding.detail.startswith('RuntimeError: operator' if broken else '1.0.29; TimmFeat')


def test_an_ffmpeg_without_a_codec(monkeypatch):
    import av

    def lack(name, mode):
        raise ValueError(name)

    assert doctor._check_decoding() == f'PyAV {av.__version__} reads them and writes H.264'
    monkeypatch.setattr(av.codec, 'Codec', lack)
    finding = doctor._attempt('video files', doctor._check_decoding, 'pip install x', 'bad')
    assert finding.state == 'bad' and 'lacks h264' in finding.detail


def test_every_finding_that_is_not_ok_has_one_command():
    findings = doctor.check_all()
    assert all(bool(finding.fix) == (finding.state != 'ok') for finding in findings)
    assert {'compiled mmcv ops', 'mmflow', 'CUDA', 'torchvision', 'timm', 'mmpretrain', 'deformops',
            'cotracker'} <= by_name(findings).keys()


def test_report_uses_the_pip_of_this_python():
    text = doctor.report([Finding('a', 'ok', 'there'), Finding('b', 'bad', 'not', 'pip install b'),
                          Finding('c', 'off', 'not', 'x && .venv/bin/pip install c'),
                          Finding('d', 'off', 'not', 'pip wheel d')])
    assert f'fix: {sys.executable} -m pip install b' in text
    assert 'x && .venv/bin/pip install c' in text
    assert f'fix: {sys.executable} -m pip wheel d' in text
    assert text.splitlines()[0] == '[ok] a                  there'
    assert text.endswith('S2D cannot run: mend b first ([!!] above).')
