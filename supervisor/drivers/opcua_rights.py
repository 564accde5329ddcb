"""What an account may write, by what the server says of it: one login, one batch of reads, and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from constraints.plant import Connection
from supervisor.drivers.opcua_once import AccountError, ask_once
from supervisor.drivers.opcua_session import OpcUaSession
from supervisor.drivers.opcua_status import accepts
from supervisor.secrets import Secrets

__all__ = ["AccountError", "rights"]


async def rights(
    connection: Connection, user_secret: str | None, addresses: Sequence[str], *, base_dir: Path, secrets: Secrets
) -> Mapping[str, bool]:
    """Return by address whether the server lets this account write there; what it does not tell is left out.

    From the attribute UserAccessLevel (OPC 10000-3, 5.6.2: what is allowed "taking user access rights into account").
    Raises AccountError.
    """

    async def ask(session: OpcUaSession) -> Mapping[str, bool]:
        nodes = {address: node for address in addresses if (node := session.node(address)) is not None}
        levels = await session.read(list(nodes.values()), AttributeIds.UserAccessLevel)
        return {
            address: bool(level.Value.Value >> ua.AccessLevel.CurrentWrite.value & 1)
            for address, level in zip(nodes, levels, strict=True)
            if level.Value is not None and accepts(level.StatusCode) and isinstance(level.Value.Value, int)
        }

    return await ask_once(connection, user_secret, ask, answers=2.0, base_dir=base_dir, secrets=secrets)
