"""Values -> YAML text that every reader of YAML, 1.1 or 1.2, takes for the same thing."""

from __future__ import annotations

import json
import re
from typing import Final

from constraints.plantfile.document import Value

_PLAIN: Final = re.compile(r"[A-Za-z_/°µ(][^\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff,\[\]{}#:'\"&*!|>`\\]*")
"""Text that needs no quotes, inside brackets too; a colon or a number sign in it, and a percent sign before it, are
allowed for only with quotes."""
_HIDDEN: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ""})
_NUMBERS: Final = re.compile(
    r"[-+]?(0[0-9_]+|0b[01_]+|0o[0-7_]+|0x[0-9a-f_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[0-9][0-9_]*_[0-9_]*"
    r"|[0-9_]*\.[0-9_]*_[0-9_]*([e][-+][0-9]+)?|\.(inf|nan)|[0-9]+(\.[0-9]*)?e[0-9]+)",
    re.IGNORECASE,
)
_QUANTITY: Final = re.compile(r"[-+]?[0-9]*\.?[0-9]+(e[-+]?[0-9]+)? [A-Za-z°µ%][A-Za-z0-9°µ%*/()_·²³ ]*")


def is_trap(text: str) -> bool:
    """Return whether a plain scalar means one thing in YAML 1.1 and another in 1.2.

    Words for yes and no, numbers with leading zeros, underscores, colons (12:30 is 750 in YAML 1.1), hexadecimal and
    octal ones, infinities (yaml.org/type: bool, int, float; YAML 1.2.2, 10.3.2).
    """
    return text.lower() in _WORDS or bool(_NUMBERS.fullmatch(text))


def scalar(value: str | float | None) -> str:
    """Return a scalar as it is written in a flow mapping, in quotes where it needs them."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return json.dumps(value)
    plain = bool(_PLAIN.fullmatch(value) or _QUANTITY.fullmatch(value))
    return value if plain and value == value.strip() and not is_trap(value) else quoted(value)


def quoted(text: str) -> str:
    """Return the text in double quotes, what cannot be seen escaped."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(text, ensure_ascii=False))


def flow(value: Value, key: str = "") -> str:
    """Return any value on one line. Addresses are always quoted, as everywhere in plant files."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(name)}: {flow(each, name)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(each) for each in value) + "]"
    return quoted(value) if key == "source" and isinstance(value, str) else scalar(value)
