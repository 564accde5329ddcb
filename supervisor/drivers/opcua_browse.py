"""A walk through an OPC UA server's address space: what it shows, with units and ranges. Reads only.

The session is the driver's reading one, logged in as the account that reads; there is no path to one that writes. The
walk is bounded in references, depth and time, and meets each node once however the references run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors._base import UaError

from constraints.plant import Connection
from constraints.plantfile.taglists.sheet import tidy
from supervisor.drivers.opcua_once import end
from supervisor.drivers.opcua_session import OPEN_ANSWERS, TROUBLE, Namespaces, OpcUaSession, ServerError, describe
from supervisor.drivers.opcua_status import accepts, code_of, name_of
from supervisor.drivers.patience import LinkLostError, Patience
from supervisor.secrets import Secrets

NODES_PER_BROWSE: Final = 100
"""Fewer than any server's limit that was met; a server that says a lower one gets it."""
ANSWER_S_MIN: Final = 10.0
"""A PLC may take seconds to list the children of a hundred nodes."""
TEXT_MAX: Final = 80
_NUMBERS: Final = frozenset(
    {"Boolean", "SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float", "Double"}
)
_OBJECTS: Final = ua.NodeId(ua.Int32(ObjectIds.ObjectsFolder))
_HIERARCHICAL: Final = ua.NodeId(ua.Int32(ObjectIds.HierarchicalReferences))
_PROPERTY: Final = ua.NodeId(ua.Int32(ObjectIds.HasProperty))
_MAX_PER_BROWSE: Final = ua.NodeId.from_string("i=11710")
_CLASSES: Final = ua.NodeClass.Object | ua.NodeClass.Variable
_ROUNDS_MAX: Final = 10_000
"""Continuation points of one request that are followed; a server that never ends its list is left there."""


class BrowseError(Exception):
    """The server could not be reached or browsed; the message is a short reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far a walk goes."""

    references_max: int = 200_000
    depth_max: int = 20
    seconds_max: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable that was found."""

    node_id: str
    name: str
    path: tuple[str, ...]
    """Display names of the folders that lead to it, outermost first."""
    value: bool | int | float | str | None
    kind: str
    """OPC UA's name of its type, ``Double[]`` for several values."""
    status: str
    readable: bool
    writable: bool
    """What the account that reads may do."""
    unit_uri: str
    unit_id: int
    unit_name: str
    """The server's unit (EUInformation, OPC 10000-8, 5.6.3); empty where it says none."""
    span: tuple[float, float] | None
    """What the instrument can show (EURange)."""
    desc: str

    @property
    def numeric(self) -> bool:
        """Whether a tag can be made of it."""
        return self.kind in _NUMBERS


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found, and where it stopped short."""

    variables: tuple[Variable, ...]
    seen: int
    """Variables that were met, those that nobody wanted too."""
    cut: str = ""
    """Why it did not see everything; empty where it did."""


class BrowsingSession(OpcUaSession):
    """One client that reads and browses."""

    NAME = "Setwise (browsing)"

    async def children(self, nodes: Sequence[ua.NodeId]) -> list[ua.BrowseResult]:
        """Return what hangs below each of the nodes, to the end of each list. Raises one of TROUBLE."""
        parameters = ua.BrowseParameters()
        parameters.NodesToBrowse = [_question(node) for node in nodes]
        results = await self._client.uaclient.browse(parameters)
        if len(results) != len(nodes):
            raise UaError(f"{len(results)} answers to {len(nodes)} questions")
        for _ in range(_ROUNDS_MAX):
            unfinished = [result for result in results if result.ContinuationPoint]
            if not unfinished:
                break
            following = ua.BrowseNextParameters()
            following.ContinuationPoints = [result.ContinuationPoint for result in unfinished]
            for result, rest in zip(unfinished, await self._client.uaclient.browse_next(following), strict=True):
                result.References = [*(result.References or []), *(rest.References or [])]
                result.ContinuationPoint = rest.ContinuationPoint if accepts(rest.StatusCode) else None
        return results


@dataclass(slots=True)
class _Seen:
    """A variable that was met, and its properties that say what its numbers mean."""

    node: ua.NodeId
    name: str
    path: tuple[str, ...]
    unit: ua.NodeId | None = None
    span: ua.NodeId | None = None


@dataclass(slots=True)
class _Walker:
    """Where a walk stands."""

    met: set[ua.NodeId]
    whole_server: bool
    """It began at Objects: what hangs there in namespace 0 is the server's own diagnosis."""
    variables: list[_Seen] = field(default_factory=list)
    below: list[tuple[ua.NodeId, tuple[str, ...], _Seen | None]] = field(default_factory=list)
    references: int = 0
    cut: str = ""

    def take(self, reference: ua.ReferenceDescription, path: tuple[str, ...], parent: _Seen | None) -> None:
        """Take one reference: a property of its parent, or a node that was not met before."""
        node = reference.NodeId
        if isinstance(node, ua.ExpandedNodeId) and node.ServerIndex:
            return  # lies on another server
        plain = ua.NodeId(node.Identifier, node.NamespaceIndex, node.NodeIdType)
        if reference.ReferenceTypeId == _PROPERTY:
            _note_property(parent, reference.BrowseName, plain)
            return
        if plain in self.met or (self.whole_server and not path and plain.NamespaceIndex == 0):
            return
        self.met.add(plain)
        name = tidy(reference.DisplayName.Text or reference.BrowseName.Name or "")
        seen = None
        if reference.NodeClass == ua.NodeClass.Variable:
            seen = _Seen(plain, name, path)
            self.variables.append(seen)
        self.below.append((plain, (*path, name), seen))


