"""A request as text and back. What comes back was written by others, so every field is checked. Pure."""

from __future__ import annotations

import json
import math
from typing import Literal, cast, get_args, get_type_hints

from safety.signals import Mode
from supervisor.record import Action, JsonValue, Request

LETTER_BYTES_MAX = 16 * 1024
TEXT_MAX = 2_000
_HINTS = get_type_hints(Request)
ACTIONS: frozenset[str] = frozenset(get_args(Action))
ROLES: frozenset[str] = frozenset(get_args(_HINTS["role"]))
_SIDES = frozenset({"lo", "hi"})
_FIELDS = frozenset(_HINTS)
Role = Literal["viewer", "operator", "energy_manager", "engineer", "admin", "calendar"]


class LetterError(Exception):
    """A text that is not a request, or a request that has no text; the message names the field."""


def to_text(request: Request) -> str:
    """Return ``request`` as JSON. Raise LetterError where ``from_text`` would not take it back."""
    try:
        text = json.dumps(body(request), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise LetterError(str(error)) from error
    from_text(request.id, text.encode())
    return text


def body(request: Request) -> dict[str, JsonValue]:
    """Return ``request`` as plain JSON values."""
    raw: dict[str, JsonValue] = {name: getattr(request, name) for name in sorted(_FIELDS)}
    raw["mode"] = None if request.mode is None else int(request.mode)
    return raw


def from_text(id_: str, text: object) -> Request:
    """Return the request that row ``id_`` of the mailbox holds. Raise LetterError."""
    raw = _mapping(text)
    if raw.get("id") != id_ or not id_ or len(id_) > TEXT_MAX:
        raise LetterError("id")
    return from_body(raw)


def from_body(raw: dict[str, object]) -> Request:
    """Return the request that ``body`` wrote. Raise LetterError."""
    return Request(
        id=_text(raw, "id"),
        action=cast("Action", _one_of(raw, "action", ACTIONS)),
        who=_text(raw, "who"),
        role=cast("Role", _one_of(raw, "role", ROLES)),
        why=_text(raw, "why"),
        asked_utc_s=_number(raw, "asked_utc_s"),
        expires_utc_s=_number(raw, "expires_utc_s"),
        saw_cycle=_whole(raw, "saw_cycle"),
        confirmed=_yes(raw),
        mode=_mode(raw),
        variable=_maybe_text(raw, "variable"),
        side=cast("Literal['lo', 'hi'] | None", None if raw.get("side") is None else _one_of(raw, "side", _SIDES)),
        value=_maybe_number(raw, "value"),
        interlock=_maybe_text(raw, "interlock"),
        sampled_utc_s=_maybe_number(raw, "sampled_utc_s"),
        lasts_s=_maybe_number(raw, "lasts_s"),
        alarm=_maybe_text(raw, "alarm"),
        occurrence=_whole(raw, "occurrence"),
    )


def _mapping(text: object) -> dict[str, object]:
    if not isinstance(text, bytes):
        raise LetterError("no text")
    if len(text) > LETTER_BYTES_MAX:
        raise LetterError("too long")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LetterError("not JSON") from error
    if not isinstance(raw, dict):
        raise LetterError("not an object")
    unknown = raw.keys() - _FIELDS
    if unknown:
        raise LetterError("unknown field")
    return raw


def _text(raw: dict[str, object], name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        raise LetterError(name)
    try:
        value.encode()
    except UnicodeEncodeError as error:  # half a surrogate pair: JSON can say it, nothing can store it
        raise LetterError(name) from error
    return value


def _maybe_text(raw: dict[str, object], name: str) -> str | None:
    return None if raw.get(name) is None else _text(raw, name)


def _one_of(raw: dict[str, object], name: str, allowed: frozenset[str]) -> str:
    value = _text(raw, name)
    if value not in allowed:
        raise LetterError(name)
    return value


def _number(raw: dict[str, object], name: str) -> float:
    value = raw.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LetterError(name)
    try:
        number = float(value)
    except OverflowError as error:
        raise LetterError(name) from error
    if not math.isfinite(number):
        raise LetterError(name)
    return number


def _maybe_number(raw: dict[str, object], name: str) -> float | None:
    return None if raw.get(name) is None else _number(raw, name)


def _whole(raw: dict[str, object], name: str) -> int | None:
    value = raw.get(name)
    if value is None:
        return None
    if type(value) is not int or abs(value) > 2**53:
        raise LetterError(name)
    return value


def _yes(raw: dict[str, object]) -> bool:
    value = raw.get("confirmed", False)
    if not isinstance(value, bool):  # only true itself confirms: not 1, not "true"
        raise LetterError("confirmed")
    return value


def _mode(raw: dict[str, object]) -> Mode | None:
    value = raw.get("mode")
    if value is None:
        return None
    if type(value) is not int:
        raise LetterError("mode")
    try:
        return Mode(value)
    except ValueError as error:
        raise LetterError("mode") from error
