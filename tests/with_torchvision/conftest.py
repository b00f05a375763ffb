"""Tests with a real torchvision and timm; `make test-torchvision` has an environment for them.

Elsewhere they are not collected: stand-ins and our plain versions are tested there.
"""

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec('torchvision') else ['test_*.py']
