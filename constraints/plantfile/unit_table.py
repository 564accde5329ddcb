"""The units that nearly every plant file uses, as pint gives them: loading pint takes half a second, which others pay.

A test asks pint for every one of them; what is not here is looked up in pint.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

Dimensions = tuple[tuple[str, int | Fraction], ...]
"""Base dimension and exponent, sorted; empty = a pure number."""

CURRENCIES: Final = (
    "EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "BGN", "TRY", "UAH", "ISK",
    "CAD", "AUD", "NZD", "JPY", "CNY", "KRW", "INR", "BRL", "MXN", "ZAR", "SGD",
)  # fmt: skip

_PRESSURE: Final = (("[length]", -1), ("[mass]", 1), ("[time]", -2))
_ENERGY: Final = (("[length]", 2), ("[mass]", 1), ("[time]", -2))
_POWER: Final = (("[length]", 2), ("[mass]", 1), ("[time]", -3))
_GROUPS: Final[Mapping[Dimensions, Mapping[str, float]]] = {
    (): {"percent": 0.01, "ppm": 1e-6, "ppb": 1e-9, "fraction": 1.0, "pH": 1.0},
    (("[temperature]", 1),): {"K": 1.0, "delta_degC": 1.0, "delta_degF": 0.5555555555555556},
    _PRESSURE: {
        "bar": 1e5,
        "mbar": 100.0,
        "Pa": 1.0,
        "hPa": 100.0,
        "kPa": 1000.0,
        "MPa": 1e6,
        "psi": 6894.7572931683635,
    },
    (("[mass]", 1),): {"kg": 1.0, "g": 0.001, "mg": 1e-6, "tonne": 1000.0, "lb": 0.4535923700000001},
    (("[length]", 3),): {"liter": 0.0010000000000000002, "L": 0.0010000000000000002},
    (("[length]", 1),): {"m": 1.0, "mm": 0.001, "cm": 0.01, "km": 1000.0, "um": 1e-6},
    (("[time]", 1),): {"s": 1.0, "ms": 0.001, "min": 60.0, "h": 3600.0, "d": 86400.0},
    (("[time]", -1),): {"Hz": 1.0},
    _POWER: {"W": 1.0, "kW": 1000.0, "MW": 1e6, "TR": 3516.8528420666676},
    _ENERGY: {"J": 1.0, "kJ": 1000.0, "MJ": 1e6, "GJ": 1e9, "kWh": 3.6e6, "MWh": 3.6e9, "MMBtu": 1055055852.6200002},
    (("[current]", 1),): {"A": 1.0, "mA": 0.001},
    (("[current]", -1), *_POWER): {"V": 1.0},
    (("[length]", 3), ("[time]", -1)): {"gpm": 6.309019639999999e-05},
    (("[length]", -1), ("[mass]", 1), ("[time]", -1)): {"cP": 0.001},
    (("[current]", 2), ("[length]", -2), ("[mass]", -1), ("[time]", 3)): {"uS": 1e-6},
    (("[substance]", 1),): {"mol": 1.0},
}
_POINTS: Final[Mapping[str, tuple[Dimensions, float, float]]] = {
    "degC": ((("[temperature]", 1),), 1.0, 273.15),
    "degF": ((("[temperature]", 1),), 0.555555555555556, 255.37222222222223),
}
KNOWN: Final[Mapping[str, tuple[Dimensions, float, float]]] = {
    **{name: (kind, factor, 0.0) for kind, group in _GROUPS.items() for name, factor in group.items()},
    **{code: (((f"[currency_{code}]", 1),), 1.0, 0.0) for code in CURRENCIES},
    **_POINTS,
}
"""By name: dimensions, and factor and offset to SI base units."""
