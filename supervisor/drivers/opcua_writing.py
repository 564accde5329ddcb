"""The asyncua client that may write: there is one only while somebody holds the plant (invariant I-17)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from asyncua import ua
from asyncua.client.ua_client import UaClientState
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors._base import UaError, UaStatusCodeError

from constraints.plant import Connection
from safety.encoding import decode
from supervisor.drivers.driver import Now
from supervisor.drivers.moveset import Delivered, Delivery, Word
from supervisor.drivers.opcua_session import Namespaces, OpcUaSession, ServerError
from supervisor.drivers.opcua_status import accepts, code_of, name_of, refuses
from supervisor.secrets import Secrets

_VARIANTS: Final = {
    "float32": ua.VariantType.Float,
    "float64": ua.VariantType.Double,
    "int16": ua.VariantType.Int16,
    "uint16": ua.VariantType.UInt16,
    "int32": ua.VariantType.Int32,
    "uint32": ua.VariantType.UInt32,
    "bool": ua.VariantType.Boolean,
}


class OpcUaWritingSession(OpcUaSession):
    """One client that writes, logged in as the account that may. ``open`` once, then one ``write`` at a time."""

    NAME: ClassVar = "Setwise writing"

    def __init__(
        self,
        connection: Connection,
        *,
        base_dir: Path,
        secrets: Secrets,
        namespaces: Namespaces,
        now_s: Now,
        addresses: frozenset[str] = frozenset(),
    ) -> None:
        """Prepare. ``namespaces`` is the reading session's: an address must mean the same to both.

        ``addresses`` are all that it may ever write to; each must be a node of its own.
        """
        account = connection.write_user_secret or connection.user_secret
        super().__init__(connection, account, base_dir=base_dir, secrets=secrets, namespaces=namespaces)
        self._now_s = now_s
        self._addresses = addresses

    async def open(self) -> None:
        """Connect and log in as a reading session does; ServerError too where two addresses are one node.

        Only the server can tell: ``nsu=urn:maker;s=T1`` and ``ns=3;s=T1`` may be one.
        """
        await super().open()
        taken: dict[ua.NodeId, str] = {}
        for address in sorted(self._addresses):
            node = self.node(address)
            if node is not None and (other := taken.setdefault(node, address)) != address:
                raise ServerError(f"{other} and {address} are one node, written to from two places: remove one")

    async def write(self, words: Sequence[Word], nodes: Sequence[ua.NodeId], deadline_s: float) -> Delivered:
        """Send ``words`` in one Write service call (per MaxNodesPerWrite), each once, none after ``deadline_s``.

        Raises one of TROUBLE when bytes may have left without an answer.
        """
        refused: dict[str, str] = {}
        for start in range(0, len(words), self._write_max):
            chunk = words[start : start + self._write_max]
            parameters = ua.WriteParameters()
            parameters.NodesToWrite = [
                write_value(word, node) for word, node in zip(chunk, nodes[start:], strict=False)
            ]
            # From here to the socket nothing waits (asyncua sends before its first suspension), so that neither a
            # lost link nor the deadline can come between the check and the send.
            if why := self._not_now(deadline_s):
                return Delivered(Delivery.LOST if start else Delivery.UNSENT, why)
            try:
                statuses = await self._client.uaclient.write(parameters)
            except UaStatusCodeError as fault:
                status = ua.StatusCode(fault.code)
                if not refuses(status):
                    return Delivered(Delivery.LOST, name_of(code_of(status)))
                statuses = [status] * len(chunk)
            if len(statuses) != len(chunk):
                raise UaError(f"{len(statuses)} answers to {len(chunk)} writes")
            for word, status in zip(chunk, statuses, strict=True):
                if refuses(status):
                    refused[word.point.address] = name_of(code_of(status))
                elif not accepts(status):
                    return Delivered(Delivery.LOST, name_of(code_of(status)))
        return Delivered(Delivery.REFUSED, "refused", refused) if refused else Delivered(Delivery.DONE)

    def _not_now(self, deadline_s: float) -> str:
        protocol = self._client.uaclient.protocol
        if self._client.state is not UaClientState.CONNECTED or protocol is None or protocol.transport is None:
            return "comm"
        if protocol.transport.is_closing():
            return "comm"
        return "" if self._now_s() <= deadline_s else "deadline"


def write_value(word: Word, node: ua.NodeId) -> ua.WriteValue:
    """Exact type, no status, no time stamp: with any of them servers answer BadTypeMismatch, BadWriteNotSupported."""
    kind = word.point.encoding.kind
    number: float | int | bool = _raw_number(word)
    if kind == "bool":
        number = bool(number)
    elif kind not in ("float32", "float64"):
        number = int(number)
    value = ua.DataValue(ua.Variant(number, _VARIANTS[kind]), StatusCode=None)
    return ua.WriteValue(NodeId=node, AttributeId=AttributeIds.Value, Value=value)


def _raw_number(word: Word) -> float:
    """Return the number that the payload's bytes hold, before scale and offset."""
    encoding = word.point.encoding
    return decode(word.payload, type(encoding)(encoding.kind, encoding.word_order))
