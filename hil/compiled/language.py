"""Structured text as data: types, declarations, statements, expressions. Names are in upper case, as the language
has no case; ``line`` counts from 1 in the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class StructuredTextError(Exception):
    """The text cannot be compiled; the message begins with the line."""

    def __init__(self, line: int, why: str) -> None:
        """``line`` of the text, and what is wrong there."""
        super().__init__(f"line {line}: {why}")


class Kind(Enum):
    """An elementary type. TIME is held in microseconds."""

    BOOL = auto()
    BYTE = auto()
    WORD = auto()
    DWORD = auto()
    INT = auto()
    DINT = auto()
    UINT = auto()
    UDINT = auto()
    REAL = auto()
    TIME = auto()


BITS = {Kind.BYTE: 8, Kind.WORD: 16, Kind.DWORD: 32}
UNSIGNED = {Kind.UINT: 16, Kind.UDINT: 32}
SIGNED = {Kind.INT: 16, Kind.DINT: 32}
INTEGER = UNSIGNED.keys() | SIGNED.keys()


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """``ARRAY [lo..hi] OF kind``."""

    lo: int
    hi: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class BlockName:
    """A variable that is an instance of a function block."""

    name: str


Type = Kind | ArrayOf | BlockName


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a truth value or a duration; ``kind`` None = an integer without a type of its own."""

    line: int
    value: float
    kind: Kind | None


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    line: int
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """``name[at]``."""

    line: int
    name: str
    at: Expression


@dataclass(frozen=True, slots=True)
class Member:
    """``name.member``: an output of a function block."""

    line: int
    name: str
    member: str


@dataclass(frozen=True, slots=True)
class Unary:
    """``-operand`` or ``NOT operand``."""

    line: int
    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """``left operator right``."""

    line: int
    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments in order."""

    line: int
    name: str
    arguments: tuple[Expression, ...]


Expression = Literal | Name | Index | Member | Unary | Binary | Call


@dataclass(frozen=True, slots=True)
class Assign:
    """``target := value;``."""

    line: int
    target: Name | Index
    value: Expression


@dataclass(frozen=True, slots=True)
class If:
    """Each condition with what it guards, then what is done otherwise."""

    line: int
    branches: tuple[tuple[Expression, tuple[Statement, ...]], ...]
    otherwise: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class For:
    """``FOR name := first TO last DO``; upward by 1."""

    line: int
    name: str
    first: Expression
    last: Expression
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class While:
    """``WHILE condition DO``."""

    line: int
    condition: Expression
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Invoke:
    """A function block's instance called with its inputs by name."""

    line: int
    name: str
    inputs: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Return:
    """``RETURN;``."""

    line: int


Statement = Assign | If | For | While | Invoke | Return


class Section(Enum):
    """Where a variable is declared."""

    INPUT = "VAR_INPUT"
    OUTPUT = "VAR_OUTPUT"
    RETAIN = "VAR RETAIN"
    LOCAL = "VAR"


@dataclass(frozen=True, slots=True)
class Variable:
    """One declared variable."""

    line: int
    name: str
    type: Type
    section: Section
    initial: Literal | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """A function (with the kind of its result) or a function block (without)."""

    line: int
    name: str
    result: Kind | None
    variables: tuple[Variable, ...]
    body: tuple[Statement, ...]
