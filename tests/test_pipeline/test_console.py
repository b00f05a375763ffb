import sys
import warnings

import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.pipeline.console import Console


def test_own_lines_are_shown_and_libraries_only_logged(tmp_path, capsys):
    console = Console(tmp_path / 'new' / 'run.log')
    with console.quiet_libraries():
        sys.stdout.write('a library talks\n')
        warnings.warn('a library warns', stacklevel=1)
        console.say('a stage')
    sys.stdout.write('after\n')
    console.close()
    assert capsys.readouterr().out == 'a stage\nafter\n'
    log = (tmp_path / 'new' / 'run.log').read_text()
    assert all(text in log for text in ('a library talks', 'a library warns', 'a stage'))


def test_bar_shows_name_and_counts(tmp_path, capsys):
    console = Console(tmp_path / 'run.log')
    with console.bar('infer', 4, ' frames') as bar:
        bar.update(4)
    assert 'infer' in capsys.readouterr().err and bar.n == 4


def test_unwritable_log(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(S2DInputError, match='cannot write .*run.log'):
        Console(tmp_path / 'file' / 'run.log')
