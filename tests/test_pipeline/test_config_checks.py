from pathlib import Path

import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.configs import load_config
from s2d_plugins.pipeline.config_checks import check_pipeline_config

CONFIGS = Path(__file__).parents[2] / 'projects' / 's2d' / 'configs'


@pytest.mark.parametrize('path', sorted(CONFIGS.glob('*.py')), ids=lambda path: path.name)
def test_shipped_configs_are_right_from_any_folder(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_pipeline_config(load_config(path))


@pytest.mark.parametrize(('options', 'expected'), [
    ({'proposer': None}, 'is not a pipeline config: it has no dict proposer'),
    ({'final.config': 'none.py'}, 'demo.py names none.py'),
    ({'final.init_from': 'x'}, "one of teacher, student or None, found 'x'"),
    ({'dense.thr': 1}, 'dense.thr is not a setting'),
    ({'inference.thr': 1}, 'inference.thr is not a setting'),
    ({'dense.window': 4, 'dense.overlap': 4}, 'below the window of 4 frames, found 4'),
    ({'dense.score_thr': 1.5}, 'dense.score_thr: expected a number from 0 to 1, found 1.5'),
    ({'inference.top_k': 0}, 'inference.top_k: expected a whole number, at least 1, found 0'),
    ({'distill.options': {'train_pipeline.99.x': 1}}, '--cfg-options do not fit'),
])
def test_mistakes_are_found_before_any_work(options, expected):
    with pytest.raises(S2DInputError, match=expected):
        check_pipeline_config(load_config(CONFIGS / 'demo.py', options))
