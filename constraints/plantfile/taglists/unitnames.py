"""Units as other systems write them -> units of the plant file. Their common codes are in ``unece``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from constraints.plantfile.document import Value
from constraints.plantfile.taglists.keys import same
from constraints.plantfile.unece import NAMESPACE, UNECE, code_of
from constraints.plantfile.units import UnitError, seconds, unit

_WRITTEN: Final[Mapping[str, str]] = {
    "c": "degC", "deg c": "degC", "degc": "degC", "°c": "degC", "grad c": "degC", "celsius": "degC", "ºc": "degC",
    "f": "degF", "deg f": "degF", "degf": "degF", "°f": "degF", "ºf": "degF",
    "%": "percent", "pct": "percent", "proz": "percent", "percent": "percent", "%rh": "percent", "% rh": "percent",
    "kg/hr": "kg/h", "t/hr": "t/h", "to/h": "t/h", "lb/hr": "lb/h", "m3/hr": "m**3/h", "m³/hr": "m**3/h",
    "cbm/h": "m**3/h", "l/hr": "L/h", "ltr/min": "L/min", "lpm": "L/min", "cfm": "ft**3/min", "gpm": "gpm",
    "gal/min": "gpm", "nm³/h": "Nm3/h", "nm3/h": "Nm3/h", "nm3/hr": "Nm3/h", "nm³": "Nm3",
    "u/min": "rpm", "1/min": "rpm", "r/min": "rpm", "min-1": "rpm", "rev/min": "rpm", "min⁻¹": "rpm",
    "kw·h": "kWh", "mw·h": "MWh", "w·h": "Wh", "kv·a": "kVA", "v·a": "VA", "sec": "s", "hrs": "h", "hr": "h",
    "mins": "min", "amps": "A", "amp": "A", "volts": "V", "volt": "V", "in": "inch", "none": "1", "-": "1",
}  # fmt: skip
_BASES: Final = {name.lower(): name for name in ("bar", "mbar", "Pa", "hPa", "kPa", "MPa", "psi")}
_ZEROS: Final = {"g": "g", "gauge": "g", "ü": "g", "a": "a", "abs": "a"}
_PRESSURE: Final = re.compile(
    rf"(?P<base>{'|'.join(_BASES)})\s*\(?\s*(?P<zero>{'|'.join(_ZEROS)})\.?\s*\)?", re.IGNORECASE
)
"""Gauge and absolute pressures: ``bar(g)``, ``bar g``, ``barü``, ``kPa abs``."""
_CAPITALS: Final = {name.lower(): name for name in UNECE.values()}
"""For lists in capitals; asked last, because mW is not MW."""
_CUBE: Final = re.compile(r"(?<=[a-z])([23³²])(?=$|[/*·)])")
_POWERS: Final = {"2": "**2", "3": "**3", "²": "**2", "³": "**3"}


def code_of_unit(unit: str) -> str:
    """Return the common code of a unit of the plant file, e.g. degC -> CEL; empty where there is none."""
    name = unit_name(unit)
    return next((code for code, known in UNECE.items() if known == name), "")


def unit_name(text: str, own: Mapping[str, str] | None = None) -> str:
    """Return the plant file's name of the unit that ``text`` means; empty where nobody can tell.

    ``own`` are the engineer's translations, which come first, e.g. ``{"Grad C": "degC"}``.
    """
    if own and text in own:
        return own[text]
    written = " ".join(text.split())
    known = _pressure(written) or _WRITTEN.get(written.lower())
    tidy = _CUBE.sub(lambda power: _POWERS[power[1]], written).replace("·", "*")
    for candidate in (known, tidy, written, _CAPITALS.get(written.lower())):
        if candidate and is_unit(candidate):
            return candidate
    return ""


def unit_of_server(uri: str, unit_id: int, display_name: str) -> str:
    """Return the plant file's unit for an ``EUInformation``, by its common code, else its name; empty for neither.

    A code of pressure does not tell gauge from absolute; where the name of the same unit does, the name is believed.
    """
    by_code = UNECE.get(code_of(unit_id) or "", "") if uri == NAMESPACE or not uri else ""
    by_name = unit_name(display_name)
    return by_name if by_name in (f"{by_code}g", f"{by_code}a") else by_code or by_name


def _pressure(written: str) -> str:
    """Return a gauge or absolute pressure by its one name, e.g. ``bar (abs)`` -> ``bara``; empty for anything else."""
    found = _PRESSURE.fullmatch(written)
    return f"{_BASES[found['base'].lower()]}{_ZEROS[found['zero'].lower()]}" if found else ""


def same_key(key: str, one: Value, other: Value) -> bool:
    """Return whether two values of a tag's key say the same; two spellings of a unit do."""
    if key == "unit" and isinstance(one, str) and isinstance(other, str) and unit_name(one):
        return unit_name(one) == unit_name(other)
    if key == "every" and not isinstance(one, dict | list) and not isinstance(other, dict | list):
        return same(_seconds(one), _seconds(other))
    return same(one, other)


def _seconds(value: str | float | None) -> Value:
    """Return a time in seconds; what is none, as it is."""
    try:
        return seconds(value) if isinstance(value, str | int | float) else value
    except UnitError:
        return value


def is_unit(text: str) -> bool:
    """Return whether the plant file knows the unit as it stands."""
    try:
        unit(text)
    except UnitError:
        return False
    return True
