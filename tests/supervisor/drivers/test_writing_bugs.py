"""A bug in the client that may write is not mistaken for trouble at the plant, whenever it shows."""

from __future__ import annotations

import pytest

from supervisor.drivers.driver import LinkState
from supervisor.drivers.writing import Writing
from tests.supervisor.drivers.field import until
from tests.supervisor.drivers.test_connection import Bench

READING = LinkState(connected=True, since_s=1.0)


@pytest.fixture
async def bench():
    """A bench whose manager is what the writing side makes."""
    return Bench()


async def test_a_bug_while_it_opens_comes_out_where_it_is_used_and_where_it_is_released(bench):
    bench.error = ZeroDivisionError()
    writing = Writing(lambda: bench.manager)
    writing.take()
    await until(bench.manager._task.done)
    with pytest.raises(ZeroDivisionError):
        _ = writing.current
    with pytest.raises(ZeroDivisionError):
        await writing.release()


async def test_trouble_is_told_by_the_link_and_leaves_the_reading_one_alone(bench):
    bench.error = ConnectionRefusedError()
    writing = Writing(lambda: bench.manager)
    assert writing.seen_with(READING) == READING
    writing.take()
    assert writing.seen_with(READING).connected  # its first attempt is under way
    await until(lambda: writing.link.attempts > 0)
    both = writing.seen_with(READING)
    assert (both.connected, both.why, writing.current) == (False, "writing: ConnectionRefusedError", None)
    down = LinkState(connected=False, since_s=2.0, why="timeout")
    assert writing.seen_with(down) == down  # the reading link's own reason comes first
    await writing.close()
    assert writing.seen_with(READING) == READING
