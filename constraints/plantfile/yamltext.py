"""YAML text -> Document: the safe part of YAML 1.2, with the place of everything, built from ruamel's parse events.

Events and not objects, because places must be known for each key and value, every duplicate must be found, aliases must
not be expanded, and depth must be bounded before anything recurses. Plain scalars follow the core schema of YAML 1.2
(section 10.3.2): ``yes``, ``on`` and dates are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from constraints.plantfile.diagnostics import Diagnostic, PlantFileError
from constraints.plantfile.document import START, Document, Path, Span, Value

BYTES_MAX: Final = 1024 * 1024
DEPTH_MAX: Final = 24

_INT: Final = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff\ud800-\udfff]")
_BEYOND_UNICODE: Final = re.compile(r"\\U(?!000[0-9A-Fa-f]|0010)[0-9A-Fa-f]{8}")
_ODD_BREAKS: Final = re.compile("[\x85\u2028\u2029]")
_CONSTANTS: Final[dict[str, bool | float | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class _Mark(Protocol):
    line: int
    column: int


@dataclass(slots=True)
class _Open:
    """A collection that has begun and not ended."""

    path: Path
    into: list[Value] | dict[str, Value]
    key: str | None = None
    """Key whose value is due."""
    doomed: bool = False
    """Part of a refused key or value: read past, kept nowhere."""


@dataclass(slots=True)
class _Builder:
    name: str
    source: str
    root: list[Value] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    keys: dict[Path, Span] = field(default_factory=dict)
    values: dict[Path, Span] = field(default_factory=dict)
    inner: dict[Path, int] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)
    documents: int = 0

    def error(self, code: str, message: str, span: Span, hint: str = "") -> None:
        self.found.append(
            Diagnostic(
                code=code,
                severity="error",
                message=message,
                path=self.name,
                line=span.line,
                column=span.column,
                length=span.length,
                hint=hint,
            )
        )

    def take(self, event: Event) -> bool:
        """Take one event; return False where reading on would make no sense."""
        span = _span(event)
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.error("E007", "a second document in one file", span, "remove the line of three dashes")
                return False
        if isinstance(event, AliasEvent):
            self.error("E005", f"alias *{event.anchor}", span, "write the value out")
            self.put(None, span, kept=False)
        elif isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent):
            self.refuse_decorations(event, span)
            if isinstance(event, ScalarEvent):
                self.scalar(event, span)
            else:
                return self.open({} if isinstance(event, MappingStartEvent) else [], span)
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            self.stack.pop()
        return True

    def refuse_decorations(self, event: ScalarEvent | SequenceStartEvent | MappingStartEvent, span: Span) -> None:
        if event.anchor:
            self.error("E005", f"anchor &{event.anchor}", span, "remove it")
        if event.tag:
            self.error("E006", f"YAML tag {event.tag}", span, "remove it; values have no tags here")

    def scalar(self, event: ScalarEvent, span: Span) -> None:
        text = str(event.value)
        if event.style == ">":
            text = text.replace("\a", "")  # ruamel's own marks of where the source's lines end
        hidden = _CONTROL.search(text)
        if hidden:  # escaped in the source, for those in the open were refused before
            self.error("E003", f"control character U+{ord(hidden.group()):04X}", span, "remove it")
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.into, dict) and top.key is None:
            self.take_key(top, text, span)
            return
        if top is not None and top.key is not None and text == "" and not event.style:
            span = self.keys.get((*top.path, top.key), span)  # nothing stands there: show the key
        path = self.put(text if event.style else _plain(text), span)
        if path is not None and self.maps(event, text):
            self.inner[path] = 1 if event.style else 0

    def maps(self, event: ScalarEvent, text: str) -> bool:
        """Return whether characters of the text stand one by one in the source (no escapes, one line)."""
        lead = 1 if event.style in ("'", '"') else 0
        if event.style not in (None, "'", '"') or event.start_mark.line != event.end_mark.line:
            return False
        shown: int = event.end_mark.column - event.start_mark.column - 2 * lead
        return shown == len(text)

    def take_key(self, top: _Open, text: str, span: Span) -> None:
        top.key = text
        path = (*top.path, text)
        if top.doomed:
            return
        if text == "<<":
            self.error("E005", "merge key <<", span, "write the keys out")
        elif path in self.keys:
            first = self.keys[path]
            self.error("E004", f"key {text!r} twice", span, f"first in line {first.line}; remove one")
        else:
            self.keys[path] = span

    def put(self, value: Value, span: Span, *, kept: bool = True) -> Path | None:
        """Store a value where it belongs and return its path; None where it is kept nowhere."""
        if not self.stack:
            self.root.append(value if kept else None)
            return () if kept else None
        top = self.stack[-1]
        if isinstance(top.into, list):
            path: Path = (*top.path, len(top.into))
            top.into.append(value)
            fresh = not top.doomed
        else:
            if top.key is None:  # an alias as a key: reported as such already
                top.key = ""
                return None
            path = (*top.path, top.key)
            fresh = not top.doomed and kept and path not in self.values and top.key != "<<"
            if fresh:
                top.into[top.key] = value
            top.key = None
        if fresh:
            self.values[path] = span
        return path if fresh and kept else None

    def open(self, into: list[Value] | dict[str, Value], span: Span) -> bool:
        if len(self.stack) >= DEPTH_MAX:
            self.error("E007", f"nested deeper than {DEPTH_MAX} levels", span)
            return False
        if self.stack and isinstance(self.stack[-1].into, dict) and self.stack[-1].key is None:
            self.error("E007", "a key must be a plain word", span)
            return False
        path = self.put(into, span)
        self.stack.append(_Open(path=path or (), into=into, doomed=path is None))
        return True


def parse(source: str, name: str) -> Document:
    """Return the document in ``source``; raises PlantFileError with every finding about the text itself."""
    builder = _Builder(name, source.removeprefix("\ufeff"))
    _refuse_characters(builder)
    if not builder.found:
        _read(builder)
    data = builder.root[0] if builder.root else None
    if not builder.found and not isinstance(data, dict):
        builder.error("E007", "the file holds no sections", START, "begin with 'version: 1' and 'plant:'")
    if builder.found or not isinstance(data, dict):
        raise PlantFileError(tuple(sorted(builder.found, key=lambda d: (d.line, d.column))), builder.source)
    return Document(name, builder.source, data, builder.keys, builder.values, builder.inner)


def _read(builder: _Builder) -> None:
    try:
        for event in _events(builder.source):
            if not builder.take(event):
                return
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        builder.error("E002", error.problem or error.context or "not valid YAML", _at(mark), _advice(error.problem))
    except YAMLError as error:
        builder.error("E002", str(error).splitlines()[0] if str(error) else "not valid YAML", START)
    except ValueError:  # ruamel gives the number of an escaped character to chr() as it is
        at = _BEYOND_UNICODE.search(builder.source)
        before = builder.source[: at.start()] if at else ""
        span = Span(before.count("\n") + 1, len(before) - before.rfind("\n"), 10)
        builder.error("E002", "an escape for a character that does not exist", span, "remove it")


def _events(source: str) -> Iterator[Event]:
    yaml = YAML(typ="rt", pure=True)
    return iter(yaml.parse(source))


def _refuse_characters(builder: _Builder) -> None:
    for number, line in enumerate(builder.source.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        indent = len(line) - len(line.lstrip(" \t"))
        if "\t" in line[:indent] and line.strip() and not line.lstrip().startswith("#"):
            column = line.index("\t") + 1
            builder.error("E003", "a tab in the indentation", Span(number, column), "indent with spaces")
        if line.startswith("%"):
            builder.error("E006", "a YAML directive", Span(number, 1), "remove it; plant files are plain YAML 1.2")
        bad = _CONTROL.search(line) or _ODD_BREAKS.search(line)
        if bad:
            builder.error(
                "E003", f"control character U+{ord(bad.group()):04X}", Span(number, bad.start() + 1), "remove it"
            )


def _plain(text: str) -> Value:
    """Return what a plain scalar means in the core schema; infinities and NaN stay text (nothing here may be one)."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _span(event: Event) -> Span:
    start, end = event.start_mark, event.end_mark
    same_line = start.line == end.line
    return Span(start.line + 1, start.column + 1, max(1, end.column - start.column) if same_line else 1)


def _at(mark: _Mark | None) -> Span:
    return Span(mark.line + 1, mark.column + 1) if mark is not None else START


def _advice(problem: str | None) -> str:
    if problem and ("mapping values" in problem or "expected ',' or" in problem):
        return "text with ': ', '#', '[' or '{' needs quotes"
    return ""
