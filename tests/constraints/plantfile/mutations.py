"""Plant files with one thing wrong: what an engineer's slip does to a text, from a seed, and where it was done."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from constraints.plantfile.document import Document, Span
from constraints.plantfile.document import Path as Place
from constraints.plantfile.yamltext import parse

FOLDERS = ("examples", "templates")
"""Every plant file below a folder of such a name is an example."""


def examples(root: Path) -> list[Path]:
    """Return the plant files that we show or ship."""
    ours = root / "tests" / "constraints" / "plantfile"
    found = [root / "hil" / "demo" / "plant.yaml", ours / "good.yaml", ours / "two.yaml"]
    rooms = ("examples", "docs", "setwise", "hil", "supervisor", "controllers", "constraints")
    for path in sorted(path for room in rooms for path in (root / room).rglob("*.yaml")):
        inside = set(path.relative_to(root).parts[:-1]) & set(FOLDERS)
        if inside and re.search(r"^version: 1\b", path.read_text("utf-8"), re.MULTILINE) and path not in found:
            found.append(path)
    return found


@dataclass(frozen=True)
class Mutation:
    """A text, what was done to it, and where: lines of the new text, and words that a finding may name instead."""

    kind: str
    text: str
    lines: frozenset[int]
    words: frozenset[str]
    wrong: bool
    """It is wrong for certain: there must be a finding."""


Make = Callable[["Editor"], "Mutation | None"]


@dataclass
class Editor:
    """One example file and a source of chance."""

    source: str
    rng: random.Random

    def __post_init__(self) -> None:
        self.document: Document = parse(self.source, "example.yaml")
        self.lines = self.source.split("\n")

    def key(self, allowed: Callable[[Place], bool] = lambda _: True) -> Place:
        return self.rng.choice([path for path in self.document.keys if allowed(path)])

    def value(self, kind: type | tuple[type, ...], allowed: Callable[[Place], bool] = lambda _: True) -> Place | None:
        places = [
            path for path in self.document.values if path and type(self.at(path)) in _kinds(kind) and allowed(path)
        ]
        return self.rng.choice(places) if places else None

    def at(self, path: Place) -> object:
        inside: object = self.document.data
        for part in path:
            inside = inside[part]  # type: ignore[index]
        return inside

    def whole(self, path: Place) -> tuple[int, int]:
        """Return where the value at ``path`` begins and ends in the text, brackets and lines below it included."""
        start = self.offset(self.document.values[path])
        given = self.at(path)
        if not isinstance(given, dict | list) or not given:
            return start, start + self.document.values[path].length
        if self.source[start] in "{[":
            depth, end = 0, start
            for end in range(start, len(self.source)):
                depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(self.source[end], 0)
                if depth == 0:
                    break
            return start, end + 1
        below = [span for place, span in self.document.values.items() if place[: len(path)] == path]
        line = max(span.line for span in below)
        return start, sum(len(each) + 1 for each in self.lines[:line]) - 1

    def offset(self, span: Span) -> int:
        return sum(len(each) + 1 for each in self.lines[: span.line - 1]) + span.column - 1

    def with_value(self, kind: str, path: Place, new: str, *, wrong: bool) -> Mutation:
        start, end = self.whole(path)
        text = f"{self.source[:start]}{new}{self.source[end:]}"
        return self.done(kind, text, self.document.values[path].line, path, wrong=wrong)

    def with_line(self, kind: str, number: int, new: str, *, wrong: bool, words: Sequence[str] = ()) -> Mutation:
        lines = [*self.lines[: number - 1], *new.split("\n"), *self.lines[number:]]
        added = frozenset(range(number, number + new.count("\n") + 1))
        return Mutation(kind, "\n".join(lines), added | self.parents(number), frozenset(words), wrong)

    def done(self, kind: str, text: str, line: int, path: Place, *, wrong: bool) -> Mutation:
        words = frozenset(str(part) for part in path if isinstance(part, str) and len(part) > 1)
        return Mutation(kind, text, frozenset({line}) | self.parents_of(path), words, wrong)

    def parents_of(self, path: Place) -> frozenset[int]:
        """Return the lines of the keys around ``path``."""
        around = [path[:end] for end in range(1, len(path) + 1)]
        return frozenset(self.document.key_at(each).line for each in around)

    def parents(self, number: int) -> frozenset[int]:
        """Return the lines above, each indented less than what it holds, that lead to line ``number``."""
        indent = _indent(self.lines[number - 1])
        found = set()
        for above in range(number - 1, 0, -1):
            if self.lines[above - 1].strip() and _indent(self.lines[above - 1]) < indent:
                indent = _indent(self.lines[above - 1])
                found.add(above)
        return frozenset(found)

    def a_line(self, matching: str = r"\S") -> int:
        numbers = [n for n, line in enumerate(self.lines, 1) if re.search(matching, line) and not _comment(line)]
        return self.rng.choice(numbers)


def _kinds(kind: type | tuple[type, ...]) -> tuple[type, ...]:
    return kind if isinstance(kind, tuple) else (kind,)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _comment(line: str) -> bool:
    return line.lstrip().startswith("#")


NAMED = ("connections", "tags", "mvs", "cvs", "functions", "multipliers", "tariffs")
"""Sections whose keys are free names."""
FREE = {"energy", "bands", "value", "cost", "set", "at", "points", "dead_time"}
"""Keys below which free names stand."""


def of_ours(path: Place) -> bool:
    """Return whether the last part is a word of the schema and not a name of the engineer's."""
    if path[0] == "models" and len(path) <= 3:
        return False
    return not (len(path) == 2 and path[0] in NAMED) and not any(part in FREE for part in path[:-1])


