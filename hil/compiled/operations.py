"""Operations of structured text in C: which types go together, and what comes of them."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from hil.compiled.language import BITS, INTEGER, SIGNED, UNSIGNED, Kind, StructuredTextError

C_TYPES = MappingProxyType(
    {
        Kind.BOOL: "uint8_t",
        Kind.BYTE: "uint8_t",
        Kind.WORD: "uint16_t",
        Kind.DWORD: "uint32_t",
        Kind.INT: "int16_t",
        Kind.DINT: "int32_t",
        Kind.UINT: "uint16_t",
        Kind.UDINT: "uint32_t",
        Kind.REAL: "float",
        Kind.TIME: "int64_t",
    }
)
_BITWISE = MappingProxyType({"AND": "&", "OR": "|", "XOR": "^"})
_COMPARE = MappingProxyType({"=": "==", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="})
_SAME_BITS = frozenset({(Kind.UDINT, Kind.DWORD), (Kind.DINT, Kind.DWORD), (Kind.BYTE, Kind.WORD)})
"""Conversions that keep every bit."""


@dataclass(frozen=True, slots=True)
class Code:
    """C for an expression; ``kind`` None = an integer literal, ``value``, that takes the type it meets."""

    text: str
    kind: Kind | None
    value: int = 0


def literal(value: float, kind: Kind | None, line: int) -> Code:
    """Return a literal."""
    if kind is None:
        return Code(str(int(value)), None, int(value))
    if kind is Kind.REAL:
        return Code(f"{float(value)!r}f", kind)
    return fitted(Code("", None, int(value)), kind, line)


def fitted(code: Code, wanted: Kind, line: int) -> Code:
    """Return ``code`` as ``wanted``: what it is, or a bare integer that fits. Raises StructuredTextError."""
    if code.kind is wanted:
        return code
    if code.kind is not None:
        raise StructuredTextError(line, f"{wanted.name} expected, not {code.kind.name}")
    lo, hi = _range(wanted)
    if not lo <= code.value <= hi:
        raise StructuredTextError(line, f"{code.value} is no {wanted.name}")
    return Code(f"(({C_TYPES[wanted]}){code.value}LL)", wanted)


def _range(kind: Kind) -> tuple[int, int]:
    if kind in SIGNED:
        return -(2 ** (SIGNED[kind] - 1)), 2 ** (SIGNED[kind] - 1) - 1
    if kind is Kind.TIME:
        return 0, 2**31 * 1000
    return 0, 2 ** {**BITS, **UNSIGNED, Kind.BOOL: 1}.get(kind, 0) - 1


def alike(left: Code, right: Code, line: int) -> tuple[Code, Code]:
    """Return both sides of an operation as one type. Raises StructuredTextError where they have two."""
    if left.kind is None and right.kind is None:
        return fitted(left, Kind.INT, line), fitted(right, Kind.INT, line)
    if left.kind is None and right.kind is not None:
        return fitted(left, right.kind, line), right
    if left.kind is not None:
        return left, fitted(right, left.kind, line)
    return left, right


def number(text: str, like: Code, line: int) -> Code:
    """Return C that was worked out in 64 bits or in float, as the number type of ``like``."""
    if like.kind is Kind.REAL:
        return Code(f"((float)({text}))", like.kind)
    if like.kind in UNSIGNED:
        return Code(f"(({C_TYPES[like.kind]})({text}))", like.kind)  # goes on over its end, as UDINT does
    if like.kind in SIGNED:
        lo, hi = _range(like.kind)
        return Code(f"(({C_TYPES[like.kind]})st_fit({text}, {lo}LL, {hi}LL, {line}))", like.kind)
    raise StructuredTextError(line, "a number expected")


def unary(operator: str, one: Code, line: int) -> Code:
    """Return ``-one`` or ``NOT one``. Raises StructuredTextError where its type has none."""
    if operator == "-":
        if one.kind is None:
            return Code(str(-one.value), None, -one.value)
        if one.kind in UNSIGNED:
            raise StructuredTextError(line, f"{one.kind.name} has no minus")
        return number(f"-{one.text}" if one.kind is Kind.REAL else f"-(int64_t){one.text}", one, line)
    if one.kind is Kind.BOOL:
        return Code(f"((uint8_t)!{one.text})", Kind.BOOL)
    if one.kind in BITS:
        return Code(f"(({C_TYPES[one.kind]})~{one.text})", one.kind)
    raise StructuredTextError(line, "NOT takes BOOL or bits")


def binary(operator: str, left: Code, right: Code, line: int) -> Code:
    """Return ``left operator right``. Raises StructuredTextError where their types do not go together."""
    left, right = alike(left, right, line)
    kind = left.kind
    if operator in _BITWISE and kind is not None and (kind is Kind.BOOL or kind in BITS):
        return Code(f"(({C_TYPES[kind]})({left.text} {_BITWISE[operator]} {right.text}))", kind)
    if operator in _COMPARE:
        if operator not in ("=", "<>") and (kind is Kind.BOOL or kind in BITS):
            raise StructuredTextError(line, "bits have no order")
        return Code(f"((uint8_t)({left.text} {_COMPARE[operator]} {right.text}))", Kind.BOOL)
    if kind is Kind.REAL and operator in "+-*":
        return number(f"{left.text} {operator} {right.text}", left, line)
    if kind is Kind.REAL and operator == "/":
        return number(f"st_fdiv({left.text}, {right.text}, {line})", left, line)
    if kind in INTEGER and operator in ("/", "MOD"):
        return number(f"st_{'idiv' if operator == '/' else 'mod'}({left.text}, {right.text}, {line})", left, line)
    if kind in INTEGER and operator in "+-*":
        return number(f"(int64_t){left.text} {operator} (int64_t){right.text}", left, line)
    raise StructuredTextError(line, f"{operator} does not go with {kind.name if kind else 'this'}")


def converted(name: str, one: Code, line: int) -> Code:
    """Return ``X_TO_Y(one)``. Raises StructuredTextError where vendors differ in it."""
    source, _, target = name.partition("_TO_")
    if target not in Kind.__members__ or one.kind is None or one.kind.name != source:
        raise StructuredTextError(line, f"no function {name} of this type")
    to = Kind[target]
    if (one.kind, to) in _SAME_BITS or (one.kind is Kind.DWORD and to is Kind.BYTE):
        return Code(f"(({C_TYPES[to]}){one.text})", to)
    if (one.kind, to) == (Kind.REAL, Kind.DINT):
        return Code(f"((int32_t)st_whole({one.text}, {line}))", to)
    raise StructuredTextError(line, f"{name} means something else at each vendor, or is not known here")
