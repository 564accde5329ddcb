"""Units as other systems write them -> units of the plant file.

UNECE common codes are those of Recommendation 20, as the OPC Foundation lists them with their names in
``UNECE_to_OPCUA.csv`` of its UA-Nodeset; ``unece`` tells how OPC UA packs them into a number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from constraints.plantfile.document import Value
from constraints.plantfile.taglists.keys import same
from constraints.plantfile.unece import NAMESPACE, code_of
from constraints.plantfile.units import UnitError, seconds, unit

UNECE: Final[Mapping[str, str]] = {
    # temperature, ratio, angle, pH
    "CEL": "degC", "KEL": "K", "FAH": "degF", "P1": "percent", "59": "ppm", "C62": "1", "DD": "degree", "C81": "rad",
    "Q30": "pH",
    # pressure (psi, gauge: 64 has no unit of its own here)
    "PAL": "Pa", "A97": "hPa", "KPA": "kPa", "MPA": "MPa", "MBR": "mbar", "BAR": "bar", "PS": "psi",
    # mass and mass flow, concentration
    "GRM": "g", "KGM": "kg", "TNE": "t", "F27": "g/h", "F29": "g/s", "E93": "kg/h", "F31": "kg/min", "KGS": "kg/s",
    "E18": "t/h", "4U": "lb/h", "KMQ": "kg/m**3", "GL": "g/L", "M1": "mg/L", "GP": "mg/m**3",
    # volume and volume flow
    "LTR": "L", "MTQ": "m**3", "NM3": "Nm3", "E32": "L/h", "L2": "L/min", "G51": "L/s", "MQH": "m**3/h",
    "G53": "m**3/min", "MQS": "m**3/s", "2L": "ft**3/min", "G2": "gallon/min", "Q40": "Nm3/h",
    # energy and power
    "JOU": "J", "KJO": "kJ", "3B": "MJ", "GV": "GJ", "WHR": "Wh", "KWH": "kWh", "MWH": "MWh", "WTT": "W", "KWT": "kW",
    "MAW": "MW", "A90": "GW", "P20": "kJ/h", "D46": "VA", "KVA": "kVA", "KVR": "kvar", "K5": "kvar", "B42": "kJ/kg",
    "JM": "MJ/m**3",
    # motion, length, time, area
    "C16": "mm/s", "MTS": "m/s", "M41": "mm/s**2", "MSK": "m/s**2", "RPM": "rpm", "M46": "rpm", "HTZ": "Hz",
    "KHZ": "kHz", "4H": "um", "MMT": "mm", "CMT": "cm", "MTR": "m", "INH": "inch", "FOT": "ft", "MTK": "m**2",
    "C26": "ms", "SEC": "s", "MIN": "min", "HUR": "h", "DAY": "d",
    # electricity, force, viscosity, amount
    "4K": "mA", "AMP": "A", "B22": "kA", "2Z": "mV", "VLT": "V", "2G": "V", "2H": "V", "KVT": "kV", "G42": "uS/cm",
    "H61": "mS/cm", "D10": "S/m", "NEW": "N", "NU": "N*m", "C24": "mPa*s", "4C": "cSt", "C34": "mol",
}  # fmt: skip
_WRITTEN: Final[Mapping[str, str]] = {
    "c": "degC", "deg c": "degC", "degc": "degC", "°c": "degC", "grad c": "degC", "celsius": "degC", "ºc": "degC",
    "f": "degF", "deg f": "degF", "degf": "degF", "°f": "degF", "ºf": "degF",
    "%": "percent", "pct": "percent", "proz": "percent", "percent": "percent", "%rh": "percent", "% rh": "percent",
    "bar(g)": "barg", "bar g": "barg", "barg": "barg", "bar(a)": "bar", "bar a": "bar", "bara": "bar",
    "mbar(g)": "mbarg", "mbar g": "mbarg", "mbarg": "mbarg", "psia": "psi",
    "kg/hr": "kg/h", "t/hr": "t/h", "to/h": "t/h", "lb/hr": "lb/h", "m3/hr": "m**3/h", "m³/hr": "m**3/h",
    "cbm/h": "m**3/h", "l/hr": "L/h", "ltr/min": "L/min", "lpm": "L/min", "cfm": "ft**3/min", "gpm": "gallon/min",
    "gal/min": "gallon/min", "nm³/h": "Nm3/h", "nm3/h": "Nm3/h", "nm3/hr": "Nm3/h", "nm³": "Nm3",
    "u/min": "rpm", "1/min": "rpm", "r/min": "rpm", "min-1": "rpm", "rev/min": "rpm", "min⁻¹": "rpm",
    "kw·h": "kWh", "mw·h": "MWh", "w·h": "Wh", "kv·a": "kVA", "v·a": "VA", "sec": "s", "hrs": "h", "hr": "h",
    "mins": "min", "amps": "A", "amp": "A", "volts": "V", "volt": "V", "in": "inch", "none": "1", "-": "1",
}  # fmt: skip
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
    known = _WRITTEN.get(written.lower())
    tidy = _CUBE.sub(lambda power: _POWERS[power[1]], written).replace("·", "*")
    for candidate in (known, tidy, written, _CAPITALS.get(written.lower())):
        if candidate and is_unit(candidate):
            return candidate
    return ""


def unit_of_server(uri: str, unit_id: int, display_name: str) -> str:
    """Return the plant file's unit for an ``EUInformation``, by its common code, else its name; empty for neither."""
    by_code = UNECE.get(code_of(unit_id) or "", "") if uri == NAMESPACE or not uri else ""
    return by_code or unit_name(display_name)


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
