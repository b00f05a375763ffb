import subprocess
import sys
from pathlib import Path

import pytest
from labelled_device import can_pretend_device

CHECKS = Path(__file__).with_name('on_labelled_device.py')


@pytest.mark.skipif(not can_pretend_device(), reason='this torch cannot pretend a device')
def test_on_the_labelled_device():
    """In a process of its own, as ``pretend_device`` asks; run the file alone for its cases."""
    ended = subprocess.run([sys.executable, '-m', 'pytest', '-x', '-q', '-p', 'no:xdist',
                            '-p', 'no:cacheprovider', '-W', 'ignore', str(CHECKS)],
                           capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
