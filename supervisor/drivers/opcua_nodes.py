"""From a node id as the plant file writes it to the node of a server, by the namespace table that this server shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from asyncua import ua
from asyncua.ua.uaerrors._base import UaError

_INDEX_MAX: Final = 0xFFFF
_NUMBER_MAX: Final = 0xFFFFFFFF


def node_of(address: str, namespaces: Sequence[str]) -> ua.NodeId | None:
    """Return the node; None where ``address`` is no node id, or the server has no namespace of its URI.

    ``nsu=http://maker/;s=T1`` names the namespace by its URI, in which ``%3B`` stands for ``;`` and ``%25`` for ``%``
    (OPC 10000-6, 5.1.12); its index is the place in ``namespaces``, and another one on another server.
    """
    text = address
    if address.startswith("nsu="):
        uri, _, rest = address.removeprefix("nsu=").partition(";")
        known = [index for index, each in enumerate(namespaces) if each in (uri, unquote(uri))]
        if not known or rest.startswith("ns"):
            return None
        text = f"ns={known[0]};{rest}"
    try:
        node = ua.NodeId.from_string(text)
    except (UaError, ValueError):
        return None
    number = node.Identifier if isinstance(node.Identifier, int) else 0
    fits = 0 <= node.NamespaceIndex <= _INDEX_MAX and 0 <= number <= _NUMBER_MAX
    return node if fits and not isinstance(node, ua.ExpandedNodeId) else None


def by_index(address: str) -> bool:
    """Return whether ``address`` means a node only beside the namespace table that its writer saw."""
    return address.startswith("ns=")


def unknown(address: str) -> str:
    """Return why ``node_of`` found none: ``namespace`` where the server lacks it, else ``address``."""
    return "namespace" if address.startswith("nsu=") else "address"
