"""How full the storage is: alarm at 80 %, disarm at 95 %."""

from __future__ import annotations

import pytest

from supervisor.audit.capacity import LEAST_BYTES, CapacityState, capacity, free_bytes

GB = 1 << 30


@pytest.mark.parametrize(
    ("used", "limit", "free", "state"),
    [
        (0, None, None, CapacityState.OK),
        (799, 1000, None, CapacityState.OK),
        (800, 1000, None, CapacityState.ALARM),
        (949, 1000, 500 * GB, CapacityState.ALARM),
        (950, 1000, 500 * GB, CapacityState.DISARM),
        (2000, 1000, None, CapacityState.DISARM),
        (0, 0, None, CapacityState.OK),
        (1, 0, None, CapacityState.DISARM),
        (0, None, 50 * GB, CapacityState.OK),
        (0, None, LEAST_BYTES // 4 + 1, CapacityState.OK),
        (0, None, LEAST_BYTES // 4, CapacityState.ALARM),
        (0, None, LEAST_BYTES // 19 + 1, CapacityState.ALARM),
        (0, None, LEAST_BYTES // 19, CapacityState.DISARM),
        (0, None, 0, CapacityState.DISARM),
        (100 * GB, None, 26 * GB, CapacityState.OK),
        (100 * GB, None, 25 * GB, CapacityState.ALARM),
        (100 * GB, None, 5 * GB, CapacityState.DISARM),
    ],
)
def test_the_worse_of_limit_and_volume_counts(used, limit, free, state):
    found = capacity(used, limit, free)
    assert found.state is state
    assert 0.0 <= found.used_fraction <= 1.0


def test_free_bytes_of_the_volume(tmp_path):
    assert free_bytes(f"sqlite:///{tmp_path / 'setwise.db'}") > 0
    assert free_bytes("postgresql://x/y") is None
    assert free_bytes(f"sqlite:///{tmp_path / 'no' / 'setwise.db'}") == 0
