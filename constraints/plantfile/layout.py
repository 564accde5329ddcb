"""The canonical layout of a plant file: what ``setwise fmt`` makes of its text. Pure; the meaning never changes.

Sections and keys come in the documented order, indented by two; trailing blanks and double blank lines go; sections
of several lines stand apart; words that YAML 1.1 takes for something else are quoted. What stands in brackets is left
as it is otherwise, so that tables of tags keep their columns, and comments stay with what they stood by. The result is
parsed again: it must say the same and hold the same comments, or the file is refused (decision 0022).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from constraints.plantfile.diagnostics import PlantFileError
from constraints.plantfile.document import Document, Path
from constraints.plantfile.hashing import content_hash
from constraints.plantfile.layout_parts import LayoutError, Part, parts_of
from constraints.plantfile.nodes import compose, end, is_block, is_nothing, newline, start
from constraints.plantfile.order import order_at
from constraints.plantfile.yamltext import parse
from constraints.plantfile.yamlwrite import is_trap, quoted

INDENT: Final = 2
_FOR_EDITORS: Final = re.compile(r"#\s*(yaml-language-server:|\$schema:)")
_WHOLE: Final = re.compile(r"[-+]?0[0-9]+")
_COMMENT: Final = re.compile(r"(?:^|(?<=\s))#.*")


def laid_out(document: Document) -> str:
    """Return the document's text in canonical layout, with the line ends that it has. Raises LayoutError."""
    unix = parse(document.source.replace("\r\n", "\n").replace("\r", "\n"), document.name)
    root = compose(unix)
    text = _Layout(unix.source).whole(root)
    refusal = f"{document.name} is laid out in a way that cannot be changed safely: nothing done"
    try:
        said = parse(text, document.name)
    except PlantFileError as error:
        raise LayoutError(refusal) from error
    if content_hash(said.data) != content_hash(unix.data):
        raise LayoutError(refusal)
    if Counter(_comments(text, compose(said))) != Counter(_comments(unix.source, root)):
        raise LayoutError(refusal)
    return text.replace("\n", newline(document.source))


