"""Where mmengine looks for checkpoints: every prefix is read as data, or refused."""

import os
from pathlib import Path

import pytest
import torch
from mmengine.fileio import LocalBackend, backends
from mmengine.model import BaseModule, Sequential
from mmengine.registry import init_default_scope
from mmengine.runner import checkpoint as mmengine_checkpoint
from mmengine.runner.checkpoint import CheckpointLoader

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio import checkpoint_sources
from s2d_plugins.fileio.checkpoint_sources import (
    check_source,
    read_checkpoint,
    use_safe_checkpoints,
)
from s2d_plugins.registry import MODELS

NET = 'https://example.org/weights'


class Malicious:
    def __reduce__(self):
        return os.system, ('touch executed',)


@pytest.fixture(autouse=True)
def loaders(tmp_path, monkeypatch):
    """Safe loaders for the test, mmengine's own after it; a net of two files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'cache'))
    monkeypatch.setenv('MMENGINE_HOME', str(tmp_path / 'mmengine'))
    before = dict(CheckpointLoader._schemes)
    torch.save(dict(state_dict={'backbone.weight': torch.ones(2), 'head.weight': torch.ones(3)}),
               'good.pth')
    torch.save(dict(state_dict=dict(weight=torch.ones(2)), extra=Malicious()), 'bad.pth')

    def download(url, target, progress=True, **kwargs):
        source = Path(url.rsplit('/', 1)[1])
        if not source.is_file():
            raise OSError(f'no route to {url}')
        Path(target).write_bytes(source.read_bytes())

    monkeypatch.setattr(torch.hub, 'download_url_to_file', download)
    urls = dict(good=f'{NET}/good.pth', bad=f'{NET}/bad.pth', gone=f'{NET}/gone.pth')
    for name in ('get_torchvision_models', 'get_external_models', 'get_mmcls_models'):
        monkeypatch.setattr(mmengine_checkpoint, name, lambda: dict(urls))
    monkeypatch.setattr(mmengine_checkpoint, 'get_deprecated_model_names',
                        lambda: dict(old='good', older='nothing'))
    use_safe_checkpoints()
    yield
    CheckpointLoader._schemes = before
    backends.register_backend('local', LocalBackend, force=True, prefixes='')


def load(name: str):
    return CheckpointLoader.load_checkpoint(name, logger=None)


@pytest.mark.parametrize('prefix', ['', './', f'{NET}/', 'http://example.org/'])
def test_files_and_urls(prefix):
    assert load(f'{prefix}good.pth')['state_dict']['head.weight'].shape == (3,)
    with pytest.raises(S2DInputError, match='bad.pth holds .* may run code'):
        load(f'{prefix}bad.pth')
    with pytest.raises(S2DInputError, match='cannot (find|download)'):
        load(f'{prefix}gone.pth')
    assert not os.path.exists('executed')


@pytest.mark.parametrize('prefix', ['torchvision://', 'modelzoo://', 'open-mmlab://',
                                    'openmmlab://', 'mmcls://'])
def test_names_of_published_checkpoints(prefix):
    found = load(f'{prefix}good')['state_dict']
    assert set(found) == ({'weight'} if prefix == 'mmcls://' else
                          {'backbone.weight', 'head.weight'})
    with pytest.raises(S2DInputError, match='bad.pth holds .* may run code'):
        load(f'{prefix}bad')
    with pytest.raises(S2DInputError, match='cannot download .*gone.pth'):
        load(f'{prefix}gone')
    for name in ('nothing', '', 'older'):
        with pytest.raises(S2DInputError, match='no such published checkpoint'):
            load(f'{prefix}{name}')
    assert not os.path.exists('executed')


def test_old_names_and_files_of_openmmlab(monkeypatch):
    assert 'state_dict' in load('open-mmlab://old')
    (Path('mmengine')).mkdir(exist_ok=True)
    torch.save(dict(a=torch.ones(1)), 'mmengine/mine.pth')
    monkeypatch.setattr(mmengine_checkpoint, 'get_external_models',
                        lambda: dict(mine='mine.pth', no='no.pth'))
    assert 'a' in load('openmmlab://mine')
    with pytest.raises(S2DInputError, match='cannot find the checkpoint .*no.pth'):
        load('openmmlab://no')


def test_without_torchvision(monkeypatch):
    def missing():
        raise ModuleNotFoundError("No module named 'torchvision'")
    monkeypatch.setattr(mmengine_checkpoint, 'get_torchvision_models', missing)
    with pytest.raises(S2DInputError, match='torchvision://good needs torchvision'):
        load('torchvision://good')


@pytest.mark.parametrize('name', ['pavi://a/b', 's3://bucket/a.pth', 'petrel://a', 'x:s3://a',
                                  'cluster:petrel://a', 'own://a'])
def test_other_sources_are_refused(name):
    CheckpointLoader.register_scheme('own://', loader=torch.load, force=True)
    use_safe_checkpoints()
    with pytest.raises(S2DInputError, match='download the file and give its path'):
        load(name)


def test_no_loader_of_mmengine_is_left():
    assert {loader.__module__ for loader in CheckpointLoader._schemes.values()} == {
        checkpoint_sources.__name__}
    use_safe_checkpoints()  # once more does no harm
    assert load('good.pth')


@pytest.mark.parametrize('url', ['https://', 'https://example.org', f'{NET}/', f'{NET}/a\0.pth'])
def test_urls_that_name_no_file(url):
    with pytest.raises(S2DInputError, match='names no file|cannot download'):
        read_checkpoint(url)


def test_a_download_that_is_cut_short_is_named_by_its_file():
    cached = Path('cache/hub/checkpoints/good.pth')
    cached.parent.mkdir(parents=True)
    cached.write_bytes(Path('good.pth').read_bytes()[:500])
    with pytest.raises(S2DInputError, match='cache/hub/checkpoints/good.pth is not a readable'):
        read_checkpoint(f'{NET}/good.pth')
    cached.unlink()
    assert 'state_dict' in read_checkpoint(f'{NET}/good.pth')


def test_what_mmengine_would_run_is_taken_out():
    """Runner.resume runs ``meta.config`` as a program."""
    torch.save(dict(meta=dict(config='import os\nos.system("touch executed")', iter=3)), 'a.pth')
    assert load('a.pth')['meta'] == dict(iter=3)
    for content in ([], None, torch.ones(1), 'a'):
        torch.save(content, 'b.pth')
        with pytest.raises(S2DInputError, match='b.pth holds a .*; expected a checkpoint'):
            load('b.pth')


class Backbone(BaseModule):
    def __init__(self, init_cfg=None):
        super().__init__(init_cfg)
        self.weight = torch.nn.Parameter(torch.zeros(2))


class Loader(torch.nn.Module):
    """Loads weights by itself while it is built, as some distillers do."""

    def __init__(self, checkpoint):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(2))
        mmengine_checkpoint.load_checkpoint(self, checkpoint)


def test_weights_that_a_model_loads_itself():
    cfg = dict(type=Backbone, init_cfg=dict(type='Pretrained', checkpoint='bad.pth'))
    init_default_scope('s2d_plugins')
    model = Sequential(MODELS.build(cfg))
    with pytest.raises(S2DInputError, match='bad.pth holds .* may run code'):
        model.init_weights()
    with pytest.raises(S2DInputError, match='bad.pth holds .* may run code'):
        MODELS.build(dict(type=Loader, checkpoint='bad.pth'))
    assert not os.path.exists('executed')


def test_reading_a_model_for_inference_downloads_no_weights_of_parts(monkeypatch):
    """The checkpoint replaces them anyway."""
    from s2d_plugins.apis.segmenter import load_model
    Path('config.py').write_text(
        "model = dict(type='ResNet', depth=18, init_cfg=dict(type='Pretrained', "
        f"checkpoint='{NET}/gone.pth'))")
    init_default_scope('s2d_plugins')
    weights = MODELS.build(dict(type='ResNet', depth=18)).state_dict()
    torch.save(weights, 'whole.pth')
    model = load_model('config.py', 'whole.pth')
    assert torch.equal(model.conv1.weight, weights['conv1.weight'])
    assert not Path('cache').exists()


def test_building_a_model_makes_the_loaders_safe():
    from s2d_plugins.apis.segmenter import load_model
    CheckpointLoader._schemes = {'': torch.load}
    Path('config.py').write_text("model = dict(type='ResNet', depth=18)")
    with pytest.raises(S2DInputError, match='holds no weights'):
        torch.save([], 'list.pth')
        load_model('config.py', 'list.pth')
    assert CheckpointLoader._get_checkpoint_loader('a.pth') is checkpoint_sources.load_from_local


def test_weights_of_this_package(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint_sources, '_WEIGHTS', tmp_path)
    assert read_checkpoint('s2d://good')['state_dict']['head.weight'].tolist() == [1, 1, 1]
    loaded = CheckpointLoader.load_checkpoint('s2d://good')
    assert loaded['state_dict']['backbone.weight'].tolist() == [1, 1]
    check_source('s2d://good')
    for use in (read_checkpoint, check_source):
        with pytest.raises(S2DInputError, match='s2d://../good: this package knows no such '
                                                'weights, it knows bad, good, cuts3d'):
            use('s2d://../good')
    with pytest.raises(S2DInputError, match='bad.pth holds'):
        read_checkpoint('s2d://bad')


def test_whether_weights_are_there(tmp_path):
    check_source('good.pth')
    check_source(f'{NET}/gone.pth')  # only the network knows
    check_source('torchvision://resnet50')
    with pytest.raises(S2DInputError, match='cannot read the weights gone.pth: no such file'):
        check_source('gone.pth')
    with pytest.raises(S2DInputError, match='it is a folder'):
        check_source(tmp_path)
