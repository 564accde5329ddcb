"""Engineers' expressions, read: a whitelisted part of Python's grammar, turned into our own tree.

Python's parser gives the syntax tree; whatever is not on the list is refused with its column. Python never compiles or
evaluates any of it.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

LENGTH_MAX: Final = 1000
DEPTH_MAX: Final = 32
NODES_MAX: Final = 200
SECONDS_MAX: Final = 86_400.0
EXPONENT_MAX: Final = 10.0

Sort = Literal["number", "truth"]

FUNCTIONS: Final = frozenset({"abs", "min", "max", "avg", "median"})
"""Functions of numbers."""
TIMED: Final = frozenset({"rate", "delta"})
"""Functions of one tag and seconds."""
OF_TAG: Final = frozenset({*TIMED, "age", "good", "quality"})
"""Functions of one tag."""
COMPARISONS: Final = frozenset({"<", "<=", ">", ">=", "==", "!="})

_TRUTHS: Final = frozenset({*COMPARISONS, "chain", "and", "or", "not", "good", "for_time"})
_SYMBOLS: Final[Mapping[type[ast.AST], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


class ExpressionError(ValueError):
    """The text is not an expression of ours; ``column`` counts characters from 0."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message, column)
        self.message = message
        self.column = column

    def __str__(self) -> str:
        return f"{self.message} (column {self.column + 1})"


