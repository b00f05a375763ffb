"""Tasks split among processes, by hand."""

import pytest

from s2d_plugins.distributed.shares import fair_shares


@pytest.mark.parametrize(('costs', 'count', 'shares'), [
    ([5, 1, 1, 1, 1, 1], 2, [[0], [1, 2, 3, 4, 5]]),
    ([1, 2, 3, 4], 2, [[0, 3], [1, 2]]),
    ([7, 7, 7], 1, [[0, 1, 2]]),
    ([2, 2], 4, [[0], [1], [], []]),
    ([], 2, [[], []])])
def test_shares(costs, count, shares):
    assert fair_shares(costs, count) == shares
