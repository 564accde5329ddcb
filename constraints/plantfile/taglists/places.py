"""Addresses as the lists write them -> addresses as the plant file writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from constraints.plant import Protocol
from constraints.plantfile.addresses import AddressError, place
from constraints.plantfile.taglists.ignition import BOUND

MULTIPLE: Final = frozenset({"float32", "float64", "int32", "uint32"})
"""Types of more than one Modbus register: the order of their words must be known."""
_REGISTER: Final = re.compile(r"([34])(\d{4,5})")
_PLAIN_REGISTER: Final = re.compile(r"(holding|input)/(\d{1,5})")
_IGNITION: Final = re.compile(r"\[[^\]]+\].+")
_PLACEHOLDER: Final = re.compile(r"\{(name|path|address)\}")


class NoPlaceError(ValueError):
    """A row says of no place that can be read; ``why`` counts the like, ``detail`` says more."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(detail or why)
        self.why = why
        self.detail = detail or why


@dataclass(frozen=True, slots=True)
class Target:
    """Where the tags are to be read from."""

    connection: str
    protocol: Protocol
    template: str | None = None
    """Address with ``{name}``, ``{path}``, ``{address}``; None = what fits the kind of list."""
    word_order: str | None = None


def source_of(cells: Mapping[str, str], form: str, kind: str, target: Target) -> str:
    """Return ``connection:address`` for a row. ``kind`` is the type on the wire, empty where unknown.

    Raises NoPlaceError.
    """
    address = _address(cells, form, kind, target)
    try:
        place(target.connection, target.protocol, address)
    except AddressError as error:
        raise NoPlaceError("no such address", f"{error.message}; {error.hint}") from error
    return f"{target.connection}:{address}"


def _address(cells: Mapping[str, str], form: str, kind: str, target: Target) -> str:
    if target.template is not None:
        filled = _PLACEHOLDER.sub(lambda found: cells.get(found[1], ""), target.template)
        return _typed(filled, kind, target) if target.protocol == "modbus-tcp" else filled
    given = cells.get("address", "")
    if target.protocol == "modbus-tcp":
        return _modbus(given, kind, target)
    match form:
        case "kepware" if target.protocol == "opcua":
            raise NoPlaceError(
                "no channel and device",
                "a Kepware list does not name them: say --address 'ns=2;s=CHANNEL.DEVICE.{name}'",
            )
        case "tia" if target.protocol == "opcua":
            return f'ns=3;s="{cells["name"]}"'  # as an S7-1500's own server names a PLC tag
        case "ignition" | "ignition-json":
            return _ignition(given)
    if not given:
        raise NoPlaceError("no address")
    return given


def _ignition(given: str) -> str:
    if given == BOUND:
        raise NoPlaceError("bound to a UDT's parameter", "its OPC item path is bound: export the tags resolved")
    if not given:
        raise NoPlaceError("no address")
    # A path without a namespace means Ignition's own OPC UA server, whose devices are in namespace 1.
    return f"ns=1;s={given}" if _IGNITION.fullmatch(given) else given


def _modbus(given: str, kind: str, target: Target) -> str:
    """Return ``holding/3054:float32:CDAB`` for that, for 43055 and for 403055 (Modicon's numbers count from 1)."""
    if ":" in given:
        return given
    plain = _PLAIN_REGISTER.fullmatch(given)
    numbered = _REGISTER.fullmatch(given)
    if plain is None and numbered is None:
        raise NoPlaceError("no Modbus register", f"{given!r} is no Modbus register, such as holding/3054 or 403055")
    if numbered is not None:
        if int(numbered[2]) == 0:
            raise NoPlaceError("no Modbus register", f"{given}: Modicon's numbers count from 1")
        return _typed(f"{'holding' if numbered[1] == '4' else 'input'}/{int(numbered[2]) - 1}", kind, target)
    return _typed(given, kind, target)


def _typed(address: str, kind: str, target: Target) -> str:
    if ":" in address:
        return address
    if not kind:
        raise NoPlaceError("no type", "the type of a Modbus register must be known, such as float32")
    if kind not in MULTIPLE:
        return f"{address}:{kind}"
    if target.word_order is None:
        detail = "the order of its words is not in the list: word_order: CDAB (or ABCD) in a mapping file"
        raise NoPlaceError("no word order", detail)
    return f"{address}:{kind}:{target.word_order}"
