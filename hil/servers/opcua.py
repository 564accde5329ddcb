"""An OPC UA server made from a table of nodes, as a control system's gateway would show its tags.

Nodes are ``ns=2;s=<name>`` in folders of at most 100 (asyncua links a folder's children in quadratic time). Updates go
straight into the address space (about 2 us each); the source time stamp is the caller's. Only nodes of the table marked
``writable`` take a client's write, and only of an account that may; each such write is handed to the owner, who decides
what becomes of it.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from asyncua import ua
from asyncua.common.node import Node
from asyncua.crypto.permission_rules import SimpleRoleRuleset
from asyncua.server.address_space import NodeData
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from constraints.plantfile import unece
from hil.servers.opcua_access import Account, TrustFolder, Users, enforce, sessions
from hil.servers.pki import Identity

NodeKind = Literal["bool", "int16", "uint16", "int32", "uint32", "float32", "float64", "string"]
Value = bool | int | float | str
_POLICIES = {
    "Basic256Sha256/Sign": ua.SecurityPolicyType.Basic256Sha256_Sign,
    "Basic256Sha256/SignAndEncrypt": ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
    "Aes128_Sha256_RsaOaep/Sign": ua.SecurityPolicyType.Aes128Sha256RsaOaep_Sign,
    "Aes128_Sha256_RsaOaep/SignAndEncrypt": ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
    "Aes256_Sha256_RsaPss/Sign": ua.SecurityPolicyType.Aes256Sha256RsaPss_Sign,
    "Aes256_Sha256_RsaPss/SignAndEncrypt": ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
}
NAMESPACE = "urn:setwise:bench:plant"
_INDEX = 2
FOLDER_SIZE_MAX = 100

_VARIANT: dict[NodeKind, ua.VariantType] = {
    "bool": ua.VariantType.Boolean,
    "int16": ua.VariantType.Int16,
    "uint16": ua.VariantType.UInt16,
    "int32": ua.VariantType.Int32,
    "uint32": ua.VariantType.UInt32,
    "float32": ua.VariantType.Float,
    "float64": ua.VariantType.Double,
    "string": ua.VariantType.String,
}


@dataclass(frozen=True, slots=True)
class Span:
    """What an analog node says of itself (OPC 10000-8, 5.3.2.3): its unit, and what its instrument can show."""

    unit: str
    """UNECE common code, e.g. ``CEL``."""
    name: str
    """How the server writes the unit, e.g. ``°C``."""
    lo: float
    hi: float


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One variable node."""

    name: str
    """What follows ``ns=2;s=``; the part before the first dot names its folder."""
    kind: NodeKind
    writable: bool = False
    """A logged-in client may write it."""
    node: str = ""
    """The whole node id (``ns=3;i=17``, ``nsu=urn:maker;s=T1``) where it is another one than ``ns=2;s=<name>``."""
    span: Span | None = None
    """Shown as the properties EngineeringUnits and EURange; None for nodes that have none."""
    unit: ua.EUInformation | None = None
    """What it tells as its engineering unit."""
    range: tuple[float, float] | None = None
    """What it tells as its range."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One node's new value."""

    name: str
    value: Value
    source_utc_s: float
    status: str = "Good"
    """Name in ``asyncua.ua.StatusCodes``."""


@dataclass(frozen=True, slots=True)
class Secured:
    """A security policy, the client's certificate in the trust folder, user and password."""

    identity: Identity
    trusted: Path
    """Folder of client certificates (DER); a file put there later is trusted from then on."""
    accounts: Mapping[str, Account]
    """By user; one without a name is for whoever brings a trusted certificate and no user."""
    policy: str = "Basic256Sha256/SignAndEncrypt"
    """As the plant file writes it."""


@dataclass(frozen=True, slots=True)
class OpenToAll:
    """No encryption, anonymous or any user: for a server on this machine only."""