async def browse(
    connection: Connection,
    *,
    base_dir: Path,
    secrets: Secrets,
    root: str | None,
    wanted: Callable[[str, str, tuple[str, ...]], bool],
    bounds: Bounds,
    now_s: Callable[[], float],
) -> Walk:
    """Return the variables below ``root`` (None = Objects, without what describes the server itself).

    Those for which ``wanted(node id, name, path)`` says yes are read, the others only counted. ``now_s`` tells real
    seconds. Raises BrowseError.
    """
    session = BrowsingSession(
        connection, connection.user_secret, base_dir=base_dir, secrets=secrets, namespaces=Namespaces()
    )
    patience = Patience()
    answer_s = max(4.0 * connection.timeout_s, ANSWER_S_MIN)
    try:
        await patience.wait(session.open(), OPEN_ANSWERS * connection.timeout_s)
        start = _start(session, root)
        walker = await _walk(session, patience, start, bounds, now_s, answer_s)
        chosen = [each for each in walker.variables if wanted(each.node.to_string(), each.name, each.path)]
        found = await _read(session, patience, chosen, answer_s)
    except LinkLostError as lost:
        raise BrowseError(lost.why) from lost
    except ServerError as error:
        raise BrowseError(str(error)) from error
    except TROUBLE as error:
        raise BrowseError(describe(error)) from error
    finally:
        await end(session, patience)
    return Walk(tuple(found), len(walker.variables), walker.cut)


def _start(session: OpcUaSession, root: str | None) -> ua.NodeId:
    start = session.node(root) if root is not None else _OBJECTS
    if start is None:
        raise ServerError(f"{root} is no node of this server; such as ns=2;s=Line1 or nsu=URI;s=Line1")
    return start


async def _walk(
    session: BrowsingSession,
    patience: Patience,
    start: ua.NodeId,
    bounds: Bounds,
    now_s: Callable[[], float],
    answer_s: float,
) -> _Walker:
    per_request = _limited((await patience.wait(session.read([_MAX_PER_BROWSE]), answer_s))[0])
    until_s = now_s() + bounds.seconds_max
    walker = _Walker({start}, whole_server=start == _OBJECTS, below=[(start, (), None)])
    for _ in range(bounds.depth_max):
        level, walker.below = walker.below, []
        for first in range(0, len(level), per_request):
            chunk = level[first : first + per_request]
            results = await patience.wait(session.children([node for node, _, _ in chunk]), answer_s)
            for (_, path, parent), result in zip(chunk, results, strict=True):
                for reference in result.References or []:
                    walker.take(reference, path, parent)
                walker.references += len(result.References or [])
            if walker.references > bounds.references_max or now_s() > until_s:
                at = f"{bounds.seconds_max:g} s" if now_s() > until_s else f"{bounds.references_max} references"
                walker.cut = f"stopped after {at}"
                return walker
        if not walker.below:
            return walker
    walker.cut = f"stopped {bounds.depth_max} levels down"
    return walker


