"""The fault catalogue on the bench: each fault by name, how to make it, how to take it back, and how to be sure of it.

``took_effect`` is the positive control: it looks at what a client would be served (or at the PLC's own state), never at
the switch that was thrown. A test that saw no reaction may only count when it said yes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from hil import distort
from hil.distort import Distortion
from hil.plants.pid import Mode
from hil.proxy import BlackHole, CutAfter, Latency, Pass, Pulled, Reset, Slicer, Toxic
from hil.rig import AnyRig, Rig
from hil.servers.modbus import WordOrder
from hil.wiring import TOPICS

Kind = Literal["signal", "meter", "cable", "loop", "block_loop", "topic", "plc", "server"]
"""What the subject of a fault is: ``plc`` is the PLC's block, ``block_loop`` a loop that it has, by MV. ``meter``,
``topic`` and ``server`` are things of the demo's dryer; any other plant has none.
"""
STAMP_MARGIN_S = 1e-3
"""OPC UA time stamps have 100 ns, MQTT payloads 1 ms."""
SWAPPED_PROBE = -1.0e-35
"""Anything but 1234.5 does; this is about what swapped words show."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break the rig."""

    name: str
    catalogue: str
    """Number in the fault catalogue."""
    kind: Kind
    inject: Callable[[AnyRig, str], Awaitable[float]]
    """Break it; what it returns is handed to ``took_effect``."""
    clear: Callable[[AnyRig, str], Awaitable[None]]
    took_effect: Callable[[AnyRig, str, float], bool]


class ActiveFaults:
    """What is broken at present."""

    def __init__(self) -> None:
        """Begin with nothing broken."""
        self._before: dict[tuple[str, str], float] = {}

    def names(self) -> list[str]:
        """Return the faults in force as ``name:subject``."""
        return [f"{name}:{subject}" for name, subject in self._before]

    async def inject(self, rig: AnyRig, name: str, subject: str) -> None:
        """Break it. KeyError for an unknown fault, ValueError for a subject it does not fit."""
        if name not in FAULTS:
            raise KeyError(f"no fault {name!r}; there are: {', '.join(FAULTS)}")
        fault = FAULTS[name]
        if subject not in subjects(fault, rig):
            fitting = ", ".join(subjects(fault, rig)) or "this plant has none"
            raise ValueError(f"{name} fits a {fault.kind} ({fitting}), not {subject!r}")
        self._before[name, subject] = await fault.inject(rig, subject)
        await rig.show()

    async def clear(self, rig: AnyRig, name: str, subject: str) -> None:
        """Repair it. KeyError when it is not in force."""
        del self._before[name, subject]
        await FAULTS[name].clear(rig, subject)
        await rig.show()

    def took_effect(self, rig: AnyRig, name: str, subject: str) -> bool:
        """Return whether a client is served the fault now. KeyError when it is not in force."""
        return FAULTS[name].took_effect(rig, subject, self._before[name, subject])


def subjects(fault: Fault, rig: AnyRig) -> tuple[str, ...]:
    """Return what ``fault`` may be injected into; nothing where this plant has no such thing."""
    loops = rig.cabinet.mv_order
    has_block, dryer = bool(rig.cabinet.state.loops), isinstance(rig, Rig)
    fitting: Mapping[Kind, Sequence[str]] = {
        "signal": rig.devices.stamped() if fault.name in OPC_UA_ONLY else rig.devices.signals(),
        "cable": tuple(rig.devices.cables),
        "loop": loops,
        "block_loop": loops if has_block else (),
        "plc": ("plc",) if has_block else (),
        "meter": ("P_fan", "P_el", "gas") if dryer else (),
        "topic": tuple(topic.name for topic in TOPICS) if dryer else (),
        "server": ("plc",) if dryer else (),
    }
    return tuple(fitting[fault.kind])


def _dryer(rig: AnyRig) -> Rig:
    if not isinstance(rig, Rig):
        raise TypeError("a fault of the demo's dryer on another plant")  # ``subjects`` offers none there
    return rig


