"""Which set is there, from what pip says, and the commands that stay within it."""

from importlib import metadata

import pytest

from s2d_plugins.compat import openmmlab


@pytest.fixture
def installed(monkeypatch):
    """Set which distributions are there: name to version."""
    versions = {}

    def version(name):
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, 'version', version)
    return versions


@pytest.mark.parametrize(('names', 'expected'), [
    ((), 'none'), (('onedl-mmcv',), 'onedl'), (('mmcv-lite', 'mmdet'), 'upstream'),
    (('onedl-mmcv', 'mmcv'), 'mixed'), (('onedl-mmcv', 'mmdet'), 'mixed'),
    (('onedl-mmengine', 'onedl-mmcv', 'onedl-mmdetection'), 'onedl')])
def test_found_set(installed, names, expected):
    installed.update(dict.fromkeys(names, '1.0'))
    assert openmmlab.found_set() == expected


@pytest.mark.parametrize(('others', 'expected'), [
    ({}, openmmlab.ONEDL_COMMAND), ({'onedl-mmengine': '1'}, 'pip install onedl-mmcv==2.3.6'),
    ({'mmengine': '1', 'mmdet': '3.3.0'}, 'pip install "mmcv-lite>=2.0.1,<2.2"'),
    ({'mmengine': '1', 'onedl-mmdetection': '3'}, 'make install')])
def test_install_command(installed, others, expected):
    installed.update(others)
    assert openmmlab.install_command('mmcv') == expected


@pytest.mark.parametrize(('versions', 'module', 'expected'), [
    ({'onedl-mmcv': '2.3.5'}, 'mmcv', 'pip install --force-reinstall --no-deps onedl-mmcv==2.3.5'),
    ({'mmdet': '3.3.0', 'mmcv': '2.1.0'}, 'mmdet',
     'pip install --force-reinstall --no-deps mmdet==3.3.0'),
    ({'mmdet': '3.3.0', 'mmcv-lite': '2.2.0'}, 'mmdet', 'pip install "mmcv-lite>=2.0.1,<2.2"'),
    ({'mmdet': '3.3.0', 'onedl-mmcv': '2.3.6'}, 'mmdet', 'make install')])
def test_mend_command(installed, versions, module, expected):
    installed.update(versions)
    assert openmmlab.mend_command(module) == expected


@pytest.mark.parametrize(('others', 'expected'), [
    ({'mmdet': '3.3.0'}, 'pip install --no-deps mmcv==2.1.0'),
    ({'onedl-mmdetection': '3.5.1'}, 'pip install onedl-mmcv==2.3.6'),
    ({}, openmmlab.ONEDL_COMMAND)])
def test_sort_out_command(installed, others, expected):
    installed.update({'onedl-mmcv': '2.3.6', 'mmcv': '2.1.0', **others})
    assert openmmlab.sort_out_command('mmcv') == f'pip uninstall -y onedl-mmcv mmcv && {expected}'


def test_compiled_ops_command_keeps_the_mmcv(installed):
    assert openmmlab.compiled_ops_command().endswith('onedl-mmcv==2.3.6')
    installed['onedl-mmcv'] = '2.3.7'
    assert openmmlab.compiled_ops_command().endswith('onedl-mmcv==2.3.7')
    installed.clear()
    installed['mmcv-lite'] = '2.1.0'
    command = openmmlab.compiled_ops_command()
    assert 'onedl' not in command
    # built before anything is removed
    assert command.index('mmcv==2.1.0') < command.index('uninstall -y mmcv-lite')