async def _read(
    session: BrowsingSession, patience: Patience, chosen: Sequence[_Seen], answer_s: float
) -> list[Variable]:
    """Read value, rights, description, unit and range of what was chosen."""

    async def ask(nodes: Sequence[ua.NodeId], attribute: AttributeIds) -> list[object]:
        answers = await patience.wait(session.read(nodes, attribute), answer_s * session.requests(len(nodes)))
        return [_raw(answer) for answer in answers]

    nodes = [each.node for each in chosen]
    values = await patience.wait(session.read(nodes), answer_s * session.requests(len(nodes)))
    levels = await ask(nodes, AttributeIds.UserAccessLevel)
    words = await ask(nodes, AttributeIds.Description)
    properties = [node for each in chosen for node in (each.unit, each.span) if node is not None]
    told: dict[ua.NodeId | None, object] = dict(zip(properties, await ask(properties, AttributeIds.Value), strict=True))
    return [
        _variable(each, value, level, text, told.get(each.unit), told.get(each.span))
        for each, value, level, text in zip(chosen, values, levels, words, strict=True)
    ]


def _variable(seen: _Seen, data: ua.DataValue, level: object, words: object, unit: object, span: object) -> Variable:
    value = data.Value.Value if data.Value is not None else None
    kind = data.Value.VariantType.name if data.Value is not None else ""
    bits = level if isinstance(level, int) else 0
    several = isinstance(value, list | tuple)
    eu = unit if isinstance(unit, ua.EUInformation) else None
    return Variable(
        node_id=seen.node.to_string(),
        name=seen.name,
        path=seen.path,
        value=None if several else _shown(value),
        kind=f"{kind}[]" if several else kind,
        status=name_of(code_of(data.StatusCode)),
        readable=bool(bits >> ua.AccessLevel.CurrentRead.value & 1),
        writable=bool(bits >> ua.AccessLevel.CurrentWrite.value & 1),
        unit_uri=str(eu.NamespaceUri or "") if eu else "",
        unit_id=int(eu.UnitId) if eu else 0,
        unit_name=tidy(eu.DisplayName.Text or "") if eu else "",
        span=(float(span.Low), float(span.High)) if isinstance(span, ua.Range) else None,
        desc=tidy(words.Text or "") if isinstance(words, ua.LocalizedText) else "",
    )


def _shown(value: object) -> bool | int | float | str | None:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value.Text if isinstance(value, ua.LocalizedText) else value
    return tidy(str(text))[:TEXT_MAX]


def _note_property(parent: _Seen | None, name: ua.QualifiedName, node: ua.NodeId) -> None:
    if parent is None or name.NamespaceIndex != 0:
        return
    if name.Name == "EngineeringUnits":
        parent.unit = node
    elif name.Name == "EURange":
        parent.span = node


def _question(node: ua.NodeId) -> ua.BrowseDescription:
    asked = ua.BrowseDescription()
    asked.NodeId = node
    asked.BrowseDirection = ua.BrowseDirection.Forward
    asked.ReferenceTypeId = _HIERARCHICAL
    asked.IncludeSubtypes = True
    asked.NodeClassMask = _CLASSES
    asked.ResultMask = ua.BrowseResultMask.All
    return asked


def _raw(data: ua.DataValue) -> object:
    return data.Value.Value if data.Value is not None and accepts(data.StatusCode) else None


def _limited(data: ua.DataValue) -> int:
    limit = _raw(data)
    return min(limit, NODES_PER_BROWSE) if isinstance(limit, int) and limit > 0 else NODES_PER_BROWSE
