"""Tags that a list or a device offers, put into a plant file: checked, shown, written whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import cast, get_args

from constraints.plant import Protocol
from constraints.plantfile import ANSI, PLAIN, PlantFileError, load_text, render
from constraints.plantfile.diagnostics import Diagnostic
from constraints.plantfile.document import Document
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.rawtext import BYTES_MAX
from constraints.plantfile.taglists.drafts import Draft, Skipped, told
from constraints.plantfile.taglists.merge import Merged, MergeError, merge
from constraints.plantfile.taglists.places import Target
from supervisor.cli.console import colour, fail, say, say_json, tell
from supervisor.cli.exits import Exit
from supervisor.cli.planttext import PlantText
from supervisor.rewrite import RewriteError

SHOWN_MAX = 200
"""Lines of one kind on a terminal; --json has them all."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a list or a device offers."""

    drafts: Sequence[Draft]
    skipped: Sequence[Skipped] = ()
    strangers: Sequence[str] = ()
    """Columns that nobody knows."""
    about: Mapping[str, object] | None = None
    """More for --json."""


def target_of(document: Document, connection: str | None, template: str | None, order: str | None) -> Target | None:
    """Return where the tags are to be read from: the connection that was named, or the only one that could be."""
    declared = document.data.get("connections")
    protocols = {
        name: cast("Protocol", given["type"])
        for name, given in (declared.items() if isinstance(declared, dict) else ())
        if isinstance(given, dict) and given.get("type") in get_args(Protocol)
    }
    if connection is None:
        if len(protocols) != 1:
            return None
        connection = next(iter(protocols))
    if connection not in protocols:
        hint = did_you_mean(connection, protocols) or f"there are {', '.join(protocols) or 'none'}"
        fail(Exit.USAGE, f"{document.name} has no connection {connection!r}: {hint}")
    return Target(connection, protocols[connection], template, order)


def put(plant: PlantText, offer: Offer, *, skip: bool, dry_run: bool, as_json: bool) -> None:
    """Put what is offered into the plant file and say what changed.

    Nothing is written while something was not understood and ``skip`` does not say to leave it out, while the file
    would get an error that it had not, or while it changed since it was read. All of these exit 1.
    """
    try:
        merged = merge(plant.document, offer.drafts)
    except MergeError as error:
        fail(Exit.FINDING, f"{plant.document.name}: {error}")
    if len(merged.text.encode()) > BYTES_MAX:
        fail(Exit.FINDING, f"{plant.document.name} would be larger than {BYTES_MAX // 1024} KiB: import fewer tags")
    fresh = _new_errors(plant.document, merged.text)
    open_ends = bool(offer.skipped or offer.strangers) and not skip
    written = False
    if not (open_ends or fresh or dry_run):
        try:
            written = plant.original.replace(merged.text)
        except RewriteError as error:
            fail(Exit.FINDING, str(error))
    if as_json:
        say_json(
            {**(offer.about or {}), **_json(merged, offer), "errors": [asdict(e) for e in fresh], "written": written}
        )
    else:
        _show(plant, merged, offer, fresh)
        _close(plant, merged, open_ends=open_ends, fresh=fresh, dry_run=dry_run)
    if open_ends or fresh:
        raise SystemExit(int(Exit.FINDING))


def _new_errors(before: Document, after: str) -> tuple[Diagnostic, ...]:
    """Return the errors of the new text that the old one had not.

    In a file that has errors already, only those in lines that change count: the others may just have been hidden.
    """
    old = {(each.code, each.message) for each in _errors(before.source, before.name)}
    fresh = [each for each in _errors(after, before.name) if (each.code, each.message) not in old]
    lines = set(before.source.splitlines()) if old else set[str]()
    new = after.splitlines()
    return tuple(each for each in fresh if new[each.line - 1 : each.line] == [] or new[each.line - 1] not in lines)


def _errors(text: str, name: str) -> list[Diagnostic]:
    try:
        load_text(text, name)
    except PlantFileError as error:
        return [each for each in error.diagnostics if each.severity == "error"]
    return []


def _show(plant: PlantText, merged: Merged, offer: Offer, fresh: Sequence[Diagnostic]) -> None:
    _some([f"+ tags.{draft.name}: {told(draft)}" for draft in merged.added])
    _some([f"~ {change}" for change in merged.changed])
    _some([f"- {_place(each)}: {each.detail}" for each in offer.skipped])
    if offer.strangers:
        say(f"columns that nobody knows: {', '.join(map(repr, offer.strangers))}")
    if fresh:
        say(render(fresh, merged.text, ANSI if colour() else PLAIN))
    say(f"{plant.document.name}: {summary(merged, offer)}")


def _place(each: Skipped) -> str:
    return f"row {each.row} {each.listed or '(no name)'}" if each.row else each.listed


def summary(merged: Merged, offer: Offer) -> str:
    """Return one line: ``+42 tags, 2 changed, 1 as before, 3 skipped (2 no unit, 1 not a number)``."""
    changed = len({change.tag for change in merged.changed})
    parts = [f"+{len(merged.added)} tag{'' if len(merged.added) == 1 else 's'}"]
    parts += [f"{count} {what}" for count, what in ((changed, "changed"), (merged.unchanged, "as before")) if count]
    if offer.skipped:
        whys = Counter(each.why for each in offer.skipped)
        alone = len(whys) == 1
        reasons = next(iter(whys)) if alone else ", ".join(f"{count} {why}" for why, count in whys.most_common())
        parts.append(f"{len(offer.skipped)} skipped ({reasons})")
    return ", ".join(parts)


def _close(plant: PlantText, merged: Merged, *, open_ends: bool, fresh: Sequence[Diagnostic], dry_run: bool) -> None:
    if fresh:
        tell(f"nothing written: {plant.document.name} would have errors that it has not now")
    elif open_ends:
        tell("nothing written: map or correct what is not understood (--map), or leave it out with --skip")
    elif not merged.added and not merged.changed:
        tell("nothing to write")
    elif dry_run:
        tell("nothing written: this was a dry run")


def _json(merged: Merged, offer: Offer) -> dict[str, object]:
    return {
        "added": {draft.name: dict(draft.keys) for draft in merged.added},
        "changed": [{"tag": c.tag, "key": c.key, "old": c.old, "new": c.new} for c in merged.changed],
        "unchanged": merged.unchanged,
        "skipped": [asdict(each) for each in offer.skipped],
        "unknown_columns": list(offer.strangers),
    }


def _some(lines: Sequence[str]) -> None:
    for line in lines[:SHOWN_MAX]:
        say(line)
    if len(lines) > SHOWN_MAX:
        say(f"  ... and {len(lines) - SHOWN_MAX} more")