@dataclass(frozen=True, slots=True)
class _Layout:
    source: str
    """With line feeds only."""

    def whole(self, root: MappingNode) -> str:
        if not is_block(root) or not root.value:
            return self.source.rstrip() + "\n"
        parts, rest = parts_of(root, self.source, len(self.source))
        ordered = _ordered(parts, root, ())
        head, first = _head(parts[0], stays=ordered[0] is parts[0])
        blocks = [([*(first if part is parts[0] else part.before)], self.part(part, 0, ())) for part in ordered]
        lines = list(head)
        for number, (before, block) in enumerate(blocks):
            tall = len(before) + len(block) > 1 or (number > 0 and len(blocks[number - 1][1]) > 1)
            blank = bool(before) and before[0] == ""
            if lines and lines[-1] and (blank or (number > 0 and tall)):
                lines.append("")
            lines += [*(before[1:] if blank else before), *block]
        return "\n".join([*lines, *rest]).strip("\n") + "\n"

    def part(self, part: Part, indent: int, path: Path) -> list[str]:
        """Return the lines of one part without what stands above it."""
        if part.key is not None:
            head, inside = f"{' ' * indent}{self.scalar(part.key)}:", (*path, str(part.key.value))
        else:
            head, inside = f"{' ' * indent}-", (*path, 0)
        lines = self.block(part, head, indent, inside) if part.is_block else self.inline(part, head, indent)
        return [*lines, *(f"{' ' * (indent + deeper)}{text}" for deeper, text in part.after)]

    def block(self, part: Part, head: str, indent: int, path: Path) -> list[str]:
        parts, _ = parts_of(part.node, self.source, end(part.node, self.source))
        lines: list[str] = []
        for inner in _ordered(parts, part.node, path):
            lines += [f"{' ' * (indent + INDENT)}{text}" if text else "" for text in inner.before]
            lines += self.part(inner, indent + INDENT, path)
        while lines and not lines[0]:
            lines.pop(0)  # no blank line below a colon
        if part.key is not None:
            return [_beside(head, part, indent), *lines]
        if lines[0].lstrip().startswith("#"):
            raise LayoutError(f"line {part.node.start_mark.line + 1}: the comment would come before its dash: move it")
        return [f"{head} {lines[0].lstrip()}", *lines[1:]]

    def inline(self, part: Part, head: str, indent: int) -> list[str]:
        node = part.node
        if is_nothing(node):
            return [_beside(head, part, indent)]
        gap = self.source[int(part.key.end_mark.index) + 1 : start(node)] if part.key is not None else " "
        if gap.strip():
            raise LayoutError(f"line {node.start_mark.line + 1}: put the value on the line of its key")
        in_columns = not isinstance(node, ScalarNode) and gap and "\n" not in gap
        own, *more = f"{head}{gap if in_columns else ' '}{self.text(node)}".split("\n")
        lines = [own, *(_shifted(line, indent - part.column) for line in more)]
        if isinstance(node, ScalarNode) and node.style in ("|", ">"):
            return lines
        if not isinstance(node, ScalarNode):
            lines = [line.rstrip() for line in lines]
        return [*lines[:-1], _beside(lines[-1], part, indent)]

    def text(self, node: Node) -> str:
        """Return a scalar or what stands in brackets, words that could be misread in quotes."""
        if isinstance(node, ScalarNode):
            return self.scalar(node)
        text, at = "", start(node)
        for scalar in _scalars(node):
            text += self.source[at : start(scalar)] + self.scalar(scalar)
            at = end(scalar, self.source)
        return text + self.source[at : end(node, self.source)]

    def scalar(self, node: ScalarNode) -> str:
        text = self.source[start(node) : end(node, self.source)]
        if node.style is not None or not is_trap(text) or not text:
            return text
        if _WHOLE.fullmatch(text):
            return str(int(text))  # 010 is ten here, and eight in YAML 1.1
        return quoted(text) if isinstance(parse(f"a: {text}\n", "").data["a"], str) else text


def _ordered(parts: list[Part], node: Node, path: Path) -> list[Part]:
    if not isinstance(node, MappingNode):
        return parts
    by_key = {str(part.key.value): part for part in parts if part.key is not None}
    return [by_key[key] for key in order_at(path, by_key.keys())]


def _head(first: Part, *, stays: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which comments at the top are the file's, and which are its first section's."""
    before = first.before
    if stays:
        return before, ()
    own = max((at + 1 for at, text in enumerate(before) if not text or _FOR_EDITORS.match(text)), default=0)
    return before[:own], before[own:]


def _beside(line: str, part: Part, indent: int) -> str:
    """Return the line with the part's comment in the column where it was beside the part, two blanks away at least."""
    column, comment = part.beside
    return line.rstrip().ljust(column + indent - part.column - 2) + "  " + comment if comment else line.rstrip()


def _shifted(line: str, by: int) -> str:
    if not line.strip():
        return line
    return " " * by + line if by >= 0 else line[min(-by, len(line) - len(line.lstrip(" "))) :]


def _scalars(node: Node) -> Iterator[ScalarNode]:
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, MappingNode):
        for key, value in node.value:
            yield from _scalars(key)
            yield from _scalars(value)
    else:
        for item in node.value:
            yield from _scalars(item)


def _comments(source: str, root: Node) -> Iterator[str]:
    """Yield every comment, wherever it stands: what is left between the scalars."""
    between, at = "", 0
    for scalar in _scalars(root):
        between += source[at : start(scalar)] + "x" * bool(end(scalar, source) - start(scalar))
        at = end(scalar, source)
    for line in (between + source[at:]).split("\n"):
        yield from (found.rstrip() for found in _COMMENT.findall(line))
