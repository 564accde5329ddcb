"""Types as the lists name them -> types on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXT: Final = "text"
"""Texts, dates, structures and arrays: nothing that a tag could be."""
NUMBER: Final = ""
"""A number whose type on the wire is not known here, or does not matter."""

_KEPWARE: Final[Mapping[str, str]] = {
    "float": "float32", "double": "float64", "short": "int16", "word": "uint16", "long": "int32", "dword": "uint32",
    "boolean": "bool", "default": NUMBER, "char": NUMBER, "byte": NUMBER, "bcd": NUMBER, "lbcd": NUMBER,
    "llong": NUMBER, "qword": NUMBER,
}  # fmt: skip
_IGNITION: Final[Mapping[str, str]] = {
    "int1": NUMBER, "int2": "int16", "int4": "int32", "int8": NUMBER, "float4": "float32", "float8": "float64",
    "boolean": "bool", "0": NUMBER, "1": "int16", "2": "int32", "3": NUMBER, "4": "float32", "5": "float64",
    "6": "bool",
}  # fmt: skip
_TIA: Final[Mapping[str, str]] = {
    "bool": "bool", "real": "float32", "lreal": "float64", "int": "int16", "uint": "uint16", "word": "uint16",
    "dint": "int32", "udint": "uint32", "dword": "uint32", "sint": NUMBER, "usint": NUMBER, "byte": NUMBER,
    "lint": NUMBER, "ulint": NUMBER, "lword": NUMBER,
}  # fmt: skip
_GENERIC: Final[Mapping[str, str]] = {
    "float32": "float32", "float64": "float64", "int16": "int16", "uint16": "uint16", "int32": "int32",
    "uint32": "uint32", "bool": "bool", "float": "float32", "real": "float32", "double": "float64", "int": "int16",
    "uint": "uint16", "dint": "int32", "udint": "uint32", "word": "uint16", "dword": "uint32", "boolean": "bool",
}  # fmt: skip
_NO_NUMBERS: Final = frozenset({"string", "text", "char", "wstring", "date", "datetime", "time", "struct"})
_TABLES: Final = {"kepware": _KEPWARE, "ignition": _IGNITION, "ignition-json": _IGNITION, "tia": _TIA}


def kind_of(form: str, name: str) -> str:
    """Return the type on the wire that a list of this form means; NUMBER where unknown, TEXT for what is no number."""
    if not name:
        return NUMBER
    word = name.strip().lower()
    if form in _TABLES:
        return _TABLES[form].get(word, TEXT)
    return _GENERIC.get(word, TEXT if word in _NO_NUMBERS else NUMBER)
