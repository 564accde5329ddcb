"""The connection manager, with sessions that fail on command."""

from __future__ import annotations

import asyncio
import time

import pytest

from supervisor.drivers import connection
from supervisor.drivers.connection import ConnectionManager
from supervisor.drivers.patience import LinkLostError, Patience
from tests.supervisor.drivers.field import until


class Session:
    made: list[Session]

    def __init__(self, bench) -> None:
        self.over = ""
        self.on_over = lambda: None
        self.bench = bench
        self.opened_at = time.monotonic()
        self.events: list[str] = []
        bench.sessions.append(self)

    async def open(self) -> None:
        self.events.append("open")
        if self.bench.hang:
            await asyncio.sleep(60)
        if self.bench.error is not None:
            raise self.bench.error
        if self.bench.stillborn:
            self.over = "stillborn"

    async def close(self) -> None:
        self.events.append("close")

    def abort(self) -> None:
        self.events.append("abort")


class Bench:
    def __init__(self) -> None:
        self.sessions: list[Session] = []
        self.hang = self.stillborn = False
        self.error: Exception | None = None
        self.now = 100.0
        self.manager = ConnectionManager(
            "x",
            lambda: Session(self),
            trouble=(OSError,),
            open_timeout_s=0.1,
            reconnect_s_max=10.0,
            now_s=lambda: self.now,
            describe=lambda error: type(error).__name__,
        )


@pytest.fixture
async def bench():
    made = Bench()
    yield made
    made.hang = False
    await made.manager.close()


async def test_a_session_is_offered_only_after_it_was_validated(bench):
    bench.hang = True
    bench.manager.start()
    await asyncio.sleep(0.05)
    assert bench.sessions[0].events == ["open"]
    assert bench.manager.session is None
    assert bench.manager.link.why == "starting"


async def test_each_attempt_has_a_new_client_and_the_old_one_is_thrown_away(bench):
    bench.error = ConnectionRefusedError()
    bench.manager.start()
    await until(lambda: len(bench.sessions) == 3)
    assert len({id(session) for session in bench.sessions}) == 3
    assert bench.sessions[0].events == ["open", "abort", "close"]
    assert bench.manager.link.why == "ConnectionRefusedError"
    assert bench.manager.link.attempts >= 2


async def test_pauses_double_from_a_fifth_of_a_second(bench, monkeypatch):
    pauses = []
    real_sleep = asyncio.sleep

    async def sleep(seconds):
        pauses.append(seconds)
        await real_sleep(0)

    bench.error = ConnectionRefusedError()
    monkeypatch.setattr(connection.asyncio, "sleep", sleep)
    bench.manager.start()
    while len(pauses) < 9:
        await real_sleep(0.001)
    monkeypatch.undo()
    assert pauses[:9] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0, 10.0]


async def test_a_plant_cannot_ask_for_longer_pauses_than_ten_seconds():
    manager = ConnectionManager(
        "x", lambda: None, trouble=(OSError,), open_timeout_s=1, reconnect_s_max=300.0, now_s=lambda: 0.0, describe=str
    )
    assert manager._pause_s_max == 10.0


async def test_a_connect_that_hangs_is_given_up_without_cancelling_it(bench):
    bench.hang = True
    bench.manager.start()
    await until(lambda: len(bench.sessions) >= 2)
    assert "abort" in bench.sessions[0].events
    assert bench.manager.link.why == "timeout"


async def test_trouble_in_a_call_throws_the_session_away_and_starts_a_new_epoch(bench):
    bench.manager.start()
    await until(lambda: bench.manager.link.connected)
    first = bench.manager.session

    async def fail():
        raise ConnectionResetError

    bench.now = 200.0
    with pytest.raises(LinkLostError):
        await bench.manager.call(first, fail(), 1.0)
    assert bench.manager.session is None
    assert (bench.manager.link.connected, bench.manager.link.since_s) == (False, 200.0)
    await until(lambda: bench.manager.link.connected)
    assert bench.manager.session is not first


async def test_a_bug_in_a_call_is_not_taken_for_trouble(bench):
    bench.manager.start()
    await until(lambda: bench.manager.link.connected)

    async def bug():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await bench.manager.call(bench.manager.session, bug(), 1.0)


async def test_a_bug_while_connecting_comes_out_at_the_next_look(bench):
    bench.error = ZeroDivisionError()
    bench.manager.start()
    await asyncio.sleep(0.02)
    with pytest.raises(ZeroDivisionError):
        _ = bench.manager.session
    with pytest.raises(ZeroDivisionError):
        await bench.manager.close()
    bench.manager._task = None


async def test_losing_an_old_session_does_not_touch_the_new_one(bench):
    bench.manager.start()
    await until(lambda: bench.manager.link.connected)
    first = bench.manager.session
    bench.manager.lose(first, "test")
    await until(lambda: bench.manager.link.connected)
    bench.manager.lose(first, "late echo")
    assert bench.manager.link.connected


async def test_a_session_that_ends_by_itself_is_replaced(bench):
    bench.manager.start()
    await until(lambda: bench.manager.link.connected)
    first = bench.manager.session
    first.over = "reset"
    first.on_over()
    assert bench.manager.link.why == "reset"
    await until(lambda: bench.manager.link.connected)
    assert bench.manager.session is not first


async def test_a_session_that_ended_while_it_opened_is_not_offered(bench):
    bench.stillborn = True
    bench.manager.start()
    await until(lambda: len(bench.sessions) >= 2)
    assert "abort" in bench.sessions[0].events
    bench.stillborn = False
    await until(lambda: bench.manager.link.connected)


async def test_close_says_good_bye_and_stops(bench):
    bench.manager.start()
    await until(lambda: bench.manager.link.connected)
    await bench.manager.close()
    assert bench.sessions[0].events == ["open", "close", "abort"]
    assert bench.manager.link.why == "closed"
    await asyncio.sleep(0.3)
    assert len(bench.sessions) == 1


async def test_work_that_takes_too_long_is_left_running_not_cancelled():
    patience, ended = Patience(), []

    async def work():
        try:
            await asyncio.sleep(0.1)
            ended.append("done")
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with pytest.raises(LinkLostError) as lost:
        await patience.wait(work(), 0.02)
    assert lost.value.why == "timeout"
    await until(lambda: ended == ["done"])


async def test_work_that_the_library_cancelled_is_a_lost_link_not_our_cancellation():
    async def work():
        raise asyncio.CancelledError

    with pytest.raises(LinkLostError, match="cancelled"):
        await Patience().wait(work(), 1.0)


async def test_what_was_left_behind_ends_at_close_and_its_errors_are_heard_by_nobody():
    patience = Patience()

    async def fails_late():
        await asyncio.sleep(0.05)
        raise OSError("too late to matter")

    async def never():
        await asyncio.sleep(60)

    for work in (fails_late(), never()):
        with pytest.raises(LinkLostError):
            await patience.wait(work, 0.01)
    started = time.monotonic()
    await patience.close(0.1)
    assert time.monotonic() - started < 10.0  # one of them would take a minute
    assert patience._left == set()
