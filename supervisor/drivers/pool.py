"""All drivers of a plant at once: one snapshot by a deadline, one way out for setpoints and heartbeats.

A client that may write is there only while the heartbeat asks for closed loop (invariant I-17): the first such beat has
it opened, in the background; the beat that lets go, or ``release``, ends it.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from constraints.plant import MvSpec, Plant, Point
from safety.approval import Approval
from safety.encoding import Encoding, EncodingError, resolution
from safety.signals import BeatFrame, Instant, Mode, Reading, Snapshot, WriteOutcome, WriteReceipt
from supervisor.drivers.driver import CONFIRM_TIMEOUT_S, Driver, LinkState, WritePoints, bad
from supervisor.drivers.lane import BusyError, Lane, LateError

REBUILD_AFTER_S = 10.0
"""A driver that owes an answer for so long is replaced, real seconds."""
READ_DEADLINE_S = 1.0
"""Default deadline of a read, real seconds; longer where a connection may take longer for one answer."""
WRITER_LOST = "writing: lost and back"
"""Link text of a connection whose writing client was lost and came back between two looks."""
MARGIN_S = 0.5
"""What a driver may take beside its own time-outs, real seconds."""
FLOAT64 = Encoding("float64")
FLOAT32 = Encoding("float32")
"""What a PLC's REAL resolves, however the protocol shows it."""


class PoolError(ValueError):
    """The plant's points cannot be served as they are; the message says why."""


class DriverPool:
    """Asks every driver; waits for none beyond the deadline."""

    def __init__(
        self,
        drivers: Mapping[str, Driver],
        plant: Plant,
        *,
        rebuild: Mapping[str, Callable[[], Driver]] | None = None,
        rebuild_after_s: float = REBUILD_AFTER_S,
        confirm_timeout_s: float = CONFIRM_TIMEOUT_S,
    ) -> None:
        """``drivers`` and ``rebuild`` (how to make each anew) go by connection name; all times are real seconds.

        Raises PoolError when a point has no driver, or MVs and handshake do not share one connection.
        """
        rebuild = rebuild or {}
        self._lanes = {name: Lane(driver, rebuild.get(name), rebuild_after_s) for name, driver in drivers.items()}
        self._points = _by_connection(plant.points_read())
        self._write_points = write_points(plant, confirm_timeout_s)
        self._writes_to = _written_connection(self._write_points)
        slowest_s = max((plant.connections[name].timeout_s for name in self._points), default=0.0)
        self._read_deadline_s = max(READ_DEADLINE_S, slowest_s + MARGIN_S)
        timeout_s = plant.connections[self._writes_to].timeout_s if self._writes_to is not None else 0.0
        # Each request may wait for the one before it. A driver that keeps its own time-outs is done inside these.
        self._beat_deadline_s = 2.0 * timeout_s + MARGIN_S
        self._write_deadline_s = 6.0 * timeout_s + confirm_timeout_s + MARGIN_S
        needed = {*self._points, *([self._writes_to] if self._writes_to else [])}
        if missing := sorted(needed - set(self._lanes)):
            raise PoolError(f"no driver for connection {', '.join(missing)}")
        self._writer_losses: dict[str, int] = {}

    async def start(self) -> None:
        """Let every driver begin to connect."""
        for lane in self._lanes.values():
            await lane.driver.start()

    async def close(self) -> None:
        """Disconnect all drivers, at the same time."""
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))

    async def read(self, cycle: int, at: Instant, deadline_s: float | None = None) -> Snapshot:
        """Return every tag of the plant after at most ``deadline_s`` real seconds; what is not there is bad (``late``
        where the driver has not answered, ``comm`` where the device has not).
        """
        if deadline_s is None:
            deadline_s = self._read_deadline_s
        parts = await asyncio.gather(
            *(self._read(name, points, at.mono_s, deadline_s) for name, points in self._points.items())
        )
        return Snapshot(cycle, at, {tag: reading for part in parts for tag, reading in part.items()})

    async def write(self, approval: Approval) -> tuple[WriteReceipt, ...]:
        """Hand ``approval`` to the one driver that writes; one receipt per move, always."""
        if self._writes_to is None:
            return _all(approval, WriteOutcome.NOT_SENT, "not_writable")
        lane = self._lanes[self._writes_to]
        try:
            return await lane.ask(lambda driver: driver.write(approval, self._write_points), self._write_deadline_s)
        except BusyError:
            return _all(approval, WriteOutcome.NOT_SENT, "late")
        except LateError:
            return _all(approval, WriteOutcome.UNKNOWN, "late")

    async def beat(self, frame: BeatFrame) -> bool:
        """Send the heartbeat words; false when not acknowledged, or where the plant has none.

        A beat for CLOSED_LOOP has the writing client opened where there is none, and is false until it is up. Any other
        is the last one of its claim: after it the client is gone.
        """
        register = self._write_points.registers.get("heartbeat")
        if register is None:
            return False
        holds = frame.mode_request is Mode.CLOSED_LOOP

        async def beaten(driver: Driver) -> bool:
            if holds:
                driver.take()
            return await driver.beat(frame)

        try:
            acknowledged = await self._lanes[register.connection].ask(beaten, self._beat_deadline_s)
        except LateError:
            acknowledged = False
        if not holds:
            await self.release()
        return acknowledged

    async def release(self) -> None:
        """End the writing client, where there is one; nothing can be written until a beat holds the plant again."""
        if self._writes_to is not None:
            await self._lanes[self._writes_to].driver.release()

    def links(self) -> dict[str, str]:
        """Return by connection ``connected``, or why not.

        A connection whose writing client was lost and is back since the last call says so, once: what was sent before
        may still arrive, so the handshake must hear of it.
        """
        told = {}
        for name, state in self.link_states().items():
            lost = state.writer_losses != self._writer_losses.get(name, 0)
            self._writer_losses[name] = state.writer_losses
            told[name] = WRITER_LOST if lost and state.connected else str(state)
        return told

    def link_states(self) -> dict[str, LinkState]:
        """Return every driver's link."""
        return {name: lane.driver.link for name, lane in self._lanes.items()}

    async def _read(self, name: str, points: Sequence[Point], at_s: float, deadline_s: float) -> Mapping[str, Reading]:
        try:
            found = await self._lanes[name].ask(lambda driver: driver.read(points), deadline_s)
        except LateError:
            return bad(points, "late", at_s)
        if missing := [point for point in points if point.tag not in found]:
            return {**found, **bad(missing, "no_value", at_s)}
        return found


