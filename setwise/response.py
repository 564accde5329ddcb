"""How each CV answers to each input, by the models that the controller uses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from constraints.plant import Plant
from controllers.edges import Edges
from controllers.model import Model, ModelError
from controllers.models.function import FunctionError
from setwise.errors import InputError
from setwise.moments import hours_s
from setwise.tables import units_of

POINTS = 201


def step_responses(plant: Plant, hours: float | None = None) -> pd.DataFrame:
    """Return every CV's answer to a step of one unit of each MV and DV, by seconds since the step.

    Columns: (CV, MV or DV); ``attrs["units"]`` by column. ``hours``: how long; until all have settled where None. A
    gain that follows a function or a multiplier is that of its reference point; what is transformed answers in its
    transform. Raises InputError for a plant without models.
    """
    try:
        model = Model.of(Edges(plant).plant)
    except (ModelError, FunctionError) as error:
        raise InputError(f"plant {plant.name} has no step responses: {error}") from error
    if not len(model.cv):
        raise InputError(f"plant {plant.name} has no models")
    end_s = hours_s(hours) if hours is not None else float(model.settle_s().max())
    at_s = np.linspace(0.0, end_s, POINTS)
    found = model.steps(np.repeat(at_s[:, None], len(model.cvs), axis=1))
    modelled = set(zip(model.cv.tolist(), model.source.tolist(), strict=True))
    columns = {
        (cv, source): found[:, row, column]
        for row, cv in enumerate(model.cvs)
        for column, source in enumerate(model.inputs)
        if (row, column) in modelled
    }
    frame = pd.DataFrame(columns, index=pd.Index(at_s, name="since step [s]"))
    frame.columns = frame.columns.set_names(["CV", "input"])
    units = units_of(plant)
    frame.attrs["units"] = {key: f"{units[key[0]]} per {units[key[1]]}" for key in columns}
    return frame
