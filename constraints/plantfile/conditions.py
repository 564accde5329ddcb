"""``plant: ambient_pressure, normal_gas, standard_gas`` -> Conditions."""

from __future__ import annotations

import math
from typing import Final

from constraints.plantfile.document import Path
from constraints.plantfile.schema_plant import GasSection
from constraints.plantfile.scope import Scope
from constraints.plantfile.unitnames import USUAL, Conditions, GasState
from constraints.plantfile.units import tidy, unit

_AMBIENT_BAR: Final = (0.4, 1.2)
"""Pressure at 7 km height and deep in a mine: outside is a slip of the pen, or a gauge pressure."""
_GAS_DEGC: Final = (-50.0, 100.0)


def conditions(scope: Scope) -> Conditions:
    """Return what gauge pressures and gas volumes are relative to; the usual where the file is wrong (reported)."""
    given = scope.file.plant
    ambient = _inside(
        scope,
        ("plant", "ambient_pressure"),
        scope.point(("plant", "ambient_pressure"), given.ambient_pressure, unit("bara")),
        _AMBIENT_BAR,
        "bara",
    )
    return Conditions(
        ambient_pa=USUAL.ambient_pa if math.isnan(ambient) else tidy(ambient * 1e5),
        normal=_gas(scope, ("plant", "normal_gas"), given.normal_gas, USUAL.normal),
        standard=_gas(scope, ("plant", "standard_gas"), given.standard_gas, USUAL.standard),
    )


def _gas(scope: Scope, path: Path, given: GasSection | None, usual: GasState) -> GasState:
    if given is None:
        return usual
    at = (*path, "temperature")
    warm = _inside(scope, at, scope.point(at, given.temperature, unit("degC")), _GAS_DEGC, "degC")
    at = (*path, "pressure")
    pressed = _inside(scope, at, scope.point(at, given.pressure, unit("bara")), _AMBIENT_BAR, "bara")
    if math.isnan(warm) or math.isnan(pressed):
        return usual
    return GasState(tidy(warm + 273.15), tidy(pressed * 1e5))


def _inside(scope: Scope, path: Path, value: float, between: tuple[float, float], text: str) -> float:
    if not math.isnan(value) and not between[0] <= value <= between[1]:
        message = f"{path[-1]} of {value:g} {text} is not possible"
        scope.issues.at_value("E014", path, message, f"from {between[0]:g} to {between[1]:g} {text}, absolute")
        return math.nan
    return value
