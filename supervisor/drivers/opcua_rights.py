"""What an account may write, by what the server says of it: one login, one batch of reads, and nothing is written."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from constraints.plant import Connection
from supervisor.drivers.connection import CLOSE_S
from supervisor.drivers.opcua_session import OPEN_ANSWERS, TROUBLE, Namespaces, OpcUaSession, ServerError, describe
from supervisor.drivers.opcua_status import accepts
from supervisor.drivers.patience import LinkLostError, Patience
from supervisor.secrets import Secrets

_log = logging.getLogger(__name__)


class AccountError(Exception):
    """The account could not log in or was not told its rights; the message is a short reason."""


async def rights(
    connection: Connection, user_secret: str | None, addresses: Sequence[str], *, base_dir: Path, secrets: Secrets
) -> Mapping[str, bool]:
    """Return by address whether the server lets this account write there; what it does not tell is left out.

    From the attribute UserAccessLevel (OPC 10000-3, 5.6.2: what is allowed "taking user access rights into account").
    Raises AccountError.
    """
    session = OpcUaSession(connection, user_secret, base_dir=base_dir, secrets=secrets, namespaces=Namespaces())
    patience = Patience()
    try:
        nodes = {address: ua.NodeId.from_string(address) for address in addresses}
        await patience.wait(session.open(), OPEN_ANSWERS * connection.timeout_s)
        asking = session.read(list(nodes.values()), AttributeIds.UserAccessLevel)
        levels = await patience.wait(asking, 2.0 * connection.timeout_s)
    except LinkLostError as lost:
        raise AccountError(lost.why) from lost
    except ServerError as error:
        raise AccountError(str(error)) from error
    except TROUBLE as error:
        raise AccountError(describe(error)) from error
    finally:
        await end(session, patience)
    return {
        address: bool(level.Value.Value >> ua.AccessLevel.CurrentWrite.value & 1)
        for address, level in zip(nodes, levels, strict=True)
        if level.Value is not None and accepts(level.StatusCode) and isinstance(level.Value.Value, int)
    }


async def end(session: OpcUaSession, patience: Patience) -> None:
    """Say good-bye where still connected, and drop the socket with all that waits in it."""
    try:
        await patience.wait(session.close(), CLOSE_S)
    except LinkLostError as lost:
        _log.debug("closing: %s", lost.why)
    except TROUBLE as error:
        _log.debug("closing: %s", describe(error))
    session.abort()
    await patience.close(CLOSE_S)
