"""What the tables share."""

from __future__ import annotations

from constraints.plant import CvSpec, DvSpec, MvSpec, Plant


def variables_of(plant: Plant) -> dict[str, MvSpec | CvSpec | DvSpec]:
    """Return every MV, CV and DV by name, in this order."""
    return {**plant.mvs, **plant.cvs, **plant.dvs}


def units_of(plant: Plant) -> dict[str, str]:
    """Return the unit of every MV, CV and DV."""
    return {name: spec.unit for name, spec in variables_of(plant).items()}