class OpcUaServer:
    """Serves the table until stopped. ``on_write(name, value)`` is called for each accepted client write."""

    def __init__(
        self,
        nodes: Sequence[NodeSpec],
        on_write: Callable[[str, Value], None],
        security: Secured | OpenToAll,
        port: int = 0,
    ) -> None:
        """Prepare; nothing listens yet. ``port`` 0 = a free one."""
        self._specs = {spec.name: spec for spec in nodes}
        self._on_write = on_write
        self._security = security
        self._port = port
        self._users = Users(security.accounts if isinstance(security, Secured) else None)
        self._server: Server | None = None
        self._ids: dict[str, ua.NodeId] = {}

    @property
    def port(self) -> int:
        """The port it listens on (after start)."""
        return self._port

    @property
    def logins(self) -> Mapping[str, int]:
        """How often each account has logged in since the server was made."""
        return dict(self._users.logins)

    def sessions(self) -> Mapping[str, int]:
        """Return how many sessions are logged in now, by account; those of nobody under an empty name."""
        return dict(sessions(self._server)) if self._server is not None else {}

    async def start(self) -> None:
        """Build the address space and listen on 127.0.0.1. OSError when the port is taken."""
        server = Server(user_manager=self._users)
        await server.init()
        enforce(server, self._users)
        server.set_endpoint(f"opc.tcp://127.0.0.1:{self._port}")
        server.set_server_name("Setwise bench")
        await self._secure(server)
        index = await server.register_namespace(NAMESPACE)
        if index != _INDEX:
            raise RuntimeError(f"namespace index {index}, the addresses of the plant file say {_INDEX}")
        await self._add_nodes(server)
        await server.start()
        if server.bserver is None:
            raise RuntimeError("asyncua started without a listener")
        self._port = server.bserver.port
        self._server = server

    async def stop(self) -> None:
        """Close every session and the listener."""
        if self._server is not None:
            server, self._server = self._server, None
            await server.stop()

    async def publish(self, samples: Iterable[Sample]) -> None:
        """Set values, statuses and source time stamps; subscriptions are told. KeyError for a name not in the table."""
        if self._server is None:
            return
        space = self._server.iserver.aspace
        stamps: dict[float, ua.DateTime] = {}
        for sample in samples:
            stamp = stamps.get(sample.source_utc_s)
            if stamp is None:
                stamp = stamps[sample.source_utc_s] = _date_time(sample.source_utc_s)
            data = ua.DataValue(
                Value=ua.Variant(sample.value, _VARIANT[self._specs[sample.name].kind]),
                StatusCode=status_code(sample.status),
                SourceTimestamp=stamp,
            )
            # Set directly: asyncua's own write would blank the value under a bad status, and some devices do not.
            attribute = space[self._ids[sample.name]].attributes[AttributeIds.Value]
            attribute.value = data
            for handle, notify in attribute.datachange_callbacks.items():
                await notify(handle, data)

    def shown(self, name: str) -> Sample:
        """Return what a client would read now. RuntimeError when not started, or where there is no value."""
        if self._server is None:
            raise RuntimeError("not started")
        data = self._server.read_attribute_value(self._ids[name])
        if data.Value is None or data.Value.Value is None:
            raise RuntimeError(f"{name} has no value")
        stamp = data.SourceTimestamp.timestamp() if data.SourceTimestamp is not None else math.nan
        return Sample(name, data.Value.Value, stamp, data.StatusCode.name if data.StatusCode is not None else "Good")

    async def _secure(self, server: Server) -> None:
        if isinstance(self._security, OpenToAll):
            server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
            server.set_identity_tokens([ua.AnonymousIdentityToken, ua.UserNameIdentityToken])
            return
        await server.set_application_uri(self._security.identity.uri)
        await server.load_certificate(self._security.identity.certificate)
        await server.load_private_key(self._security.identity.private_key)
        server.set_security_policy(
            [_POLICIES[self._security.policy]],
            permission_ruleset=SimpleRoleRuleset(),  # type: ignore[no-untyped-call]
        )
        nameless = [ua.AnonymousIdentityToken] if "" in self._security.accounts else []
        server.set_identity_tokens([ua.UserNameIdentityToken, *nameless])
        server.set_certificate_validator(TrustFolder(self._security.trusted))

    async def _add_nodes(self, server: Server) -> None:
        ordered = sorted(self._specs.values(), key=lambda spec: spec.name)
        for prefix, specs in groupby(ordered, key=lambda spec: spec.name.split(".")[0]):
            for number, chunk in enumerate(_chunks(list(specs))):
                label = prefix if number == 0 else f"{prefix}#{number}"
                folder = await server.nodes.objects.add_folder(_node_id(f"{label}/"), f"2:{label}")
                for spec in chunk:
                    node_id = await _placed(server, spec)
                    variant = ua.Variant(_initial(spec.kind), _VARIANT[spec.kind])
                    node = await folder.add_variable(node_id, f"2:{spec.name}", variant)
                    if spec.writable:
                        await node.set_writable()
                        server.set_attribute_value_setter(node_id, self._setter(spec.name))
                    await _describe(node, spec)
                    self._ids[spec.name] = node_id

    def _setter(self, name: str) -> Callable[[NodeData, AttributeIds, ua.DataValue], None]:
        """Return what takes a client's write of a node."""

        def take(node: NodeData, attribute: AttributeIds, data: ua.DataValue) -> None:
            if data.Value is None or data.Value.Value is None:
                return  # a null or bad value is no order; the register keeps what it has
            node.attributes[attribute].value = data
            self._on_write(name, data.Value.Value)

        return take