@dataclass(frozen=True, slots=True)
class Node:
    """One operation: ``number``, ``tag``, an operator, ``chain`` (of comparisons), or a function's name."""

    op: str
    args: tuple[Node, ...] = ()
    tag: str = ""
    number: float = 0.0
    """The constant, or the seconds of ``rate``, ``delta`` and ``for_time``."""
    column: int = field(default=0, compare=False)

    @property
    def sort(self) -> Sort:
        """Whether it yields a number or a truth."""
        return "truth" if self.op in _TRUTHS else "number"


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression; made by ``parse`` only."""

    text: str
    root: Node
    names: frozenset[str] = field(compare=False, repr=False)
    """Every tag it speaks of."""
    windows: Mapping[str, float] = field(compare=False, repr=False)
    """Tags whose past it needs, with how many seconds of it."""
    timers: tuple[Node, ...] = field(compare=False, repr=False)
    """Every ``for_time``, the inner before the outer."""

    @property
    def sort(self) -> Sort:
        """Whether it yields a number or a truth."""
        return self.root.sort


def parse(text: str) -> Expression:
    """Return the expression that ``text`` means; raises ExpressionError."""
    if len(text) > LENGTH_MAX:
        raise ExpressionError(f"longer than {LENGTH_MAX} characters", LENGTH_MAX)
    # One line, no leading space: Python would see a block. Same length, so columns stay true.
    flat = "".join(" " if each.isspace() else each for each in text)
    start = flat.lstrip()
    indent = len(flat) - len(start)
    try:
        tree = ast.parse(start, mode="eval")
    except SyntaxError as error:
        column = min(error.offset - 1, len(start)) if error.offset else len(start)  # no place: at the end
        raise ExpressionError(f"not an expression: {error.msg}", indent + column) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError("not an expression", indent) from error
    root = _Reader(start, indent).read(tree.body, 1)
    nodes = _walk(root)
    windows: dict[str, float] = {}
    for node in nodes:
        if node.op in TIMED:
            windows[node.tag] = max(node.number, windows.get(node.tag, 0.0))
    return Expression(
        text=text,
        root=root,
        names=frozenset(node.tag for node in nodes if node.tag),
        windows=windows,
        timers=tuple(node for node in reversed(nodes) if node.op == "for_time"),
    )


class _Reader:
    """Turns Python's syntax tree into ours, refusing whatever is not on the list."""

    def __init__(self, text: str, indent: int) -> None:
        self.text = text.encode()
        self.indent = indent
        self.nodes = 0

    def error(self, node: ast.AST, message: str) -> ExpressionError:
        return ExpressionError(message, self.column(node))

    def column(self, node: ast.AST) -> int:
        """Return where it stands, in characters; Python counts UTF-8 bytes."""
        return self.indent + len(self.text[: getattr(node, "col_offset", 0)].decode())

    def read(self, node: ast.AST, depth: int) -> Node:
        self.nodes += 1
        if depth > DEPTH_MAX or self.nodes > NODES_MAX:
            raise self.error(node, "too deep or too long an expression")
        match node:
            case ast.Constant():
                return self.constant(node)
            case ast.Name():
                return Node("tag", tag=node.id, column=self.column(node))
            case ast.UnaryOp(op=ast.UAdd() | ast.USub()):
                return self.signed(node, depth)
            case ast.UnaryOp(op=ast.Not()):
                return self.made(node, "not", (self.part(node.operand, depth, "truth"),))
            case ast.BinOp() if type(node.op) in _SYMBOLS:
                return self.binary(node, depth)
            case ast.BoolOp():
                args = tuple(self.part(each, depth, "truth") for each in node.values)
                return self.made(node, "and" if isinstance(node.op, ast.And) else "or", args)
            case ast.Compare():
                return self.compare(node, depth)
            case ast.Call():
                return self.call(node, depth)
            case _:
                raise self.error(node, f"{type(node).__name__} is not allowed here")

    def part(self, node: ast.AST, depth: int, sort: Sort) -> Node:
        """Read an operand that must be of ``sort``."""
        found = self.read(node, depth + 1)
        if found.sort != sort:
            wanted = "a number" if sort == "number" else "a condition, such as tag > 3"
            raise self.error(node, f"{wanted} is needed here")
        return found

    def made(self, node: ast.AST, op: str, args: tuple[Node, ...]) -> Node:
        return Node(op, args, column=self.column(node))

    def constant(self, node: ast.Constant) -> Node:
        if type(node.value) not in (int, float):
            raise self.error(node, "only numbers are allowed here")
        number = float(ast.unparse(node))  # through text: a long integer becomes infinite instead of an error
        if not math.isfinite(number):
            raise self.error(node, "too large a number")
        return Node("number", number=number, column=self.column(node))

    def signed(self, node: ast.UnaryOp, depth: int) -> Node:
        operand = self.part(node.operand, depth, "number")
        if isinstance(node.op, ast.UAdd):
            return operand
        if operand.op == "number":
            return Node("number", number=-operand.number, column=self.column(node))
        return self.made(node, "-", (Node("number", column=self.column(node)), operand))

    def binary(self, node: ast.BinOp, depth: int) -> Node:
        args = (self.part(node.left, depth, "number"), self.part(node.right, depth, "number"))
        op = _SYMBOLS[type(node.op)]
        if op == "**" and not (args[1].op == "number" and abs(args[1].number) <= EXPONENT_MAX):
            raise self.error(node.right, f"an exponent must be a plain number, at most {EXPONENT_MAX:g}")
        return self.made(node, op, args)

    def compare(self, node: ast.Compare, depth: int) -> Node:
        sides = [self.part(each, depth, "number") for each in (node.left, *node.comparators)]
        links = []
        for op, left, right in zip(node.ops, sides, sides[1:], strict=False):
            if type(op) not in _SYMBOLS:
                raise self.error(node, f"{type(op).__name__} is not allowed here")
            links.append(self.made(node, _SYMBOLS[type(op)], (left, right)))
        return links[0] if len(links) == 1 else self.made(node, "chain", tuple(links))

    def call(self, node: ast.Call, depth: int) -> Node:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise self.error(node, "only the functions of this language can be called, without keywords")
        name = node.func.id
        if name in OF_TAG:
            return self.of_tag(node, name)
        if name == "for_time":
            return self.for_time(node, depth)
        if name not in FUNCTIONS:
            raise self.error(node, f"there is no function {name!r}")
        if not node.args or (name == "abs" and len(node.args) != 1):
            raise self.error(node, f"{name} needs {'exactly' if name == 'abs' else 'at least'} one value")
        return self.made(node, name, tuple(self.part(each, depth, "number") for each in node.args))

    def of_tag(self, node: ast.Call, name: str) -> Node:
        match node.args:
            case [ast.Name(id=tag)] if name not in TIMED:
                return Node(name, tag=tag, column=self.column(node))
            case [ast.Name(id=tag), ast.Constant() as constant] if name in TIMED:
                return Node(name, tag=tag, number=self.seconds(constant), column=self.column(node))
            case _:
                wanted = "a tag and seconds as a plain number" if name in TIMED else "one tag"
                raise self.error(node, f"{name} needs {wanted}")

    def for_time(self, node: ast.Call, depth: int) -> Node:
        match node.args:
            case [condition, ast.Constant() as constant]:
                args = (self.part(condition, depth, "truth"),)
                return Node("for_time", args, number=self.seconds(constant), column=self.column(node))
            case _:
                raise self.error(node, "for_time needs a condition and seconds as a plain number")

    def seconds(self, node: ast.Constant) -> float:
        seconds = self.constant(node).number
        if not 0.0 < seconds <= SECONDS_MAX:
            raise self.error(node, f"seconds must be above 0 and at most {SECONDS_MAX:g}")
        return seconds


def _walk(node: Node) -> list[Node]:
    return [node, *(deeper for each in node.args for deeper in _walk(each))]
