"""A few kills of every tool; all of them: python -m tests.robustness.kill_run."""

import pytest

from .kill_cases import KILL_TARGETS, KillTest


@pytest.mark.parametrize('target', KILL_TARGETS, ids=lambda target: target.name)
def test_the_same_command_goes_on(target, server, tmp_path):
    """Killed, and run again: the same files as without the kill, and no others."""
    test = KillTest(target, server, tmp_path / 'kills')
    records = [test.kill(number) for number in test.samples(target.samples)]
    failures = [str(record) for record in records if record.problems]
    assert not failures, '\n\n'.join(failures)
