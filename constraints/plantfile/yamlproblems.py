"""What libyaml says when it cannot go on -> a finding in an engineer's words, at the place that has to be mended.

libyaml stops where the text can no longer be right, which is often lines below the bracket or quote that was forgotten.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from yaml import MarkedYAMLError

from constraints.plantfile.document import START, Span

_QUOTES: Final = "text with ': ', '#', '[' or '{' needs quotes"
_UNFIT: Final = "this line does not fit the block around it"
_WORDS: Final = (
    ("mapping values are not allowed", "a second ': ' where one value stands", _QUOTES),
    (
        "block sequence entries are not allowed",
        "a list's '- ' cannot stand here",
        "give the list lines of its own",
    ),
    ("found unknown escape character", "an unknown \\ escape in double quotes", "use single quotes, or write \\\\"),
    ("found invalid Unicode character escape", "an escape for a character that does not exist", "remove it"),
    ("did not find expected hex", "an unfinished \\ escape in double quotes", "use single quotes, or write \\\\"),
    ("found character that cannot start any token", "a value cannot begin with this character", "put it in quotes"),
    ("could not find expected ':'", "a key without ': ' after it", "write key: value, with a space after the colon"),
    ("did not find expected key", _UNFIT, "indent it like the lines beside it"),
    ("did not find expected '-' indicator", "this line is no entry of the list around it", "begin it with '- '"),
    ("did not find expected <document start>", "something stands after the end of the file's content", "remove it"),
    ("found undefined tag handle", "a YAML tag", "remove it; values have no tags here"),
)
_TAGS: Final = ("tag", "%TAG", "handle", "directive")


@dataclass(frozen=True, slots=True)
class Problem:
    """Code, words and place of what stopped the reading."""

    code: str
    message: str
    span: Span
    hint: str = ""


def explained(error: MarkedYAMLError, source: str) -> Problem:
    """Return the finding for what libyaml reported about ``source``."""
    problem, context = error.problem or "", error.context or ""
    at, opened = _span(error.problem_mark), _span(error.context_mark)
    place = at or opened or START
    if "end of stream" in problem and "quoted scalar" in context:
        return Problem("E002", "a quote that is never closed", opened or place, "close it on the same line")
    quote = _open_quote(source, place.line)
    if quote is not None:
        hint = f"close it on the same line; what follows it fails in line {place.line}"
        return Problem("E002", "a quote that is not closed in its line", quote, hint)
    if "flow" in context and "expected ',' or" in problem and opened is not None:
        bracket = "[" if "sequence" in context else "{"
        if place.line != opened.line:
            hint = f"close it, or look for a missing comma before line {place.line}, column {place.column}"
            return Problem("E002", f"a {bracket} that is not closed", opened, hint)
        hint = f"the {bracket} stands in column {opened.column}; {_QUOTES}"
        return Problem("E002", f"a comma is missing before this, or {bracket} is not closed", place, hint)
    if "mapping values" in problem and _begins_line(source, place):
        hint = f"indent both as they belong together, or end line {place.line - 1} with a colon"
        message = f"indented deeper than line {place.line - 1}, which has its value already"
        return Problem("E002", message, _line_start(source, place), hint)
    if "could not find expected ':'" in problem and opened is not None:
        rest = _lines(source)[opened.line - 1][opened.column - 1 :]
        place = Span(opened.line, opened.column, max(1, len(rest.rstrip())))
    code = "E006" if any(word in f"{problem} {context}".split() for word in _TAGS) else "E002"
    for words, message, hint in _WORDS:
        if words in problem:
            more = _block_above(source, place) if message == _UNFIT else ""
            return Problem(code, message, _escape(source, place) if "escape" in message else place, hint + more)
    return Problem(code, problem or context or "not valid YAML", place)


def _span(mark: object) -> Span | None:
    line, column = getattr(mark, "line", None), getattr(mark, "column", None)
    return Span(line + 1, column + 1) if isinstance(line, int) and isinstance(column, int) else None


_SCALARS: Final = re.compile(r"""(?P<comment>(?:^|\s)#.*)|"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""")
_OPENING: Final = re.compile(r"""(?:^|[\s\[{,:-])(["'])""")


def _open_quote(source: str, line_max: int) -> Span | None:
    """Return the quote that a line leaves open and that ends in line ``line_max``; None where there is none.

    Texts of plant files stand on one line, so a quote that runs on was most likely forgotten. It runs to the next
    quote, so no line between the two has any.
    """
    lines = _lines(source)[:line_max]
    for number in range(len(lines), 0, -1):
        line = lines[number - 1]
        opening = _OPENING.search(_SCALARS.sub(lambda found: " " * len(found[0]), line))
        if opening:
            return Span(number, opening.start(1) + 1)
        if number < line_max and any(not found["comment"] for found in _SCALARS.finditer(line)):
            return None
    return None


def _begins_line(source: str, at: Span) -> bool:
    """Return whether nothing but one word stands before ``at`` in its line."""
    return re.fullmatch(r"\s*(- +)*[\w.-]+\s*", _lines(source)[at.line - 1][: at.column - 1]) is not None


def _block_above(source: str, at: Span) -> str:
    """Return where the block began in which the line at ``at`` is indented otherwise; empty where it is not."""
    lines = _lines(source)[: at.line]
    indent = _indent(lines[-1])
    inside = 0
    for number in range(len(lines) - 1, 0, -1):
        line = lines[number - 1]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if _indent(line) <= indent:
            if _indent(line) < indent and inside:
                return (
                    f"; the block below line {number} begins with {_indent(lines[inside - 1])} spaces in line {inside}"
                )
            return ""
        inside = number
    return ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _line_start(source: str, at: Span) -> Span:
    indent = _indent(_lines(source)[at.line - 1])
    return Span(at.line, indent + 1, at.column - 1 - indent)


def _escape(source: str, at: Span) -> Span:
    """Return where the escape begins that libyaml read up to ``at``."""
    lines = _lines(source)
    line = lines[at.line - 1] if at.line <= len(lines) else ""
    start = line.rfind("\\", 0, at.column)
    return Span(at.line, start + 1, at.column - start) if start >= 0 else at


def _lines(source: str) -> list[str]:
    return source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