def rename_key(edit: Editor) -> Mutation:
    path = edit.key(of_ours)
    span = edit.document.keys[path]
    old = str(path[-1])
    new = edit.rng.choice([old + "x", old[:-1] or "q", old[0] + old, old.swapcase(), "zz" + old])
    at = edit.offset(span)
    text = edit.source[:at] + new + edit.source[at + len(old) :]
    return edit.done("rename key", text, span.line, (*path, new), wrong=True)


def rename_name(edit: Editor) -> Mutation:
    path = edit.key(lambda each: len(each) == 2 and each[0] in NAMED)
    span = edit.document.keys[path]
    new = f"{path[-1]}_q"
    at = edit.offset(span)
    text = edit.source[:at] + new + edit.source[at + len(str(path[-1])) :]
    return edit.done("rename name", text, span.line, (*path, new), wrong=False)


def delete_line(edit: Editor) -> Mutation:
    number = edit.a_line()
    words = re.findall(r"\w{2,}", edit.lines[number - 1])
    lines = [*edit.lines[: number - 1], *edit.lines[number:]]
    near = frozenset({max(1, number - 1), number}) | edit.parents(number)
    return Mutation("delete line", "\n".join(lines), near, frozenset(words), wrong=False)


def other_type(edit: Editor) -> Mutation | None:
    path = edit.value((int, float, bool, list, dict), lambda each: each[-1] not in ("desc", "is") and "set" not in each)
    if path is None:
        return None
    given = edit.at(path)
    choices = {
        bool: ["maybe", "[1]", "3", "{a: 1}"], dict: ["3", "text", "[1, 2]"], list: ["text", "{a: 1}", "true"],
        int: ["text", "[1, 2, 3, 4]", "{a: 1}", "true"], float: ["text", "[1, 2, 3, 4]", "{a: 1}", "true"],
    }[type(given)]  # fmt: skip
    new = edit.rng.choice(choices)
    start, _ = edit.whole(path)
    if edit.source[start] not in "{[" and isinstance(given, dict | list):
        return None  # a block: its lines would have to go
    return edit.with_value("other type", path, new, wrong=True)


def wrong_unit(edit: Editor) -> Mutation | None:
    path = edit.value(str, lambda each: each[-1] == "unit")
    if path is None:
        return None
    return edit.with_value("wrong unit", path, edit.rng.choice(["kgg/h", "quux", "C", "°X", "1,0"]), wrong=True)


def other_unit(edit: Editor) -> Mutation | None:
    """A rate, a time or a limit in a unit of another kind."""
    timed = (
        "up",
        "down",
        "stale_after",
        "hold",
        "for",
        "timeout",
        "reconnect_max",
        "cycle",
        "think",
        "max_rate",
        "every",
    )
    path = edit.value((int, float, str), lambda each: each[-1] in timed)
    return edit.with_value("other unit", path, "3 mol", wrong=True) if path else None


def unknown_reference(edit: Editor) -> Mutation | None:
    ends = {"readback", "tariff", "flow", "power", "by", "then", "when", "expr"}
    path = edit.value(str, lambda each: each[-1] in ends or each[0] == "dvs")
    if path is None:
        return None
    old = str(edit.at(path))
    names = re.findall(r"\b[A-Za-z]\w*_\w+\b|\b[A-Z]\w+\b", old) or [old]
    name = edit.rng.choice(names)
    start, end = edit.whole(path)
    text = edit.source[start:end].replace(name, name + "zq", 1)
    return edit.with_value("unknown reference", path, text, wrong=True)


def wrong_address(edit: Editor) -> Mutation | None:
    path = edit.value(str, lambda each: each[-1] in ("source", "writes", "setpoint", "hi", "lo", "node"))
    if path is None or ":" not in str(edit.at(path)):
        return None
    new = edit.rng.choice(["nowhere:ns=2;s=A", "meter:coil/3", "dcs", '"dcs: ns"', "12", "''"])
    return edit.with_value("wrong address", path, new, wrong=True)


