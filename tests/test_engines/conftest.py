import os
import sys
from pathlib import Path

# nodes of a cluster import what the tests import
ROOT = Path(__file__).parents[2]
for folder in (ROOT, ROOT / 'tests' / 'test_apis', Path(__file__).parent):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
os.environ.setdefault('RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO', '0')
