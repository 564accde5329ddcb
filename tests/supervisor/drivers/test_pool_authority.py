"""When the pool has a client that may write: from the first beat that holds the plant to the one that lets go."""

from __future__ import annotations

from dataclasses import replace

from safety.signals import Mode
from supervisor.drivers.pool import WRITER_LOST, DriverPool
from tests.supervisor.drivers.field import HOLD, approve, outcomes
from tests.supervisor.drivers.test_pool import dcs, plant, stuck

__all__ = ["dcs", "stuck"]


async def test_i17_writing_is_possible_only_from_the_first_beat_that_holds_to_the_one_that_lets_go(dcs):
    pool = DriverPool({"dcs": dcs}, plant())
    assert outcomes(await pool.write(approve({"a": 60.0}))) == {"a": ("not_sent", "no_writer")}
    assert not await pool.beat(replace(HOLD, mode_request=Mode.ADVISORY))
    assert await pool.beat(HOLD)
    assert outcomes(await pool.write(approve({"a": 60.0}, cycle=2))) == {"a": ("confirmed", "")}
    assert await pool.beat(replace(HOLD, mode_request=Mode.OFF))  # the last one still arrives
    assert dcs.value("ns=2;s=MODE_REQ") == 0.0
    assert outcomes(await pool.write(approve({"a": 61.0}, sequence=2, cycle=3))) == {"a": ("not_sent", "no_writer")}
    assert dcs.value("ns=2;s=SP.a") == 60.0


async def test_i17_released_without_a_last_beat_nothing_can_be_written(dcs):
    """A claim that is lost ends so."""
    pool = DriverPool({"dcs": dcs}, plant())
    assert await pool.beat(HOLD)
    assert outcomes(await pool.write(approve({"a": 60.0}))) == {"a": ("confirmed", "")}
    await pool.release()
    assert outcomes(await pool.write(approve({"a": 61.0}, cycle=2))) == {"a": ("not_sent", "no_writer")}


async def test_i17_letting_go_does_not_wait_for_a_driver_that_owes_an_answer(stuck):
    stuck.name = "dcs"
    pool = DriverPool({"dcs": stuck}, plant())
    pool._beat_deadline_s = 0.02
    assert not await pool.beat(HOLD)
    assert not await pool.beat(replace(HOLD, mode_request=Mode.OFF))
    assert (stuck.taken, stuck.released) == (1, 1)
    await pool.close()


async def test_i15_a_writer_that_was_lost_and_is_back_is_told_once(dcs, stuck):
    pool = DriverPool({"dcs": dcs, "slow": stuck}, plant("slow"))
    assert pool.links()["slow"] == "connected"
    stuck.losses = 1
    assert pool.links()["slow"] == WRITER_LOST
    assert pool.links() == {"dcs": "connected", "slow": "connected"}
