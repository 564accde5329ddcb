"""pydantic's errors about the form of a file -> findings at their places, in an engineer's words."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from constraints.plantfile.document import Document, Path
from constraints.plantfile.issues import Issues, did_you_mean, dotted, nearest
from constraints.plantfile.schema import PlantFile
from constraints.plantfile.schema_models import CODE_FORM
from constraints.plantfile.schema_supplied import FORMS
from constraints.plantfile.traps import wanted_bool, wanted_number

_NEEDED: Final = {
    "string_type": "text is needed here",
    "int_type": "a whole number is needed here",
    "bool_type": "true or false is needed here",
    "list_type": "a list is needed here, such as [1, 2]",
    "dict_type": "keys and values are needed here",
    "model_type": "keys and values are needed here",
    "model_attributes_type": "keys and values are needed here",
}
_VARIABLES: Final = (("tags",), ("mvs",), ("cvs",))
_ALONE: Final = {"bool_type", "literal_error", "string_type", "int_type", "greater_than_equal", "less_than_equal"}
"""What no other check of a variable looks at: its default stands in, and the rest of the entry is checked."""
_SHOWN_MAX: Final = 60
_PAIR: Final = 2
_TYPOS_MAX: Final = 10
"""Nobody misspells more keys of one mapping; a hostile file may hold any number."""
_FORMS: Final = {
    r"^[A-Za-z_][A-Za-z0-9_-]*:.+$": "write it as connection:address, such as dcs:ns=2;s=TIC201.PV",
    CODE_FORM: "write it as package.module:function, or name an entry point",
    r"^opc\.tcp://[^\s/]+": "write it as opc.tcp://host:port",
}


def report(error: ValidationError, issues: Issues) -> frozenset[Path]:
    """Report everything in ``error`` and return the paths to leave out so that the rest can still be checked."""
    details = error.errors(include_url=False, include_input=True)
    unknown = {_place(issues.document, each["loc"])[0][:-1] for each in details if each["type"] == "extra_forbidden"}
    leave_out: set[Path] = set()
    for each in details:
        path, missing = _place(issues.document, each["loc"])
        if each["type"] == "extra_forbidden":
            _unknown_key(each, path, issues)
            leave_out.add(path)
            continue
        alone = path[:1] in _VARIABLES and each["type"] in _ALONE
        leave_out.add(path if alone else path[: _depth(path)])
        if each["type"] == "missing":
            likely_typo = path in unknown and _typo(issues.document, path, each["loc"], missing)
            if not likely_typo:
                where = f" in {dotted(path)}" if path else ""
                issues.at_key("E011", path, f"key {missing!r} is missing{where}")
        else:
            _wrong_value(each, path, issues)
    return frozenset(leave_out)


def _depth(path: Path) -> int:
    """Return how much of a path with an error is left out: an entry of a section; of a controller only one key."""
    if path[:1] != ("controllers",):
        return 2
    return 4 if path[2:3] in (("heartbeat",), ("modes",), ("adaptation",)) else 3


def _place(document: Document, loc: tuple[str | int, ...]) -> tuple[Path, str]:
    """Return the path of ``loc`` in the file, and the key that is missing there (empty where none is).

    pydantic's locations also hold names of union members, which the file does not have.
    """
    path: Path = ()
    missing = ""
    for part in loc:
        longer = (*path, part)
        if longer in document.values or longer in document.keys:
            path, missing = longer, ""
        else:
            missing = str(part)
    return path, missing


def _unknown_key(each: ErrorDetails, path: Path, issues: Issues) -> None:
    key = str(each["loc"][-1])
    where = f" in {dotted(path[:-1])}" if len(path) > 1 else ""
    hint = issues.near(key, _lazily(each["loc"][:-1]))
    if not hint and each["input"] is None and key[:1].isdigit():
        hint = "decimals have a point; inside { } a comma ends a value"
    elif not hint and each["input"] is None:
        hint = "inside { } a comma ends a text; write the text in quotes"
    issues.at_key("E010", path, f"unknown key {key!r}{where}", hint)


def _lazily(loc: tuple[str | int, ...]) -> Iterator[str]:
    yield from keys_at(loc)


def _typo(document: Document, path: Path, loc: tuple[str | int, ...], missing: str) -> bool:
    """Return whether one of the unknown keys beside it was probably meant to be the missing one."""
    allowed = keys_at(loc[:-1])
    unknown = [key for key in document.keys_in(path) if key not in allowed][:_TYPOS_MAX]
    return any(nearest(key, allowed) == missing for key in unknown)


def _wrong_value(each: ErrorDetails, path: Path, issues: Issues) -> None:
    kind, context = each["type"], each.get("ctx", {})
    given = each["input"]
    if each["loc"] and each["loc"][-1] == "[key]":
        expected = str(context.get("expected", ""))
        issues.at_key("E010", path, f"unknown key {path[-1]!r} in {dotted(path[:-1])}", f"one of {expected}")
    elif kind == "literal_error" and path == ("modes", "start_in") and given == "closed_loop":
        hint = "use off, monitor or advisory; closing the loop is a person's act"
        issues.at_value("E066", path, "the supervisor starts disarmed, always", hint)
    elif kind in ("literal_error", "union_tag_invalid"):
        expected = str(context.get("expected") or context.get("expected_tags") or "")
        choices = [part.strip("' ") for part in expected.replace(" or ", ", ").split(",")]
        at = (*path, str(context.get("discriminator")).strip("'")) if kind == "union_tag_invalid" else path
        word = str(context.get("tag", given))
        hint = f"{did_you_mean(word, choices)} one of {', '.join(choices)}".strip()
        issues.at_value("E013", at, f"{_short(word)} is not possible for {dotted(at)}", hint)
    elif kind == "union_tag_not_found":
        key = str(context.get("discriminator", "'type'")).strip("'")
        hint = (
            "type is opcua, modbus-tcp, mqtt or memory" if key == "type" else "kind is log, table or equal_percentage"
        )
        issues.at_key("E011", path, f"key {key!r} is missing in {dotted(path)}", hint)
    elif kind == "string_pattern_mismatch":
        form = str(context.get("pattern"))
        hint = _FORMS.get(form, "")
        code = "E074" if form == CODE_FORM else "E055" if hint else "E014"
        issues.at_value(code, path, f"{_short(given)} is not possible for {dotted(path)}", hint)
    elif kind in ("too_short", "too_long") and isinstance(given, list):
        wanted = "at most two times" if path[-1:] == ("lags",) else "two numbers, [low, high],"
        if context.get("min_length") == 1:
            wanted = "at least one entry"
        elif context.get("max_length", 2) > _PAIR:
            wanted = f"at most {context['max_length']} entries"
        hint = "a comma separates entries, decimals have a point" if len(given) > _PAIR else ""
        issues.at_value("E014", path, f"{wanted} needed here ({dotted(path)})", hint)
    elif kind in _NEEDED or kind in ("quantity", "number", "shown"):
        message = _NEEDED.get(kind, each["msg"])
        issues.at_value("E012", path, f"{message} ({dotted(path)})", _advice(kind, given))
    else:
        issues.at_value("E014", path, f"{dotted(path) or 'file'}: {each['msg'][:1].lower()}{each['msg'][1:]}")


def _advice(kind: str, given: object) -> str:
    if kind == "string_type" and given is None:
        return "remove the key, or write the text"
    if kind == "string_type" and isinstance(given, int | float):
        return "put it in quotes"
    if kind == "bool_type":
        return wanted_bool(given)
    if kind in ("int_type", "number", "quantity"):
        return wanted_number(given)
    if kind.startswith("model") and given is None:
        return "indent its keys below it, or remove it"
    return ""


def _short(given: object) -> str:
    text = repr(given)
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 3] + "..."


def keys_at(loc: tuple[str | int, ...]) -> tuple[str, ...]:
    """Return the keys that a mapping at ``loc`` may have; empty where they are free names."""
    kinds: list[object] = [PlantFile]
    for part in loc:
        kinds = [deeper for kind in kinds for deeper in _step(kind, part)]
    names: list[str] = []
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names += [info.alias or name for name, info in kind.model_fields.items()]
    return tuple(names)


def _step(kind: object, part: str | int) -> Iterator[object]:
    """Go one part of a location down from an annotation."""
    if part in FORMS:
        yield kind
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, info in kind.model_fields.items():
            if (info.alias or name) == part:
                yield from _plain(info.annotation)
        if "type" in kind.model_fields and part in typing.get_args(kind.model_fields["type"].annotation):
            yield kind  # the part is a union member's name
    elif typing.get_origin(kind) in (dict, list):
        yield from _plain(typing.get_args(kind)[-1])


def _plain(annotation: object) -> Iterator[object]:
    """Take an annotation out of Annotated and unions."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _plain(typing.get_args(annotation)[0])
    elif origin in (typing.Union, types.UnionType):
        for each in typing.get_args(annotation):
            yield from _plain(each)
    else:
        yield annotation
