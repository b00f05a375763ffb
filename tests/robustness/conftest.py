import pytest

from .runner import ToolServer


@pytest.fixture(scope='session')
def server():
    """A process that runs tools; one per test process, since it takes seconds to start."""
    with ToolServer() as process:
        yield process
