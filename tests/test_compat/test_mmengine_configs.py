from mmengine.config.utils import MODULE2PACKAGE

from s2d_plugins.compat import ensure_config_name


def test_s2d_is_a_package_with_configs(monkeypatch):
    monkeypatch.delitem(MODULE2PACKAGE, 's2d_plugins', raising=False)
    ensure_config_name()
    ensure_config_name()
    assert MODULE2PACKAGE['s2d_plugins'] == 's2d_plugins'
    assert MODULE2PACKAGE['mmdet'] == 'mmdet'
