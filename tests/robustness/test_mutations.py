"""A few broken inputs of every tool; thousands: python -m tests.robustness.mutation_run."""

import pytest

from .mutation_cases import run_case, target_of
from .targets import TARGETS, Templates

COUNT = 140
SEED = 0


@pytest.fixture(scope='session')
def templates(tmp_path_factory):
    return Templates(tmp_path_factory.mktemp('templates'))


@pytest.mark.parametrize('target', TARGETS, ids=lambda target: target.name)
def test_ends_well(target, templates, server, tmp_path):
    """Each ends with a result, or with one line and code 2."""
    numbers = [number for number in range(COUNT) if target_of(number, SEED, TARGETS) is target]
    records = [run_case(number, SEED, target, templates, server, tmp_path / str(number))
               for number in numbers]
    failures = [str(record) for record in records if record.outcome.problem]
    assert not failures, '\n\n'.join(failures)
