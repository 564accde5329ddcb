"""Codes by which an OPC UA server names its units -> our names of units.

The codes are the "Common Codes" of UN/CEFACT Recommendation 20 (Codes for Units of Measure Used in International
Trade); how one becomes the number ``EUInformation.unitId`` is told in OPC 10000-8, 5.6.4.4: its characters are the
bytes of the number, the first one highest. Only units that a process plant shows are listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAMESPACE: Final = "http://www.opcfoundation.org/UA/units/un/cefact"
"""``EUInformation.namespaceUri`` of these codes (OPC 10000-8, 5.6.4.4)."""
_LENGTH_MAX: Final = 4
UNECE: Final[Mapping[str, str]] = {
    # temperature
    "CEL": "degC", "FAH": "degF", "KEL": "K", "A48": "degR",
    # pressure; a code does not say whether it is gauge, except for psi
    "BAR": "bar", "MBR": "mbar", "PAL": "Pa", "KPA": "kPa", "MPA": "MPa", "A97": "hPa", "PS": "psi", "64": "psig",
    "80": "psia", "ATM": "atm", "ATT": "at", "HP": "mmH2O", "HN": "mmHg", "N23": "mH2O", "F78": "inH2O", "F79": "inHg",
    "B40": "kgf/m**2", "E42": "kgf/cm**2", "N20": "ksi",
    # mass flow, mass
    "E93": "kg/h", "F31": "kg/min", "KGS": "kg/s", "F30": "kg/d", "E18": "t/h", "L71": "t/d", "L78": "t/min",
    "4U": "lb/h", "M90": "klb/h", "F27": "g/h", "F28": "g/min", "F29": "g/s", "4M": "mg/h", "KGM": "kg", "GRM": "g",
    "TNE": "t", "MGM": "mg", "MC": "ug", "LBR": "lb", "STN": "short_ton", "LTN": "long_ton", "2U": "t",
    # volume flow, volume
    "MQH": "m**3/h", "MQS": "m**3/s", "G53": "m**3/min", "G52": "m**3/d", "E32": "L/h", "L2": "L/min", "G51": "L/s",
    "LD": "L/d", "41": "mL/min", "40": "mL/s", "G2": "gpm", "G50": "gallon/h", "G3": "imperial_gallon/min",
    "2K": "ft**3/h", "2L": "ft**3/min", "E17": "ft**3/s", "MTQ": "m**3", "LTR": "L", "MLT": "mL",
    "HLT": "hL", "GLL": "gallon", "FTQ": "ft**3", "BLL": "oil_bbl",
    # gas at reference conditions
    "NM3": "Nm3", "Q40": "Nm3/h", "Q39": "Nm3/d", "SM3": "Sm3", "Q38": "Sm3/h", "Q37": "Sm3/d",
    "Q41": "J/Nm3", "MNJ": "MJ/Nm3",
    # energy, power
    "KWH": "kWh", "MWH": "MWh", "GWH": "GWh", "WHR": "Wh", "JOU": "J", "KJO": "kJ", "3B": "MJ", "GV": "GJ",
    "BTU": "Btu_it", "WTT": "W", "KWT": "kW", "MAW": "MW", "A90": "GW", "P20": "kJ/h", "BHP": "hp",
    "E16": "MMBtu/h", "2I": "Btu_it/h", "D44": "var", "KVR": "kvar", "MAR": "Mvar", "D46": "VA", "KVA": "kVA",
    "K5": "kvar", "MVA": "MVA", "E46": "kWh/m**3", "B42": "kJ/kg", "JK": "MJ/kg", "JM": "MJ/m**3", "B43": "kJ/kg/K",
    "D54": "W/m**2",
    # concentration, density, other properties
    "P1": "percent", "59": "ppm", "61": "ppb", "C62": "1", "NX": "permille", "KMQ": "kg/m**3", "23": "g/cm**3",
    "D41": "t/m**3", "GL": "g/L", "A93": "g/m**3", "GP": "mg/m**3", "GQ": "ug/m**3", "M1": "mg/L", "H29": "ug/L",
    "NA": "mg/kg", "J33": "ug/kg", "M29": "kg/kg", "C34": "mol", "B45": "kmol", "C35": "mol/L",
    "C36": "mol/m**3", "B46": "kmol/m**3", "Q30": "pH", "NTU": "NTU", "G42": "uS/cm", "H61": "mS/cm", "D10": "S/m",
    "C7": "cP", "C24": "mPa*s", "C65": "Pa*s", "4C": "cSt", "C17": "mm**2/s",
    # length, area, speed, rotation, angle
    "MTR": "m", "CMT": "cm", "MMT": "mm", "4H": "um", "KMT": "km", "INH": "inch", "FOT": "ft", "MTK": "m**2",
    "CMK": "cm**2", "MMK": "mm**2", "MTS": "m/s", "C16": "mm/s", "2X": "m/min", "M60": "m/h", "KMH": "km/h",
    "FR": "ft/min", "FS": "ft/s", "MSK": "m/s**2", "M41": "mm/s**2", "RPM": "rpm", "M46": "rpm", "RPS": "1/s",
    "HTZ": "Hz", "KHZ": "kHz",
    "2A": "rad/s", "C81": "rad", "DD": "deg",
    # electricity, force
    "AMP": "A", "4K": "mA", "B22": "kA", "VLT": "V", "2G": "V", "2H": "V", "2Z": "mV", "KVT": "kV", "OHM": "ohm",
    "NEW": "N", "B47": "kN",
    "NU": "N*m", "B37": "kgf",
    # time
    "SEC": "s", "MIN": "min", "HUR": "h", "DAY": "d", "C26": "ms", "B98": "us",
}  # fmt: skip


def unit_id(code: str) -> int:
    """Return the ``unitId`` of a common code: CEL is 4408652. ValueError for what cannot be one."""
    if not 0 < len(code) <= _LENGTH_MAX or not (code.isascii() and code.isalnum()):
        raise ValueError(f"no common code: {code!r}")
    return int.from_bytes(code.encode("ascii"), "big")


def code_of(number: int) -> str | None:
    """Return the common code that a ``unitId`` stands for; None where it stands for none (-1: not known)."""
    if not 0 < number < 1 << 8 * _LENGTH_MAX:
        return None
    text = number.to_bytes(_LENGTH_MAX, "big").lstrip(b"\0")
    return text.decode("ascii") if text.isalnum() else None
