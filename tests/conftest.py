"""Settings for all tests: one thread per library, and reproducible made inputs on CI."""

import os

# before torch, numpy and OpenCV are imported: the tests run as several processes
for variable in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ.setdefault(variable, '1')

import cv2
import torch
from hypothesis import HealthCheck, settings

import s2d_plugins.registry  # noqa: F401  before mmdet, so that it finds its ops

cv2.setNumThreads(1)
torch.set_num_threads(1)

settings.register_profile('default', deadline=None, max_examples=25, database=None,
                          suppress_health_check=[HealthCheck.too_slow])
settings.register_profile('ci', parent=settings.get_profile('default'), derandomize=True)
settings.load_profile('ci' if os.environ.get('CI') else 'default')