def _signal(name: str, catalogue: str, kind: Distortion) -> Fault:
    async def inject(rig: AnyRig, subject: str) -> float:
        rig.instruments.distort(subject, kind)
        return rig.instruments.healthy[subject].value

    async def clear(rig: AnyRig, subject: str) -> None:
        rig.instruments.heal(subject)

    def took_effect(rig: AnyRig, subject: str, _before: float) -> bool:
        healthy = rig.devices.expected(subject, rig.instruments)
        served = rig.devices.served(subject)
        # The margin is the last digit of what shows integers, float32 elsewhere.
        margin = max(rig.devices.digit(subject), 1e-6 * abs(healthy.value))
        other_time = abs(served.source_utc_s - healthy.source_utc_s) > STAMP_MARGIN_S
        return not abs(served.value - healthy.value) <= margin or served.status != healthy.status or other_time

    return Fault(name, catalogue, "signal", inject, clear, took_effect)


def _word_order() -> Fault:
    async def inject(rig: AnyRig, subject: str) -> float:
        device = _dryer(rig).devices.meter(subject)
        wrong: WordOrder = "ABCD" if device.order(subject) == "CDAB" else "BADC"
        device.rewire(subject, wrong)
        return 0.0

    async def clear(rig: AnyRig, subject: str) -> None:
        devices = _dryer(rig).devices
        devices.meter(subject).rewire(subject, devices.wired(subject).order)

    def took_effect(rig: AnyRig, subject: str, _before: float) -> bool:
        served, true = rig.devices.served(subject).value, rig.instruments.reports[subject].value
        return not abs(served - true) <= 0.01 * abs(true)

    return Fault("word_order", "F03", "meter", inject, clear, took_effect)


def _cable(name: str, catalogue: str, toxic: Toxic) -> Fault:
    async def inject(rig: AnyRig, subject: str) -> float:
        rig.devices.cables[subject].set(toxic)
        return 0.0

    async def clear(rig: AnyRig, subject: str) -> None:
        rig.devices.cables[subject].set(Pass())

    def took_effect(rig: AnyRig, subject: str, _before: float) -> bool:
        return rig.devices.cables[subject].treated > 0

    return Fault(name, catalogue, "cable", inject, clear, took_effect)


def _topic(name: str, catalogue: str, late_by_s: float | None) -> Fault:
    async def inject(rig: AnyRig, subject: str) -> float:
        if late_by_s is None:
            _dryer(rig).devices.mute.add(subject)
        else:
            _dryer(rig).devices.late_by_s[subject] = late_by_s
        return rig.utc_s

    async def clear(rig: AnyRig, subject: str) -> None:
        devices = _dryer(rig).devices
        devices.mute.discard(subject)
        devices.late_by_s.pop(subject, None)

    def took_effect(rig: AnyRig, subject: str, before: float) -> bool:
        every_s = next(topic.every_s for topic in TOPICS if topic.name == subject)
        _, stamp = _dryer(rig).devices.sensors.last[subject]
        return rig.utc_s - before > every_s and stamp <= before

    return Fault(name, catalogue, "topic", inject, clear, took_effect)


def _loop_of(rig: AnyRig, mv: str) -> str:
    return next(wiring.loop for wiring in rig.cabinet.loops if wiring.rule.name == mv)


async def _restart(rig: AnyRig, _subject: str) -> float:
    before = rig.cabinet.answers.boot_count
    await rig.restart_plc()
    return before


async def _stop(rig: AnyRig, _subject: str) -> float:
    rig.cabinet.stopped = True
    return rig.plant_s


async def _start(rig: AnyRig, _subject: str) -> None:
    rig.cabinet.stopped = False
    await rig.restart_plc()


async def _local(rig: AnyRig, _subject: str) -> float:
    rig.cabinet.remote = False
    return 0.0


async def _remote(rig: AnyRig, _subject: str) -> None:
    rig.cabinet.remote = True


async def _narrow(rig: AnyRig, mv: str) -> float:
    setpoint = rig.line.loops[_loop_of(rig, mv)].setpoint
    rig.cabinet.narrow[_loop_of(rig, mv)] = (setpoint, setpoint)
    return setpoint


async def _widen(rig: AnyRig, mv: str) -> None:
    rig.cabinet.narrow.pop(_loop_of(rig, mv), None)


