"""The names of units: what pint does not know, or means otherwise than a process plant does; and what is refused.

Sources: DIN 1343 (normal conditions: 273.15 K, 1.01325 bar), ISO 13443 (standard reference conditions of natural gas:
288.15 K, 1.01325 bar); NIST SP 811 appendix B.8 (ton of refrigeration: 12,000 Btu_IT/h); ISO 80000-3, 3-17.3
(rotational frequency, 1/s: 50 Hz are 3,000 rpm, while a radian stays a radian).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from constraints.plantfile.unit_table import CURRENCIES

ATMOSPHERE_PA: Final = 101_325.0
NORMAL_VOLUME: Final = "[normal_volume]"
"""Gas counted at reference conditions is an amount of substance: no volume that it takes up anywhere."""


@dataclass(frozen=True, slots=True)
class GasState:
    """Temperature and absolute pressure at which a gas volume is counted."""

    kelvin: float
    pascal: float


@dataclass(frozen=True, slots=True)
class Conditions:
    """What gauge pressures and reference volumes of a plant are relative to."""

    ambient_pa: float = ATMOSPHERE_PA
    normal: GasState = GasState(273.15, ATMOSPHERE_PA)
    standard: GasState = GasState(288.15, ATMOSPHERE_PA)


USUAL: Final = Conditions()
SIXTY_F: Final = GasState((60.0 + 459.67) / 1.8, ATMOSPHERE_PA)
"""Where a standard cubic foot (``scf``) is counted in the United States: 60 degF, 14.696 psi."""

PINT_DEFINITIONS: Final = (
    # No currency converts to another: each is a dimension of its own.
    *(f"{code} = [currency_{code}]" for code in CURRENCIES),
    "var = watt",
    "NTU = []",
    "pH = []",
    "rH = 0.01",
    "ppb = 1e-9",
    "fraction = []",
    "MMBtu = 1e6 * Btu_it",
    "gpm = gallon / minute",
    "cuft = foot ** 3",
    "TR = 12000 * Btu_it / hour",
)
ALIASES: Final[Mapping[str, str]] = {
    "%": "percent", "°C": "degC", "°F": "degF", "℃": "degC", "℉": "degF", "µm": "um", "€": "EUR", "t": "tonne",
    "l": "liter", "sec": "second", "°": "deg", "Δ°C": "delta_degC", "ΔK": "delta_degC", "Δ°F": "delta_degF",
    "mWC": "mH2O", "mmWC": "mmH2O", "inWC": "inH2O", "cfm": "foot**3/min", "fpm": "foot/min", "scfm": "scf/min",
    "scfh": "scf/h", "degree": "deg", "MMSCF": "MMscf", "SCF": "scf", "MMBTU": "MMBtu", "RT": "TR",
    "pct": "percent",
}  # fmt: skip
REFUSED: Final[Mapping[str, str]] = {
    "C": "did you mean 'degC'?",
    "F": "did you mean 'degF'?",
    "c": "did you mean 'degC'?",
    "k": "did you mean 'K'?",
    "R": "did you mean 'degR'?",
    "T": "did you mean 't'?",
    "kt": "a knot or a thousand tonnes? write knot, or t",
    "ton": "which one? t (1000 kg), short_ton (907.2 kg), long_ton (1016 kg), or TR (3.517 kW of refrigeration)",
    "tons": "which one? t (1000 kg), short_ton (907.2 kg), long_ton (1016 kg), or TR (3.517 kW of refrigeration)",
    "MBtu": "a thousand or a million? write kBtu or MMBtu",
    "MBTU": "a thousand or a million? write kBtu or MMBtu",
    "Mscf": "a thousand or a million? write kscf or MMscf",
    "MSCF": "a thousand or a million? write kscf or MMscf",
    "Nm": "a newton metre is N*m, a normal cubic metre Nm3",
    "rev": "did you mean 'rpm'?",
    "revolution": "did you mean 'rpm'?",
    "turn": "did you mean 'rpm'?",
    "wt": "a share by weight is percent or kg/kg",
    "vol": "a share by volume is percent or m**3/m**3",
    "H": "did you mean 'h'?",
}
"""What pint takes for coulomb, gas constant, tesla, knot, nanometre, ..., and what means two things in two plants."""
_BASE_OF: Final[Mapping[str, float]] = {
    "Pa": 1.0, "hPa": 1e2, "kPa": 1e3, "MPa": 1e6, "bar": 1e5, "mbar": 1e2, "psi": 4.4482216152605 / 0.0254**2,
}  # fmt: skip
GAUGE: Final[Mapping[str, str]] = {f"{name}{mark}": name for name in _BASE_OF for mark in ("g", "G")}
"""Gauge pressures, with the unit of their differences; ``bar(g)`` is read as ``barg``."""
ABSOLUTE: Final[Mapping[str, str]] = {f"{name}{mark}": name for name in _BASE_OF for mark in ("a", "A")}
_CUBIC: Final[Mapping[str, tuple[float, str]]] = {
    "Nm3": (1.0, "normal"), "kNm3": (1e3, "normal"), "Nl": (1e-3, "normal"), "NL": (1e-3, "normal"),
    "Sm3": (1.0, "standard"), "kSm3": (1e3, "standard"), "MSm3": (1e6, "standard"), "Sl": (1e-3, "standard"),
    "scf": (0.3048**3, "sixty"), "kscf": (1e3 * 0.3048**3, "sixty"), "MMscf": (1e6 * 0.3048**3, "sixty"),
}  # fmt: skip
_ANGLES: Final[Mapping[str, float]] = {"rad": 1.0, "radian": 1.0, "mrad": 1e-3, "deg": math.pi / 180.0}

COMMON: Final = (
    "degC", "K", "degF", "delta_degC", "percent", "fraction", "ppm", "ppb", "bar", "mbar", "barg", "bara", "Pa",
    "kPa", "kPag", "MPa", "psi", "psig", "psia", "kg/h", "t/h", "kg/s", "t/d", "lb/h", "kg", "g", "t", "m**3/h",
    "Nm3/h", "Sm3/h", "scf/h", "L/h", "L/min", "gpm", "L", "m**3", "Nm3", "kW", "MW", "W", "TR", "kWh", "MWh", "GJ",
    "MMBtu", "MMBtu/h", "kJ/kg", "kWh/m**3", "kWh/Nm3", "g/kg", "kg/m**3", "mg/m**3", "mg/Nm3", "mm/s", "m/s", "mm",
    "m", "m**2", "rpm", "Hz", "A", "mA", "V", "s", "min", "h", "d", "ms", "EUR", "EUR/h", "EUR/kWh", "EUR/MWh",
    "EUR/kg", "EUR/t", "EUR/m**3", "EUR/Nm3", "pH", "uS/cm", "mol/h", "cP", "rad", "deg",
)  # fmt: skip
"""Units that advice is taken from."""


@dataclass(frozen=True, slots=True)
class OwnUnit:
    """A unit of ours: ``base = value * factor + offset``."""

    dimensions: tuple[tuple[str, int], ...]
    factor: float
    offset: float = 0.0


_PRESSURE: Final = (("[length]", -1), ("[mass]", 1), ("[time]", -2))


def own_unit(word: str, conditions: Conditions) -> OwnUnit | None:
    """Return a unit that depends on ``conditions`` or that pint would mistake; None for all others."""
    if word in GAUGE:
        return OwnUnit(_PRESSURE, _BASE_OF[GAUGE[word]], conditions.ambient_pa)
    if word in ABSOLUTE:
        return OwnUnit(_PRESSURE, _BASE_OF[ABSOLUTE[word]])
    if word in _CUBIC:
        size, at = _CUBIC[word]
        states = {"normal": conditions.normal, "standard": conditions.standard, "sixty": SIXTY_F}
        return OwnUnit(((NORMAL_VOLUME, 1),), size * _normal_per_volume(states[at], conditions.normal))
    if word in _ANGLES:
        return OwnUnit((("[angle]", 1),), _ANGLES[word])
    if word == "rpm":
        return OwnUnit((("[time]", -1),), 1.0 / 60.0)
    return None


def _normal_per_volume(counted: GasState, normal: GasState) -> float:
    """Return how many normal volumes one volume counted at another state is (ideal gas, as both standards reckon)."""
    if counted == normal:
        return 1.0
    return counted.pascal / normal.pascal * normal.kelvin / counted.kelvin
