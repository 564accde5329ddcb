"""One asyncua client for one connection epoch: connect, validate, batch reads, and let go.

asyncua's own reconnection stays off, its security defaults (none) are replaced, and only its low-level services are
used: the convenient ones drop the quality, ask for one time stamp only, or send a source time stamp with a write.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto import uacrypto
from asyncua.crypto.security_policies import SecurityPolicyNone
from asyncua.crypto.uacrypto import CertProperties
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors._base import UaError, UaStatusCodeError
from cryptography.exceptions import InvalidSignature

from constraints.plant import Connection
from supervisor.drivers.certificates import CertificateError, own_identity, pinned
from supervisor.drivers.opcua_nodes import by_index, node_of
from supervisor.drivers.opcua_security import POLICIES
from supervisor.drivers.opcua_status import accepts, name_of
from supervisor.secrets import SecretError, Secrets

NODES_PER_REQUEST_MAX = 1000
"""Where the server gives no limit of its own."""
MESSAGE_BYTES_MAX = 16 * 1024 * 1024
CHUNKS_MAX = 4096
SESSION_MS = 60_000
"""Session and channel end this long after we vanished (asyncua's default is 1 h)."""
OPEN_ANSWERS = 12
"""Connecting takes this many answers at most: hello, channel, session, activation, validation, and the diagnosis."""
REQUEST_LOGGER: Final = "asyncua.client.ua_client.UASocketProtocol"
WATCHDOG_S = 5.0
"""asyncua probes the server this often, and waits as long: 1 s, its default, drops a busy server (measured)."""

TROUBLE: Final[tuple[type[Exception], ...]] = (
    UaError,  # every status code, parse errors, "Server certificate mismatch", "No matching endpoints"
    OSError,  # ConnectionError, TimeoutError, gaierror
    CertificateError,
    SecretError,
    InvalidSignature,  # a peer that signs with another key
    uacrypto.InvalidSignature,  # type: ignore[attr-defined]  # asyncua's own of the same name
    ValueError,  # from here on: what asyncua's decoder raises on bytes that are not OPC UA
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    struct.error,
    MemoryError,
    OverflowError,
)
"""What asyncua 2.1 raises when the server or the network is at fault, by its sources. Caught around its calls only."""

_SERVER_STATE: Final = ua.NodeId.from_string("i=2259")
_NAMESPACES: Final = ua.NodeId.from_string("i=2255")
_MAX_NODES_PER_READ: Final = ua.NodeId.from_string("i=11705")
_MAX_NODES_PER_WRITE: Final = ua.NodeId.from_string("i=11707")


def _nobody() -> None:
    """Nobody listens yet."""


class ServerError(Exception):
    """The server answered, but is not one to work with; the message says why."""


def no_requests(record: logging.LogRecord) -> bool:
    """Keep what asyncua logs below INFO out of every log: whole requests, the one with the password among them."""
    return record.levelno >= logging.INFO


def describe(error: Exception) -> str:
    """Return a short reason for the link state. Never holds a secret: asyncua's messages do not."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionError) and not isinstance(error, ConnectionRefusedError):
        return "reset"
    if isinstance(error, UaStatusCodeError):
        return name_of(int(error.code))
    text = str(error)
    return f"{type(error).__name__}: {text}"[:160] if text else type(error).__name__


class _Client(Client):
    def server_policy(self, token_type: ua.UserTokenType) -> ua.UserTokenPolicy:
        """Refuse a server that wants the password in the clear although all else is signed (OPC 10000-4, 7.40.4)."""
        policy = super().server_policy(token_type)
        signed_only = self.security_policy.Mode == ua.MessageSecurityMode.Sign
        named = token_type == ua.UserTokenType.UserName
        if signed_only and named and policy.SecurityPolicyUri == SecurityPolicyNone.URI:
            raise ServerError("the server wants the password in the clear: use SignAndEncrypt")
        return policy


@dataclass(slots=True)
class Namespaces:
    """The server's namespace table as first seen: an address ``ns=2;...`` means something only beside it."""

    seen: tuple[str, ...] | None = None
    by_index: bool = False
    """Such an address was used: from then on the table must stay. ``nsu=`` addresses are looked up in each new one."""


class OpcUaSession:
    """One client that reads. ``open`` once, then one ``read`` at a time."""

    NAME: ClassVar = "Setwise"
    """What the server's list of sessions shows."""

    def __init__(
        self,
        connection: Connection,
        user_secret: str | None,
        *,
        base_dir: Path,
        secrets: Secrets,
        namespaces: Namespaces,
    ) -> None:
        """Prepare; the secret named ``user_secret`` (None = nobody logs in) is read by ``open`` and not before."""
        self._connection = connection
        self._user_secret = user_secret
        self._base_dir = base_dir
        self._secrets = secrets
        self._namespaces = namespaces
        self.over = ""
        self.on_over: Callable[[], None] = _nobody
        self._client = self._new_client()
        self._client.connection_lost_callback = self._lost
        self._read_max = self._write_max = NODES_PER_REQUEST_MAX
        self._table: tuple[str, ...] = ()
        self._nodes: dict[str, ua.NodeId | None] = {}

    async def open(self) -> None:
        """Connect, log in, and check that the server runs, with the namespaces that it had before.

        Raises one of TROUBLE or ServerError.
        """
        logging.getLogger(REQUEST_LOGGER).addFilter(no_requests)  # once, however many sessions there are
        await self._secure()
        try:
            await self._client.connect()
        except (TimeoutError, ConnectionError) as error:
            if self._connection.security != "None" and await self._shows_other_certificate():
                raise ServerError("the server's certificate is not the pinned one") from error
            raise
        await self._validate()

    def node(self, address: str) -> ua.NodeId | None:
        """Return the node that ``address`` means on this server since ``open``; None where there can be none."""
        if address not in self._nodes:
            self._nodes[address] = node_of(address, self._table)
            self._namespaces.by_index |= by_index(address)
        return self._nodes[address]

    async def read(
        self, nodes: Sequence[ua.NodeId], attribute: AttributeIds = AttributeIds.Value
    ) -> list[ua.DataValue]:
        """Return one data value per node, in order; one Read service call per MaxNodesPerRead. Raises TROUBLE."""
        results: list[ua.DataValue] = []
        for start in range(0, len(nodes), self._read_max):
            chunk = nodes[start : start + self._read_max]
            parameters = ua.ReadParameters()
            parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
            parameters.NodesToRead = [ua.ReadValueId(NodeId=node, AttributeId=attribute) for node in chunk]
            answers = await self._client.uaclient.read(parameters)
            if len(answers) != len(chunk):
                raise UaError(f"{len(answers)} answers to {len(chunk)} questions")
            results += answers
        return results

    async def properties(self, nodes: Sequence[ua.NodeId], names: Sequence[str]) -> list[tuple[ua.NodeId | None, ...]]:
        """Return for each node where its standard properties of these names are, None where it has none.

        Raises TROUBLE.
        """
        asked = [_property(node, name) for node in nodes for name in names]
        found: list[ua.NodeId | None] = []
        for start in range(0, len(asked), self._read_max):
            chunk = asked[start : start + self._read_max]
            answers = await self._client.uaclient.translate_browsepaths_to_nodeids(chunk)
            if len(answers) != len(chunk):
                raise UaError(f"{len(answers)} answers to {len(chunk)} questions")
            found += [each.Targets[0].TargetId if each.Targets else None for each in answers]
        return [tuple(found[i : i + len(names)]) for i in range(0, len(found), len(names))]

    def requests(self, nodes: int) -> int:
        """Return how many Read service calls so many nodes take."""
        return max(-(-nodes // self._read_max), 1)

    async def close(self) -> None:
        """Close session, channel and socket, and end asyncua's tasks; local only after ``abort``."""
        await self._client.disconnect()

    def abort(self) -> None:
        """Drop the socket with all that waits in it: a setpoint in a buffer must not leave later."""
        self._client.uaclient.request_disconnect()
        protocol = self._client.uaclient.protocol
        if protocol is not None and protocol.transport is not None:
            protocol.transport.abort()

    async def _lost(self, error: Exception) -> None:
        """Called by asyncua's own watch over the socket, between our requests."""
        self.over = describe(error)
        self.on_over()

    def _new_client(self) -> Client:
        # asyncua's time-out is the longer one, so that ours, outside, always comes first.
        client = _Client(self._connection.url, 2.0 * self._connection.timeout_s, WATCHDOG_S, auto_reconnect=False)
        client.name = client.description = self.NAME
        client.session_timeout = client.secure_channel_timeout = SESSION_MS
        client.max_messagesize, client.max_chunkcount = MESSAGE_BYTES_MAX, CHUNKS_MAX
        return client

    async def _secure(self) -> None:
        connection, client = self._connection, self._client
        if connection.security != "None":
            if connection.security not in POLICIES:
                raise CertificateError(f"security '{connection.security}' is not known: {', '.join(POLICIES)}, None")
            policy, mode = POLICIES[connection.security]
            if not (connection.certificate and connection.private_key and connection.server_certificate):
                raise CertificateError("certificate, private_key and server_certificate are needed")
            files = self._base_dir / connection.certificate, self._base_dir / connection.private_key
            identity = await asyncio.to_thread(own_identity, *files)  # making a key takes a while
            client.application_uri = identity.uri
            await client.set_security(
                policy,
                CertProperties(identity.certificate, "der"),
                CertProperties(identity.private_key, "der"),
                # Without it asyncua would fetch one over an open channel and believe it.
                server_certificate=CertProperties(pinned(self._base_dir / connection.server_certificate), "der"),
                mode=mode,
            )
        if self._user_secret is not None:
            user, _, password = self._secrets(self._user_secret).partition(":")
            client.set_user(user)
            client.set_password(password)

    async def _validate(self) -> None:
        state, names, per_read, per_write = await self.read(
            [_SERVER_STATE, _NAMESPACES, _MAX_NODES_PER_READ, _MAX_NODES_PER_WRITE]
        )
        if _raw(state) != ua.ServerState.Running:
            raise ServerError(f"server state is {_raw(state)}, not running")
        table = _raw(names)
        if not isinstance(table, list):
            raise ServerError("the server does not show its namespaces")
        self._table = tuple(str(name) for name in table)
        if self._namespaces.by_index and self._namespaces.seen != self._table:
            raise ServerError(
                "the server's namespaces changed: restart after checking the addresses, or write nsu=URI; for ns=INDEX;"
            )
        self._namespaces.seen = self._table
        self._read_max, self._write_max = _limit(per_read), _limit(per_write)

    async def _shows_other_certificate(self) -> bool:
        """Ask an open channel for the certificate: only to tell a wrong pin from a silent server."""
        client = self._new_client()
        try:
            endpoints = await client.connect_and_get_server_endpoints()
        except TROUBLE:
            return False
        shown = {endpoint.ServerCertificate for endpoint in endpoints if endpoint.ServerCertificate}
        return bool(shown) and pinned(self._base_dir / str(self._connection.server_certificate)) not in shown


def _property(node: ua.NodeId, name: str) -> ua.BrowsePath:
    step = ua.RelativePathElement(
        ReferenceTypeId=ua.NodeId.from_string(f"i={ObjectIds.HasProperty}"),
        IsInverse=False,  # type: ignore[arg-type]  # asyncua annotates with a class that has no values
        IncludeSubtypes=True,  # type: ignore[arg-type]
        TargetName=ua.QualifiedName(name, 0),
    )
    return ua.BrowsePath(StartingNode=node, RelativePath=ua.RelativePath(Elements=[step]))


def _raw(data: ua.DataValue) -> object:
    return data.Value.Value if data.Value is not None and accepts(data.StatusCode) else None


def _limit(data: ua.DataValue) -> int:
    raw = _raw(data)
    return min(raw, NODES_PER_REQUEST_MAX) if isinstance(raw, int) and raw > 0 else NODES_PER_REQUEST_MAX
