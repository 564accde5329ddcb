"""Section ``heartbeat`` -> HandshakeRule and the places of its registers (the PLC contract)."""

from __future__ import annotations

from typing import Final, cast

from constraints.plant import Point
from constraints.plantfile.addresses import Place
from constraints.plantfile.document import Path
from constraints.plantfile.points import place_of, point
from constraints.plantfile.schema_plant import Heartbeat, Register
from constraints.plantfile.scope import Scope
from safety.encoding import Kind
from safety.handshake import HandshakeRule

WRITTEN: Final[dict[Register, tuple[str, Kind]]] = {
    "HB": ("heartbeat", "uint32"),
    "EPOCH": ("epoch", "uint32"),
    "MODE_REQ": ("mode_request", "uint16"),
    "SEQ": ("sequence", "uint32"),
    "MASK": ("mask", "uint32"),
    "CRC": ("crc", "uint16"),
    "COMMIT": ("commit", "uint32"),
}
ANSWERED: Final[dict[Register, tuple[str, Kind]]] = {
    "HB_ECHO": ("heartbeat_echo", "uint32"),
    "EPOCH_ACK": ("epoch_ack", "uint32"),
    "SEQ_ACK": ("sequence_ack", "uint32"),
    "REJECT": ("reject", "uint16"),
    "REMOTE": ("remote", "bool"),
    "CLAMPED": ("clamped", "uint32"),
    "BOOT_COUNT": ("boot_count", "uint32"),
    "PROBE": ("probe", "float32"),
}
_BEATS_MISSED_MIN: Final = 2.0
"""One lost beat must never shed a plant."""
_MASK_BITS: Final = 32


def handshake_rule(scope: Scope, cycle_s: float, mv_order: tuple[str, ...]) -> HandshakeRule | None:
    """Return how the PLC watches us."""
    given = scope.file.heartbeat
    every = cycle_s if given.every is None else scope.seconds(("heartbeat", "every"), given.every)
    if given.handshake == "none":
        if scope.file.mvs:
            hint = "see the PLC contract; handshake: full lets the PLC take back control by itself"
            message = "without a handshake the PLC cannot notice that we are gone: CLOSED_LOOP will be refused"
            scope.issues.at_key("W105", ("heartbeat",), message, hint)
        return scope.built(("heartbeat",), lambda: HandshakeRule(kind="none", every_s=every, mv_order=mv_order))
    if given.handshake == "heartbeat" and scope.file.mvs:
        message = "with a heartbeat only, half-written move sets cannot be refused: CLOSED_LOOP will be refused"
        scope.issues.at_value("W105", ("heartbeat", "handshake"), message, "handshake: full")
    if len(mv_order) > _MASK_BITS:
        scope.issues.at_key("E014", ("mvs",), f"{len(mv_order)} MVs, but the PLC's mask has {_MASK_BITS} bits")
    if given.handshake == "full" and given.probe is None:
        hint = "such as probe: 1234.5; the PLC holds it in PROBE, and it proves the order of words"
        scope.issues.at_key("E062", ("heartbeat",), "handshake full needs a probe", hint)
    timeout = _timeout(scope, given, max(every, cycle_s))
    _check_every(scope, every, cycle_s)
    return scope.built(
        ("heartbeat",),
        lambda: HandshakeRule(
            kind=given.handshake, every_s=every, plc_timeout_s=timeout, probe=given.probe, mv_order=mv_order
        ),
    )


def _timeout(scope: Scope, given: Heartbeat, beat_s: float) -> float:
    """Return the PLC's timer; ``beat_s`` is the time from one beat to the next, which goes out once a cycle."""
    path: Path = ("heartbeat", "plc_timeout")
    if given.plc_timeout is None:
        hint = f"the PLC's own timer; more than twice {beat_s:g} s"
        scope.issues.at_key("E011", ("heartbeat",), "key 'plc_timeout' is missing in heartbeat", hint)
        return 0.0
    timeout = scope.seconds(path, given.plc_timeout)
    if timeout <= 0.0:
        message = "plc_timeout of 0 means that the PLC never takes back control"
        scope.issues.at_value("E060", path, message, f"more than twice {beat_s:g} s")
    elif timeout <= _BEATS_MISSED_MIN * beat_s:
        message = f"plc_timeout of {timeout:g} s is not more than twice the {beat_s:g} s between beats"
        scope.issues.at_value("E060", path, message, "one lost beat must not shed the plant")
    return timeout


def _check_every(scope: Scope, every: float, cycle_s: float) -> None:
    path: Path = ("heartbeat", "every")
    if every <= 0.0:
        scope.issues.at_value("E061", path, "heartbeat.every must be above 0", f"such as {cycle_s:g} s")
    elif every > cycle_s:
        message = f"heartbeat.every of {every:g} s is longer than the controller's cycle of {cycle_s:g} s"
        scope.issues.at_value("E061", path, message, "the beat goes out each cycle; use the cycle or less")


def handshake_points(scope: Scope) -> tuple[dict[str, Point], dict[str, Place]]:
    """Return each register's point by its name in ``Plant.handshake_points``, and the places that are written."""
    given = scope.file.heartbeat
    points: dict[str, Point] = {}
    written: dict[str, Place] = {}
    if given.handshake == "none":
        return points, written
    if given.root is None and not given.points:
        hint = 'such as root: "dcs:ns=2;s=APC.", or points: {HB: "plc:holding/100:uint32", ...}'
        scope.issues.at_key("E062", ("heartbeat",), f"handshake {given.handshake} needs a root or points", hint)
        return points, written
    for register in _placed(scope, given):
        key, kind = WRITTEN.get(register) or ANSWERED[register]
        own = ("heartbeat", "points", register)
        at = own if register in given.points else ("heartbeat", "root")
        where = place_of(scope, at, given.points.get(register) or f"{given.root}{register}")
        if where is None:
            continue
        if register in WRITTEN:
            written[register] = where
            if not where.writable:
                scope.issues.at_value("E056", at, f"register {register} cannot be written at {where.address}")
        points[key] = point(key if register in WRITTEN else f"plc.{key}", where, kind)
    return points, written


def _placed(scope: Scope, given: Heartbeat) -> tuple[Register, ...]:
    """Return the registers that have a place; reports the others in one finding."""
    needed = _needed(given)
    connection = (given.root or "").partition(":")[0]
    on_modbus = connection in scope.file.connections and scope.file.connections[connection].type == "modbus-tcp"
    missing = [name for name in needed if name not in given.points] if given.root is None or on_modbus else []
    if missing and on_modbus:
        hint = f"give {', '.join(missing)} in points"
        scope.issues.at_value("E062", ("heartbeat", "root"), "a root cannot name Modbus registers", hint)
    elif missing:
        hint = "add them, or a root"
        scope.issues.at_key(
            "E062", ("heartbeat", "points"), f"{', '.join(missing)} of the handshake have no place", hint
        )
    return tuple(name for name in needed if name not in missing)


def _needed(given: Heartbeat) -> tuple[Register, ...]:
    if given.handshake == "heartbeat":
        return ("HB",)
    everything = cast("tuple[Register, ...]", (*WRITTEN, *ANSWERED))
    return everything if given.probe is not None else tuple(name for name in everything if name != "PROBE")