async def _describe(node: Node, spec: NodeSpec) -> None:
    unit, between = spec.unit, spec.range
    if spec.span is not None:
        shown = ua.LocalizedText(spec.span.name)
        unit = ua.EUInformation(unece.NAMESPACE, unece.unit_id(spec.span.unit), shown, shown)
        between = (spec.span.lo, spec.span.hi)
    if unit is not None:
        await node.add_property(_node_id(f"{spec.name}/EngineeringUnits"), "0:EngineeringUnits", unit)
    if between is not None:
        await node.add_property(_node_id(f"{spec.name}/EURange"), "0:EURange", ua.Range(*between))


def status_code(name: str) -> ua.StatusCode:
    """Return the status of that name, e.g. ``BadSensorFailure``. ValueError for one that OPC UA does not know."""
    if name not in vars(StatusCodes):
        raise ValueError(f"no OPC UA status {name!r}")
    return ua.StatusCode(ua.UInt32(getattr(StatusCodes, name)))


def _node_id(name: str) -> ua.NodeId:
    return ua.NodeId(ua.String(name), ua.Int16(_INDEX))


async def _placed(server: Server, spec: NodeSpec) -> ua.NodeId:
    """Return where the node goes; its namespace is there afterwards."""
    if not spec.node:
        return _node_id(spec.name)
    text = spec.node
    if text.startswith("nsu="):
        uri, _, rest = text.removeprefix("nsu=").partition(";")
        text = f"ns={await server.register_namespace(unquote(uri))};{rest}"
    node_id = ua.NodeId.from_string(text)
    if node_id.NamespaceIndex == 0:
        raise ValueError(f"{spec.node} is in namespace 0, which is OPC UA's own: a bench cannot serve it")
    while len(uris := await server.get_namespace_array()) <= node_id.NamespaceIndex:
        await server.register_namespace(f"{NAMESPACE}:{len(uris)}")
    return node_id


def _date_time(utc_s: float) -> ua.DateTime:
    return ua.DateTime.fromtimestamp(utc_s, dt.UTC)


def _chunks(specs: list[NodeSpec]) -> list[list[NodeSpec]]:
    return [specs[start : start + FOLDER_SIZE_MAX] for start in range(0, len(specs), FOLDER_SIZE_MAX)]


def _initial(kind: NodeKind) -> Value:
    match kind:
        case "bool":
            return False
        case "float32" | "float64":
            return math.nan
        case "string":
            return ""
        case _:
            return 0
