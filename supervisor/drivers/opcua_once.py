"""One login to an OPC UA server, one question, and out again: for commands that look once. Nothing is written."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from constraints.plant import Connection
from supervisor.drivers.connection import CLOSE_S
from supervisor.drivers.opcua_session import OPEN_ANSWERS, TROUBLE, Namespaces, OpcUaSession, ServerError, describe
from supervisor.drivers.patience import LinkLostError, Patience
from supervisor.secrets import Secrets

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class AccountError(Exception):
    """The account could not log in or got no answer; the message is a short reason."""


async def ask_once(
    connection: Connection,
    user_secret: str | None,
    ask: Callable[[OpcUaSession], Awaitable[_T]],
    *,
    answers: float,
    base_dir: Path,
    secrets: Secrets,
) -> _T:
    """Return what ``ask`` returns of a session of that account; it may take so many answers. Raises AccountError."""
    session = OpcUaSession(connection, user_secret, base_dir=base_dir, secrets=secrets, namespaces=Namespaces())
    patience = Patience()

    async def asked() -> _T:
        return await ask(session)

    try:
        await patience.wait(session.open(), OPEN_ANSWERS * connection.timeout_s)
        return await patience.wait(asked(), answers * connection.timeout_s)
    except LinkLostError as lost:
        raise AccountError(lost.why) from lost
    except ServerError as error:
        raise AccountError(str(error)) from error
    except TROUBLE as error:
        raise AccountError(describe(error)) from error
    finally:
        await end(session, patience)


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
