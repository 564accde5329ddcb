"""Tags into the text of a plant file, and nothing else of it touched.

The text is cut and spliced where ruamel says that a piece begins and ends; it is never written anew, so comments,
order, quotes, alignment and line ends stay as they are (decision 0022). What comes out is parsed again and must say
what was wanted, or nothing comes out.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from constraints.plantfile.diagnostics import PlantFileError
from constraints.plantfile.document import Document, Value
from constraints.plantfile.hashing import content_hash
from constraints.plantfile.nodes import (
    child,
    compose,
    end,
    entry_end,
    is_block,
    is_nothing,
    line_end,
    line_start,
    newline,
    pairs,
    start,
)
from constraints.plantfile.taglists.drafts import Draft
from constraints.plantfile.taglists.keys import same, text_of_value
from constraints.plantfile.taglists.unitnames import same_key
from constraints.plantfile.yamltext import parse
from constraints.plantfile.yamlwrite import flow, quoted

INDENT: Final = 2
UNSAFE: Final = "the section tags is laid out in a way that cannot be changed safely: change it by hand"


class MergeError(ValueError):
    """The tags cannot be put into this text; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Change:
    """One key of a tag that differs."""

    tag: str
    key: str
    old: Value
    new: Value

    def __str__(self) -> str:
        was = "(none)" if self.old is None else text_of_value(self.old)
        return f"tags.{self.tag}.{self.key}: {was} -> {text_of_value(self.new)}"


@dataclass(frozen=True, slots=True)
class Merged:
    """A plant file's text with the tags in it."""

    text: str
    added: tuple[Draft, ...]
    changed: tuple[Change, ...]
    unchanged: int
    """Tags that the file had just so."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """Replace ``source[start:end]``."""

    start: int
    end: int
    text: str


@dataclass(slots=True)
class _Work:
    source: str
    cuts: list[_Cut] = field(default_factory=list)

    def put(self, start: int, end: int, text: str) -> None:
        self.cuts.append(_Cut(start, end, text))

    def done(self) -> str:
        text = self.source
        in_order = sorted(enumerate(self.cuts), key=lambda each: (each[1].start, each[1].end, each[0]))
        for _, cut in reversed(in_order):  # from the back, so that places before stay true
            text = text[: cut.start] + cut.text + text[cut.end :]
        return text


def tags_of(document: Document) -> dict[str, dict[str, Value]]:
    """Return the tags in a document, as far as their form is right."""
    found = document.data.get("tags")
    entries = found.items() if isinstance(found, dict) else ()
    return {name: keys for name, keys in entries if isinstance(keys, dict)}


def merge(document: Document, drafts: Sequence[Draft]) -> Merged:
    """Return the document's text with the drafts in it: new tags at the end of ``tags``, others where they differ.

    Only keys that a draft has are looked at. Raises MergeError.
    """
    existing = tags_of(document)
    there = document.data.get("tags")
    if there is not None and not isinstance(there, dict):
        raise MergeError("tags is not a mapping: setwise check says more")
    if broken := [
        draft.name for draft in drafts if isinstance(there, dict) and draft.name in there and draft.name not in existing
    ]:
        raise MergeError(f"tags.{broken[0]} is not a mapping: setwise check says more")
    added = tuple(draft for draft in drafts if draft.name not in existing)
    changes = tuple(
        Change(draft.name, key, existing[draft.name].get(key), value)
        for draft in drafts
        if draft.name in existing
        for key, value in draft.keys.items()
        if key not in existing[draft.name] or not same_key(key, existing[draft.name][key], value)
    )
    unchanged = len(drafts) - len(added) - len({change.tag for change in changes})
    if not added and not changes:
        return Merged(document.source, (), (), unchanged)
    work = _Work(document.source)
    root = compose(document)
    tags = child(root, "tags")
    for change in changes:
        _change(work, tags, change)
    if added:
        _add(work, root, tags, added)
    text = work.done()
    _verify(document, text, added, changes)
    return Merged(text, added, changes, unchanged)


def _change(work: _Work, tags: Node | None, change: Change) -> None:
    tag = child(tags, change.tag) if tags is not None else None
    if tag is None:
        raise MergeError(f"tags.{change.tag} cannot be found")
    value = child(tag, change.key)
    if value is None:
        _append(work, tag, f"{change.key}: {flow(change.new, change.key)}")
    elif is_nothing(value):
        key = next(name for name, _ in pairs(tag) if name.value == change.key)
        at = entry_end(key, value, work.source)
        work.put(at, at, f" {flow(change.new, change.key)}")
    else:
        _replace(work, value, change.old, change.new, change.key)


def _replace(work: _Work, node: Node, old: Value, new: Value, key: str) -> None:
    """Put a value in another's place: items of a list one by one, so that what stands between them stays."""
    if isinstance(node, SequenceNode) and isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for item, before, after in zip(node.value, old, new, strict=True):
            if not same(before, after):
                _replace(work, item, before, after, "")
        return
    if is_block(node) or (isinstance(node, ScalarNode) and node.style in ("|", ">")):
        raise MergeError(f"{key}: {text_of_value(new)!r} would replace a value of several lines: change it by hand")
    text = flow(new, key)
    if isinstance(node, ScalarNode) and node.style == '"' and isinstance(new, str):
        text = quoted(new)
    elif isinstance(node, ScalarNode) and node.style == "'" and isinstance(new, str) and new.isprintable():
        text = "'" + new.replace("'", "''") + "'"
    work.put(start(node), end(node, work.source), text)


