"""Everything that is written: nothing twice, nothing of a safety system, nothing that cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from constraints.plantfile.addresses import Place
from constraints.plantfile.document import Path
from constraints.plantfile.scope import Scope


@dataclass(frozen=True, slots=True)
class Written:
    """Every place that one controller writes."""

    setpoints: Mapping[str, Place]
    """By MV."""
    registers: Mapping[str, Place]
    """Of the handshake, by name."""


def check_between(scope: Scope, written: Mapping[str, Written]) -> None:
    """Report what two controllers write to the same place: each clash of setpoints, one of each two handshakes."""
    names = list(written)
    for index, name in enumerate(names):
        for earlier in names[:index]:
            _check_two(scope, (name, written[name]), (earlier, written[earlier]))


def _check_two(scope: Scope, one: tuple[str, Written], other: tuple[str, Written]) -> None:
    (name, mine), (whose, theirs) = one, other
    for mv, place in mine.setpoints.items():
        for kind, taken in (("", theirs.setpoints), ("handshake register ", theirs.registers)):
            for what in (what for what, at in taken.items() if place.touches(at)):
                message = f"{mv} writes to the place of {kind}{what} of {whose}"
                scope.issues.at_value("E057", ("mvs", mv, "writes"), message, "give each its own")
    for register, place in mine.registers.items():
        key = ("controllers", name, "heartbeat")
        own: Path = (*key, "points", register)
        at = own if own in scope.document.values else (*key, "root")
        clash = next((what for what, taken in theirs.registers.items() if place.touches(taken)), "")
        if clash:
            message = f"handshake register {register} of {name} and {clash} of {whose} share a place"
            hint = "each controller has a block of its own in the PLC, and so a root of its own"
            scope.issues.at_value("E057", at, message, hint)
            return
    for register, place in mine.registers.items():
        for mv in (mv for mv, taken in theirs.setpoints.items() if place.touches(taken)):
            message = f"{mv} writes to the place of handshake register {register} of {name}"
            scope.issues.at_value("E057", ("mvs", mv, "writes"), message, "give each its own")


def check_writes(scope: Scope, setpoints: Mapping[str, Place], registers: Mapping[str, Place]) -> None:
    """Report clashes among setpoints (by MV) and handshake registers (by name)."""
    seen: list[tuple[str, Place]] = []
    for mv, place in setpoints.items():
        path: Path = ("mvs", mv, "writes")
        if not place.writable:
            hint = "MVs are setpoints of loops, written by OPC UA or to Modbus holding registers"
            scope.issues.at_value("E056", path, f"{mv} cannot be written at {place.address} ({place.protocol})", hint)
        if place.like_safety_system:
            hint = "Setwise never writes to a safety system; write to the loop's setpoint"
            scope.issues.at_value("E058", path, f"{place.address} looks like part of a safety system", hint)
        for other, taken in seen:
            if place.touches(taken):
                scope.issues.at_value("E057", path, f"{mv} and {other} write to the same place", "give each its own")
        for register, taken in registers.items():
            if place.touches(taken):
                message = f"{mv} writes to handshake register {register}"
                scope.issues.at_value("E057", path, message, "setpoints have places of their own")
        seen.append((mv, place))
    names = list(registers)
    for index, register in enumerate(names):
        if registers[register].like_safety_system:
            at: Path = ("heartbeat", "root")
            scope.issues.at_value("E058", at, f"{registers[register].address} looks like part of a safety system")
            return
        for earlier in names[:index]:
            if registers[register].touches(registers[earlier]):
                message = f"handshake registers {earlier} and {register} share a place"
                scope.issues.at_value("E057", ("heartbeat", "points", register), message, "give each its own")