async def _deafen(rig: AnyRig, _subject: str) -> float:
    rig.cabinet.deaf_to = frozenset({"SEQ", "MASK", "CRC", "COMMIT", *(f"SP.{mv}" for mv in rig.cabinet.mv_order)})
    return rig.cabinet.dropped


async def _undeafen(rig: AnyRig, _subject: str) -> None:
    rig.cabinet.deaf_to = frozenset()


async def _wrong_probe(rig: AnyRig, _subject: str) -> float:
    rig.cabinet.probe = SWAPPED_PROBE
    return 0.0


async def _right_probe(rig: AnyRig, _subject: str) -> None:
    rig.cabinet.probe = None


async def _take_loop(rig: AnyRig, mv: str) -> float:
    rig.line.mode(_loop_of(rig, mv), Mode.AUTO)
    return 0.0


async def _give_loop(rig: AnyRig, mv: str) -> None:
    rig.line.mode(_loop_of(rig, mv), Mode.CAS)


async def _restart_server(rig: AnyRig, _subject: str) -> float:
    before = _dryer(rig).devices.opcua_starts
    await _dryer(rig).devices.restart_opcua()
    return before


async def _nothing(_rig: AnyRig, _subject: str) -> None:
    """There is nothing to take back."""


OPC_UA_ONLY = frozenset({"bad_status", "uncertain", "forced", "future"})
"""Modbus has neither a status nor a time stamp to be wrong."""

_ALL = (
    _signal("frozen", "F07", distort.frozen),
    _signal("stopped", "F16", distort.stopped),
    _signal("nan", "F01", distort.not_a_number),
    _signal("tiny", "F02", distort.tiny),
    _signal("bad_status", "F09", distort.bad_status),
    _signal("uncertain", "F10", distort.uncertain),
    _signal("forced", "F11", distort.forced),
    _signal("spike", "F12", distort.spiking),
    _signal("drift", "F13", distort.drifting),
    _signal("offset", "F14", distort.offset),
    _signal("scale", "F04", distort.wrong_scale),
    _signal("future", "F16", distort.future),
    _word_order(),
    _cable("pull", "F18", Pulled()),
    _cable("black_hole", "F18", BlackHole()),
    _cable("reset", "F17", Reset()),
    _cable("latency", "F21", Latency(0.3)),
    _cable("slicer", "F22", Slicer(3, 0.0005)),
    _cable("cut", "F22", CutAfter(100)),
    _topic("silent", "F17", None),
    _topic("late", "F26", 3600.0),
    Fault(
        "plc_restart", "F31", "plc", _restart, _nothing,
        lambda rig, _subject, before: rig.cabinet.answers.boot_count == before + 1,
    ),
    Fault(
        "plc_stop", "F32", "plc", _stop, _start,
        lambda rig, _subject, before: rig.plant_s > before >= rig.cabinet.state.scanned_s,
    ),
    Fault("plc_local", "F33", "plc", _local, _remote, lambda rig, _s, _b: rig.cabinet.shown()["REMOTE"] == 0.0),
    Fault(
        "plc_clamp", "F34", "block_loop", _narrow, _widen,
        lambda rig, mv, _b: bool(rig.cabinet.answers.clamped >> rig.cabinet.mv_order.index(mv) & 1),
    ),
    Fault(
        "plc_deaf", "F35", "plc", _deafen, _undeafen,
        lambda rig, _subject, before: rig.cabinet.dropped > before,
    ),
    Fault(
        "probe", "F03", "plc", _wrong_probe, _right_probe, lambda rig, _s, _b: rig.cabinet.shown()["PROBE"] < 0.0
    ),
    Fault(
        "loop_auto", "F39", "loop", _take_loop, _give_loop,
        lambda rig, mv, _b: rig.line.loops[_loop_of(rig, mv)].mode is Mode.AUTO,
    ),
    Fault(
        "server_restart", "F24", "server", _restart_server, _nothing,
        lambda rig, _subject, before: _dryer(rig).devices.opcua_starts == before + 1,
    ),
)  # fmt: skip

FAULTS: Mapping[str, Fault] = MappingProxyType({fault.name: fault for fault in _ALL})
