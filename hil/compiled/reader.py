"""Structured text read into ``language``: words, then declarations, statements and expressions by recursive descent.

Grammar and precedence are those of IEC 61131-3:2003, annex B; what is not read here is refused with its line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hil.compiled.language import (
    ArrayOf,
    Assign,
    Binary,
    BlockName,
    Call,
    Expression,
    For,
    If,
    Index,
    Invoke,
    Kind,
    Literal,
    Member,
    Name,
    Return,
    Section,
    Statement,
    StructuredTextError,
    Type,
    Unary,
    Unit,
    Variable,
    While,
)

_WORDS = re.compile(
    r"""(?P<skip>\s+|\(\*.*?\*\))
    |(?P<duration>T\#[0-9]+(?:ms|s|m|h))
    |(?P<typed>(?:[A-Z]+\#)?(?:16\#[0-9A-F]+|[0-9]+\.[0-9]+(?:E[+-]?[0-9]+)?|[0-9]+(?!\.[0-9])))
    |(?P<name>[A-Z][A-Z0-9_]*)
    |(?P<sign>:=|<=|>=|<>|\.\.|[-+*/=<>()\[\]:;,.])""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_UNIT_US = {"MS": 1_000, "S": 1_000_000, "M": 60_000_000, "H": 3_600_000_000}
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("OR",),
    ("XOR",),
    ("AND",),
    ("=", "<>"),
    ("<", ">", "<=", ">="),
    ("+", "-"),
    ("*", "/", "MOD"),
)
"""Operators, the loosest first."""
_RESERVED = re.compile(
    r"AND|ARRAY|BY|CASE|DO|ELSE|ELSIF|END_\w+|EXIT|FALSE|FOR|FUNCTION(_BLOCK)?|IF|MOD|NOT|OF|OR|REPEAT|RETURN|THEN|TO"
    r"|TRUE|UNTIL|VAR(_\w+)?|WHILE|XOR"
)


@dataclass(frozen=True, slots=True)
class _Word:
    what: str
    text: str
    line: int


def read(text: str) -> tuple[Unit, ...]:
    """Return the functions and function blocks of ``text``, in order. Raises StructuredTextError."""
    reader = _Reader(_words(text))
    units = []
    while not reader.at("end"):
        units.append(reader.unit())
    return tuple(units)


def _words(text: str) -> list[_Word]:
    found, position, line = [], 0, 1
    while position < len(text):
        match = _WORDS.match(text, position)
        if match is None:
            raise StructuredTextError(line, f"not a word of the language: {text[position : position + 10]!r}")
        if match.lastgroup is not None and match.lastgroup != "skip":
            found.append(_Word(match.lastgroup, match[0].upper(), line))
        line += match[0].count("\n")
        position = match.end()
    return [*found, _Word("end", "END", line)]


class _Reader:
    def __init__(self, words: list[_Word]) -> None:
        self._words = words
        self._at = 0

    @property
    def _next(self) -> _Word:
        return self._words[self._at]

    def at(self, *texts: str) -> bool:
        """Whether one of these is next; ``end`` = nothing is."""
        return self._next.text in texts if texts != ("end",) else self._next.what == "end"

    def _take(self, *texts: str) -> _Word:
        word = self._next
        if texts and not self.at(*texts):
            raise StructuredTextError(word.line, f"{' or '.join(texts)} expected, not {word.text}")
        self._at += 1
        return word

    def _may(self, *texts: str) -> bool:
        found = self.at(*texts)
        self._at += found
        return found

    def _name(self) -> _Word:
        word = self._take()
        if word.what != "name" or _RESERVED.fullmatch(word.text):
            raise StructuredTextError(word.line, f"a name expected, not {word.text}")
        return word

    # -- declarations ------------------------------------------------------------------------------------------------

    def unit(self) -> Unit:
        """Read one function or function block."""
        what = self._take("FUNCTION", "FUNCTION_BLOCK")
        name = self._name()
        result = None
        if what.text == "FUNCTION":
            self._take(":")
            result = self._kind()
        variables: list[Variable] = []
        while self.at("VAR", "VAR_INPUT", "VAR_OUTPUT"):
            variables += self._section()
        body = self._statements(f"END_{what.text}")
        self._take()
        return Unit(name.line, name.text, result, tuple(variables), body)

    def _section(self) -> list[Variable]:
        word = self._take()
        retain = word.text == "VAR" and self._may("RETAIN")
        section = Section.RETAIN if retain else Section(word.text)
        variables = []
        while not self._may("END_VAR"):
            name = self._name()
            self._take(":")
            kind = self._type()
            initial = self._literal() if self._may(":=") else None
            self._take(";")
            variables.append(Variable(name.line, name.text, kind, section, initial))
        return variables

    def _type(self) -> Type:
        if not self._may("ARRAY"):
            word = self._name()
            return Kind[word.text] if word.text in Kind.__members__ else BlockName(word.text)
        self._take("[")
        lo = self._take()
        self._take("..")
        hi = self._take()
        self._take("]")
        self._take("OF")
        if not (lo.text.isdecimal() and hi.text.isdecimal()):
            raise StructuredTextError(lo.line, "the bounds of an array are plain numbers here")
        return ArrayOf(int(lo.text), int(hi.text), self._kind())

    def _kind(self) -> Kind:
        word = self._name()
        if word.text not in Kind.__members__:
            raise StructuredTextError(word.line, f"{word.text} is no elementary type")
        return Kind[word.text]

    # -- statements --------------------------------------------------------------------------------------------------

    def _statements(self, *ends: str) -> tuple[Statement, ...]:
        found: list[Statement] = []
        while not self.at(*ends):
            found.append(self._statement())
            self._take(";")
        return tuple(found)

    def _statement(self) -> Statement:
        line = self._next.line
        if self._may("IF"):
            return self._if(line)
        if self._may("FOR"):
            name = self._name().text
            self._take(":=")
            first = self._expression()
            self._take("TO")
            last = self._expression()
            self._take("DO")
            body = self._statements("END_FOR")
            self._take()
            return For(line, name, first, last, body)
        if self._may("WHILE"):
            condition = self._expression()
            self._take("DO")
            body = self._statements("END_WHILE")
            self._take()
            return While(line, condition, body)
        if self._may("RETURN"):
            return Return(line)
        name = self._name().text
        if self._may("("):
            return Invoke(line, name, self._inputs())
        target = self._index(line, name) if self.at("[") else Name(line, name)
        self._take(":=")
        return Assign(line, target, self._expression())

    def _if(self, line: int) -> If:
        branches = []
        while True:
            condition = self._expression()
            self._take("THEN")
            branches.append((condition, self._statements("ELSIF", "ELSE", "END_IF")))
            if not self._may("ELSIF"):
                break
        otherwise = self._statements("END_IF") if self._may("ELSE") else ()
        self._take("END_IF")
        return If(line, tuple(branches), otherwise)

    def _inputs(self) -> tuple[tuple[str, Expression], ...]:
        found: list[tuple[str, Expression]] = []
        while not self._may(")"):
            if found:
                self._take(",")
            name = self._name().text
            self._take(":=")
            found.append((name, self._expression()))
        return tuple(found)

    # -- expressions -------------------------------------------------------------------------------------------------

    def _expression(self, level: int = 0) -> Expression:
        if level == len(_LEVELS):
            return self._factor()
        left = self._expression(level + 1)
        while self.at(*_LEVELS[level]):
            operator = self._take()
            left = Binary(operator.line, operator.text, left, self._expression(level + 1))
        return left

    def _factor(self) -> Expression:
        word = self._next
        if self._may("NOT", "-"):
            return Unary(word.line, word.text, self._factor())
        if self._may("("):
            inner = self._expression()
            self._take(")")
            return inner
        if word.what in ("typed", "duration") or word.text in ("TRUE", "FALSE"):
            return self._literal()
        name = self._name().text
        if self.at("["):
            return self._index(word.line, name)
        if self._may("."):
            return Member(word.line, name, self._name().text)
        if not self._may("("):
            return Name(word.line, name)
        arguments: list[Expression] = []
        while not self._may(")"):
            if arguments:
                self._take(",")
            arguments.append(self._expression())
        return Call(word.line, name, tuple(arguments))

    def _index(self, line: int, name: str) -> Index:
        self._take("[")
        at = self._expression()
        self._take("]")
        return Index(line, name, at)

    def _literal(self) -> Literal:
        word = self._take()
        if word.text in ("TRUE", "FALSE"):
            return Literal(word.line, word.text == "TRUE", Kind.BOOL)
        if word.what == "duration":
            number, unit = re.fullmatch(r"T#([0-9]+)([A-Z]+)", word.text).groups()  # type: ignore[union-attr]
            return Literal(word.line, int(number) * _UNIT_US[unit], Kind.TIME)
        if word.what != "typed":
            raise StructuredTextError(word.line, f"a number expected, not {word.text}")
        return _number(word)


def _number(word: _Word) -> Literal:
    prefix, _, digits = word.text.rpartition("#")
    name = prefix.removesuffix("16").removesuffix("#")
    if name and name not in Kind.__members__:
        raise StructuredTextError(word.line, f"{name} is no elementary type")
    kind = Kind[name] if name else None
    if "." in digits:
        if kind not in (None, Kind.REAL):
            raise StructuredTextError(word.line, f"{word.text}: a fraction is REAL")
        return Literal(word.line, float(digits), Kind.REAL)
    if kind is Kind.REAL:
        raise StructuredTextError(word.line, f"{word.text}: a REAL has a point")
    return Literal(word.line, int(digits, 16 if prefix.endswith("16") else 10), kind)
