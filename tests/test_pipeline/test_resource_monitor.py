import mmap
import time

import pytest

from s2d_plugins.pipeline.resource_monitor import measure_usage, resident_memory_mb
from s2d_plugins.pipeline.stages.infer import sum_records


def test_peak_is_kept_after_the_memory_is_free_again():
    before = resident_memory_mb()
    with measure_usage(interval=0.01) as usage:
        block = mmap.mmap(-1, 40 * 2**20)  # pages of its own, not memory that was used before
        block.write(b'x' * len(block))
        time.sleep(0.1)
        # a busy machine may be slow to run the thread that samples
        give_up = time.monotonic() + 20
        while usage.peak_memory_mb <= before + 30 and time.monotonic() < give_up:
            time.sleep(0.01)
        block.close()
    assert usage.peak_memory_mb > before + 30
    assert 0.1 <= usage.seconds < 60


def test_usage_is_complete_after_an_error():
    with pytest.raises(KeyError), measure_usage() as usage:
        raise KeyError
    assert usage.seconds >= 0 and usage.peak_memory_mb > 0


def test_sum_records():
    records = [dict(seconds=1.5, peak_memory_mb=3, masks=2), {}, dict(seconds=0.1,
                                                                     peak_memory_mb=9, masks=1)]
    assert sum_records(records) == dict(seconds=1.6, peak_memory_mb=9, masks=3)
    assert sum_records([]) == {}
