"""Humid air: how much water it can hold, how much room it takes, how much heat it carries.

Everything is per kilogram of *dry* air, with `humidity` in kg water per kg dry air, temperatures in degC, enthalpy in
kJ and zero enthalpy for dry air and liquid water at 0 degC.

Sources
- Saturation pressure: A. L. Buck, "New equations for computing vapor pressure and enhancement factor", J. Appl.
  Meteorol. 20 (1981) 1527, with the constants of the 1996 revision; within 0.1 % of steam tables at 85 degC, 3 % low
  at 180 degC, where the relative humidity is so small that it does not matter.
- Ideal-gas humid volume and enthalpy: ASHRAE Handbook, Fundamentals, chapter "Psychrometrics".
"""

from math import exp

PRESSURE_KPA = 101.325  # the chamber runs a few hundred Pa below this, which is neglected
WATER_TO_AIR = 0.62198  # molar mass of water over that of air [-]
DRY_AIR_GAS_CONSTANT = 0.287055  # [kJ/(kg K)]
ZERO_DEGC_IN_K = 273.15

DRY_AIR_HEAT = 1.006  # specific heat [kJ/(kg K)]
VAPOUR_HEAT = 1.86  # specific heat [kJ/(kg K)]
WATER_HEAT = 4.19  # specific heat of liquid water [kJ/(kg K)]
VAPORISATION = 2501.0  # enthalpy of vaporisation at 0 degC [kJ/kg]


def saturation_pressure(degc: float) -> float:
    """Saturation pressure of water [kPa] at `degc`; Buck (1981, 1996)."""
    return 0.61121 * exp((18.678 - degc / 234.5) * degc / (257.14 + degc))


def relative_humidity(degc: float, humidity: float) -> float:
    """Relative humidity [-] of air at `degc` holding `humidity`; above 1 when the air is over-saturated."""
    vapour_kpa = PRESSURE_KPA * humidity / (WATER_TO_AIR + humidity)
    return vapour_kpa / saturation_pressure(degc)


def humid_volume(degc: float, humidity: float) -> float:
    """Volume [m3 per kg dry air] taken by 1 kg of dry air and its moisture."""
    return DRY_AIR_GAS_CONSTANT * (degc + ZERO_DEGC_IN_K) / PRESSURE_KPA * (1.0 + humidity / WATER_TO_AIR)


def enthalpy(degc: float, humidity: float) -> float:
    """Enthalpy [kJ per kg dry air]."""
    return DRY_AIR_HEAT * degc + humidity * (VAPORISATION + VAPOUR_HEAT * degc)