def _append(work: _Work, tag: Node, entry: str) -> None:
    """Put one more key into a tag."""
    if not is_block(tag) or not tag.value:
        last = pairs(tag)[-1] if pairs(tag) else None
        if last is None:
            work.put(start(tag) + 1, start(tag) + 1, entry)
        else:
            at = entry_end(*last, work.source)
            work.put(at, at, f", {entry}")
        return
    at = line_end(work.source, end(tag, work.source))
    indent = " " * int(pairs(tag)[0][0].start_mark.column)
    work.put(at, at, f"{newline(work.source)}{indent}{entry}")


def _add(work: _Work, root: MappingNode, tags: Node | None, added: Sequence[Draft]) -> None:
    source, brk = work.source, newline(work.source)
    if root.flow_style:
        raise MergeError("the file is one flow mapping {...}: write its sections on lines of their own")
    if tags is None:
        at = len(source.rstrip())
        lines = _lines(added, INDENT, 0)
        gap = "" if at == 0 else brk * 2
        work.put(at, at, f"{gap}tags:{brk}{brk.join(lines)}")
    elif not pairs(tags):
        _fill(work, next(key for key, _ in pairs(root) if key.value == "tags"), tags, _lines(added, INDENT, 0))
    elif is_block(tags):
        at = line_end(source, end(tags, source))
        indent = int(pairs(tags)[0][0].start_mark.column)
        column = _value_column(tags, source)
        work.put(at, at, brk + brk.join(_lines(added, indent, column)))
    else:
        at = end(pairs(tags)[-1][1], source)
        work.put(at, at, "".join(f", {draft.name}: {flow(dict(draft.keys))}" for draft in added))


def _fill(work: _Work, key: ScalarNode, tags: Node, lines: Sequence[str]) -> None:
    """Put the first tags into an empty section; a comment beside its key keeps its place."""
    brk = newline(work.source)
    first, last = start(tags), entry_end(key, tags, work.source)
    if not is_nothing(tags):
        blanks = len(work.source[:first]) - len(work.source[:first].rstrip(" "))
        work.put(first - blanks, last, "")
    at = line_end(work.source, last)
    work.put(at, at, brk + brk.join(lines))


def _lines(added: Sequence[Draft], indent: int, column: int) -> list[str]:
    """Return one line for each tag, its mapping at ``column`` where the name leaves room."""
    return [f"{' ' * indent}{draft.name}:".ljust(column - 1) + f" {flow(dict(draft.keys))}" for draft in added]


def _value_column(tags: Node, source: str) -> int:
    """Return the column at which most of several tags on one line have their mapping, where all names leave room."""
    starts = Counter(
        int(value.start_mark.column)
        for key, value in pairs(tags)
        if line_start(source, start(value)) == line_start(source, start(key))
    )
    column, count = starts.most_common(1)[0] if starts else (0, 0)
    return column if count > 1 else 0


def _verify(document: Document, text: str, added: Sequence[Draft], changes: Sequence[Change]) -> None:
    """Raise MergeError unless the text says the old content and the drafts, no more and no less."""
    wanted = copy.deepcopy(document.data)
    tags = wanted.get("tags")
    entries: dict[str, Value] = tags if isinstance(tags, dict) else {}
    for change in changes:
        keys = entries[change.tag]
        if isinstance(keys, dict):
            keys[change.key] = _merged(change.old, change.new)
    entries |= {draft.name: dict(draft.keys) for draft in added}
    wanted["tags"] = entries
    try:
        says = content_hash(parse(text, document.name).data)
    except PlantFileError as error:
        raise MergeError(f"{UNSAFE} ({error.diagnostics[0].message})") from error
    if says != content_hash(wanted):
        raise MergeError(UNSAFE)


def _merged(old: Value, new: Value) -> Value:
    """Return what stands there after a change: items that say the same are left as they were."""
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            before if same(before, after) else _merged(before, after) for before, after in zip(old, new, strict=True)
        ]
    return new
