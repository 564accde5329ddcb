"""What an OPC UA server says of its nodes beside their values: type, engineering unit, range (OPC 10000-8, 5.3.2.3)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

from constraints.plant import Connection
from constraints.plantfile.taglists.unitnames import unit_of_server
from supervisor.drivers.opcua_nodes import unknown
from supervisor.drivers.opcua_once import ask_once
from supervisor.drivers.opcua_session import OpcUaSession
from supervisor.drivers.opcua_status import accepts, code_of, name_of
from supervisor.secrets import Secrets

_UNIT, _RANGE = "EngineeringUnits", "EURange"
_ANSWERS: Final = 10.0
_BUILT_IN: Final[Mapping[int, str]] = {
    ObjectIds.Boolean: "bool",
    ObjectIds.SByte: "int8",
    ObjectIds.Byte: "uint8",
    ObjectIds.Int16: "int16",
    ObjectIds.UInt16: "uint16",
    ObjectIds.Int32: "int32",
    ObjectIds.UInt32: "uint32",
    ObjectIds.Int64: "int64",
    ObjectIds.UInt64: "uint64",
    ObjectIds.Float: "float32",
    ObjectIds.Double: "float64",
    ObjectIds.String: "text",
    ObjectIds.LocalizedText: "text",
    ObjectIds.ByteString: "bytes",
    ObjectIds.DateTime: "time",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """One node."""

    missing: str = ""
    """Why the server does not know the node: a status code's name, or ``namespace`` or ``address`` as
    ``opcua_nodes.unknown`` says; empty where it does."""
    kind: str | None = None
    """``float32``, ``text``, ...; with ``[]`` behind it for an array. None where the server does not say, or a word of
    its own."""
    unit: str | None = None
    range: tuple[float, float] | None = None
    """In the server's unit."""


async def facts(
    connection: Connection, addresses: Sequence[str], *, base_dir: Path, secrets: Secrets
) -> Mapping[str, Facts]:
    """Return by address what the server says to the account that reads. Raises AccountError."""

    async def ask(session: OpcUaSession) -> Mapping[str, Facts]:
        at = {address: node for address in addresses if (node := session.node(address)) is not None}
        nodes = list(at.values())
        types = await session.read(nodes, AttributeIds.DataType)
        ranks = await session.read(nodes, AttributeIds.ValueRank)
        found = await session.properties(nodes, (_UNIT, _RANGE))
        places = [each for pair in found for each in pair if each is not None]
        values = iter(await session.read(places) if places else [])
        shown = [[next(values) if each is not None else None for each in pair] for pair in found]
        lost = {address: Facts(unknown(address)) for address in addresses if address not in at}
        return lost | {
            address: Facts(_missing(kind), _kind(kind, rank), _unit(told[0]), _range(told[1]))
            for address, kind, rank, told in zip(at, types, ranks, shown, strict=True)
        }

    answers = _ANSWERS + len(addresses) / 100.0
    return await ask_once(connection, connection.user_secret, ask, answers=answers, base_dir=base_dir, secrets=secrets)


def _missing(data: ua.DataValue) -> str:
    return "" if accepts(data.StatusCode) else name_of(code_of(data.StatusCode))


def _kind(data: ua.DataValue, rank: ua.DataValue) -> str | None:
    found = _value(data)
    if not isinstance(found, ua.NodeId) or found.NamespaceIndex != 0 or not isinstance(found.Identifier, int):
        return None
    name = _BUILT_IN.get(found.Identifier)
    dimensions = _value(rank)
    return f"{name}[]" if name is not None and isinstance(dimensions, int) and dimensions >= 0 else name


def _unit(data: ua.DataValue | None) -> str | None:
    found = _value(data)
    if not isinstance(found, ua.EUInformation):
        return None
    shown = found.DisplayName.Text or ""
    return unit_of_server(found.NamespaceUri or "", found.UnitId, shown) or shown.strip() or None


def _range(data: ua.DataValue | None) -> tuple[float, float] | None:
    found = _value(data)
    if not isinstance(found, ua.Range):
        return None
    lo, hi = float(found.Low), float(found.High)
    return (lo, hi) if math.isfinite(lo) and math.isfinite(hi) and lo < hi else None


def _value(data: ua.DataValue | None) -> object:
    return data.Value.Value if data is not None and data.Value is not None and accepts(data.StatusCode) else None
