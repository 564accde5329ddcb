"""Addresses as each protocol writes them, checked and taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, cast

from constraints.plant import Protocol
from safety.encoding import Kind, WordOrder

_NODE: Final = re.compile(
    r"(?:ns=(?P<index>\d{1,5});|nsu=[^;]+;)?"
    r"(?:s=(?P<text>.+)|i=(?P<number>\d{1,10})|g=[0-9A-Fa-f-]{36}|b=[A-Za-z0-9+/=]+)"
)
_INDEX_MAX: Final = 0xFFFF
_NUMBER_MAX: Final = 0xFFFFFFFF
_MODBUS: Final = re.compile(r"(?P<table>[a-z]+)/(?P<at>\d{1,6})(?::(?P<kind>\w+))?(?::(?P<order>\w+))?")
_TOPIC: Final = re.compile(r"(?P<topic>[^#+\s][^#+]*)(?:#(?P<field>[A-Za-z0-9_.-]+))?")
_KINDS: Final = ("float32", "float64", "int16", "uint16", "int32", "uint32", "bool")
_ORDERS: Final = ("ABCD", "CDAB", "BADC", "DCBA")
_WORDS: Final = {"float32": 2, "float64": 4, "int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "bool": 1}
_REGISTERS: Final = 65_536
_SAFETY_SYSTEM: Final = re.compile(r"(^|[._])(SIS|ESD|F_)")


class AddressError(ValueError):
    """Not an address of this protocol; ``hint`` says what one looks like."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value lies in one device."""

    connection: str
    protocol: Protocol
    address: str
    """What drivers are given, e.g. ``ns=2;s=TIC201.PV`` or ``holding/3054``."""
    kind: Kind | None = None
    """Type on the wire where the address says it (Modbus)."""
    word_order: WordOrder = "ABCD"

    @property
    def writable(self) -> bool:
        """Whether the protocol lets us write there."""
        return self.protocol != "mqtt" and not self.address.startswith("input/")

    @property
    def like_safety_system(self) -> bool:
        """Whether it looks like part of a safety system (SIS, ESD, F_ programs), which nobody writes to from here."""
        match = _NODE.fullmatch(self.address) if self.protocol == "opcua" else None
        name = match["text"] if match and match["text"] else self.address
        return bool(_SAFETY_SYSTEM.search(name))

    def touches(self, other: Place) -> bool:
        """Return whether both share a place: the same node, or registers that overlap."""
        if self.connection != other.connection:
            return False
        mine, theirs = self._registers(), other._registers()
        if mine is None or theirs is None:
            return self.address == other.address
        return mine[0] == theirs[0] and mine[1] < theirs[2] and theirs[1] < mine[2]

    def _registers(self) -> tuple[str, int, int] | None:
        if self.protocol != "modbus-tcp":
            return None
        table, at = self.address.split("/")
        return table, int(at), int(at) + _WORDS[self.kind or "uint16"]


def place(connection: str, protocol: Protocol, text: str) -> Place:
    """Return the place that ``text`` (what follows ``connection:``) means; raises AddressError."""
    match protocol:
        case "opcua":
            match = _NODE.fullmatch(text)
            if match is None or int(match["index"] or 0) > _INDEX_MAX or int(match["number"] or 0) > _NUMBER_MAX:
                hint = "such as ns=2;s=TIC201.PV, ns=3;i=1021 or nsu=http://maker.example/line;s=TIC201.PV"
                raise AddressError(f"{text!r} is not an OPC UA node", hint)
            return Place(connection, protocol, text)
        case "modbus-tcp":
            return _modbus(connection, text)
        case "mqtt":
            if not _TOPIC.fullmatch(text):
                raise AddressError(
                    f"{text!r} is not an MQTT topic", "such as site/fan/vibration#rms, without wildcards"
                )
            return Place(connection, protocol, text)
        case "memory":
            return Place(connection, protocol, text)


def _modbus(connection: str, text: str) -> Place:
    example = "such as holding/3054:float32:CDAB or input/100:int16"
    match = _MODBUS.fullmatch(text)
    if match is None or match["table"] not in ("holding", "input"):
        raise AddressError(f"{text!r} is not a Modbus register", example)
    kind, order = match["kind"], match["order"] or "ABCD"
    if kind is None:
        raise AddressError(f"the type of Modbus register {text!r} is missing", example)
    if kind not in _KINDS:
        raise AddressError(f"{kind!r} is not a type of Modbus register", f"one of {', '.join(_KINDS)}")
    if order not in _ORDERS:
        raise AddressError(f"{order!r} is not a word order", f"one of {', '.join(_ORDERS)}")
    if int(match["at"]) + _WORDS[kind] > _REGISTERS:
        raise AddressError(f"Modbus register {text!r} lies beyond 65535", example)
    address = f"{match['table']}/{int(match['at'])}"
    return Place(connection, "modbus-tcp", address, cast("Kind", kind), cast("WordOrder", order))