def swap_limits(edit: Editor) -> Mutation | None:
    path = edit.value(list, lambda each: each[-1] in ("safety", "engineering", "operator", "range"))
    if path is None:
        return None
    start, end = edit.whole(path)
    low, _, high = edit.source[start + 1 : end - 1].partition(",")
    if "null" in low + high or not high:
        return None
    return edit.with_value("swapped limits", path, f"[{high.strip()}, {low.strip()}]", wrong=True)


def out_of_range(edit: Editor) -> Mutation | None:
    path = edit.value((int, float), lambda each: not {"models", "state_space", "schedule"} & {each[0]})
    new = edit.rng.choice(["-1e9", "1e300", "-3", "0", "999999999999"])
    return edit.with_value("out of range", path, new, wrong=False) if path else None


def duplicate_key(edit: Editor) -> Mutation:
    path = edit.key()
    span = edit.document.keys[path]
    old, at = str(path[-1]), edit.offset(span)
    if edit.lines[span.line - 1][: span.column - 1].strip(" -"):  # inside { }
        return edit.done(
            "duplicate key", f"{edit.source[:at]}{old}: 1, {edit.source[at:]}", span.line, path, wrong=True
        )
    line = " " * (span.column - 1)
    text = f"{edit.source[:at]}{old}: 1\n{line}{edit.source[at:]}"
    return edit.done("duplicate key", text, span.line + 1, path, wrong=True)


def indentation(edit: Editor) -> Mutation:
    number = edit.a_line()
    line = edit.lines[number - 1]
    step = edit.rng.choice([-2, -1, 1, 2, 3])
    new = " " * max(0, _indent(line) + step) + line.lstrip()
    words = re.findall(r"\w{2,}", line)[:1]
    near = edit.with_line("indentation", number, new, wrong=False, words=words)
    return Mutation(near.kind, near.text, near.lines | {number + 1}, near.words, near.wrong)


def tab(edit: Editor) -> Mutation:
    number = edit.a_line(r"^ +\S")
    return edit.with_line("tab", number, "\t" + edit.lines[number - 1].lstrip(), wrong=True)


def lose(sign: str, kind: str) -> Make:
    def make(edit: Editor) -> Mutation | None:
        places = [m.start() for m in re.finditer(re.escape(sign), edit.source)]
        places = [at for at in places if not _comment(edit.lines[edit.source[:at].count("\n")])]
        if not places:
            return None
        at = edit.rng.choice(places)
        number = edit.source[:at].count("\n") + 1
        text = edit.source[:at] + edit.source[at + len(sign) :]
        words = frozenset(re.findall(r"\w{3,}", edit.lines[number - 1]))
        return Mutation(kind, text, frozenset({number}) | edit.parents(number), words, wrong=False)

    return make


def lose_value(edit: Editor) -> Mutation | None:
    path = edit.value((int, float, str, bool))
    return edit.with_value("lost value", path, "", wrong=False) if path else None


def typo(edit: Editor) -> Mutation | None:
    """Two letters exchanged in a word that means something."""
    path = edit.value(
        str, lambda each: not {"desc", "name", "site", "set", "hours"} & {each[-1]} and each[0] != "plant"
    )
    if path is None:
        return None
    start, end = edit.whole(path)
    old = edit.source[start:end]
    spots = [i for i in range(1, len(old) - 2) if old[i] != old[i + 1] and old[i : i + 2].isalpha()]
    if not spots:
        return None
    i = edit.rng.choice(spots)
    return edit.with_value("typo", path, old[:i] + old[i + 1] + old[i] + old[i + 2 :], wrong=False)


KINDS: Mapping[str, Make] = {
    "rename key": rename_key, "rename name": rename_name, "delete line": delete_line, "other type": other_type,
    "wrong unit": wrong_unit, "other unit": other_unit, "unknown reference": unknown_reference,
    "wrong address": wrong_address, "swapped limits": swap_limits, "out of range": out_of_range,
    "duplicate key": duplicate_key, "indentation": indentation, "tab": tab, "lost quote": lose('"', "lost quote"),
    "lost bracket": lose("}", "lost bracket"), "lost square bracket": lose("]", "lost square bracket"),
    "lost opening": lose("{", "lost opening"), "lost comma": lose(",", "lost comma"),
    "lost colon": lose(":", "lost colon"), "lost value": lose_value, "typo": typo,
}  # fmt: skip


def mutations(source: str, seed: int, count: int) -> Iterator[Mutation]:
    """Yield ``count`` texts, each with one thing wrong, the kinds in turn."""
    rng = random.Random(seed)
    edit = Editor(source, rng)
    made, kinds = 0, list(KINDS.values())
    rng.shuffle(kinds)
    for turn in range(count * 10):
        found = kinds[turn % len(kinds)](edit)
        if found is not None and found.text != source:
            yield found
            made += 1
        if made == count:
            return