def write_points(plant: Plant, confirm_timeout_s: float = CONFIRM_TIMEOUT_S) -> WritePoints:
    """Return where ``plant``'s move sets go and what confirms them."""
    return WritePoints(
        handshake=plant.handshake.kind,
        targets={name: mv.writes for name, mv in plant.mvs.items()},
        actuals={name: mv.setpoint for name, mv in plant.mvs.items()},
        mv_order=plant.handshake.mv_order,
        registers=plant.handshake_points,
        deadbands={name: deadband(mv) for name, mv in plant.mvs.items()},
        confirm_timeout_s=confirm_timeout_s,
    )


def deadband(mv: MvSpec) -> float:
    """Return how far the actual setpoint may lie from what was written, MV unit: what encoding it twice can cost.

    Raises PoolError when the MV's limits cannot be encoded.
    """
    limits = (*mv.limits.safety, *mv.limits.engineering, *mv.limits.operator)
    largest = max((abs(limit) for limit in limits if math.isfinite(limit)), default=1.0)
    read, written = mv.setpoint.encoding, mv.writes.encoding
    encodings = [FLOAT32, written] if read == FLOAT64 else [FLOAT32, written, read]
    try:
        return 1.5 * max(resolution(largest, encoding) for encoding in encodings)
    except EncodingError as error:
        raise PoolError(f"{mv.name}: {error}") from error


def _by_connection(points: Sequence[Point]) -> dict[str, tuple[Point, ...]]:
    found: dict[str, list[Point]] = defaultdict(list)
    for point in points:
        found[point.connection].append(point)
    return {name: tuple(each) for name, each in found.items()}


def _written_connection(points: WritePoints) -> str | None:
    """Return the one connection that move sets go over; None where there are no MVs. Raises PoolError."""
    written = {point.connection for point in (*points.targets.values(), *points.actuals.values())}
    if points.handshake != "none":
        written |= {point.connection for point in points.registers.values()}
    if len(written) > 1:
        raise PoolError(f"MVs and handshake must share one connection, not {', '.join(sorted(written))}")
    return next(iter(written), None)


def _all(approval: Approval, outcome: WriteOutcome, why: str) -> tuple[WriteReceipt, ...]:
    return tuple(WriteReceipt(move.mv, outcome, move.value, None, why) for move in approval.moves)
