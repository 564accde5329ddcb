"""The text of a plant file as ruamel's nodes: where each piece begins and ends, to the character.

``Document`` says where a piece begins, which is enough for findings; whoever changes the text must also know its end.
"""

from __future__ import annotations

from typing import cast

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from constraints.plantfile.document import Document


def compose(document: Document) -> MappingNode:
    """Return the root of a document that ``yamltext.parse`` took: one mapping, no aliases, no tags."""
    return cast("MappingNode", YAML(typ="rt", pure=True).compose(document.source))


def pairs(node: Node) -> list[tuple[ScalarNode, Node]]:
    """Return keys and values of a mapping; empty for anything else."""
    return list(node.value) if isinstance(node, MappingNode) else []


def child(node: Node, key: str) -> Node | None:
    """Return the value of a key."""
    return next((value for name, value in pairs(node) if name.value == key), None)


def is_block(node: Node) -> bool:
    """Return whether it is a mapping or a list laid out by indentation."""
    return isinstance(node, MappingNode | SequenceNode) and not node.flow_style


def start(node: Node) -> int:
    """Return the position of its first character."""
    return int(node.start_mark.index)


def end(node: Node, source: str) -> int:
    """Return the position after its last character; comments and blank lines behind a block do not belong to it."""
    if is_block(node) and node.value:
        last = node.value[-1]
        if isinstance(last, tuple):
            key, value = last
            return entry_end(key, value, source)
        return end(last, source)
    stop = int(node.end_mark.index)
    if isinstance(node, ScalarNode) and node.style in ("|", ">"):
        return start(node) + len(source[start(node) : stop].rstrip())
    return stop


def is_nothing(node: Node) -> bool:
    """Return whether no value stands there; ruamel may say that it is somewhere below."""
    return isinstance(node, ScalarNode) and node.style is None and node.end_mark.index == node.start_mark.index


def entry_end(key: ScalarNode, value: Node, source: str) -> int:
    """Return the position after a key's value, or after its colon where it has none."""
    if is_nothing(value):
        return source.index(":", int(key.end_mark.index)) + 1
    return end(value, source)


def line_end(source: str, at: int) -> int:
    """Return the position of the line's end, before its line break."""
    breaks = [found for found in (source.find("\n", at), source.find("\r", at)) if found >= 0]
    return min(breaks, default=len(source))


def line_start(source: str, at: int) -> int:
    """Return the position of the line's first character."""
    return max(source.rfind("\n", 0, at), source.rfind("\r", 0, at)) + 1


def newline(source: str) -> str:
    """Return the line break that the text uses."""
    at = line_end(source, 0)
    return "\r\n" if source.startswith("\r\n", at) else "\r" if source.startswith("\r", at) else "\n"
