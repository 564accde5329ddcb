"""Setwise in a notebook: a plant file, its controller, simulations and what-ifs as tables and pictures.

    import setwise

    plant = setwise.load("plant.yaml")
    run = setwise.simulate(plant, hours=2)
    run.plot()

The outermost layer: it uses the rooms below and none of them knows it. Nothing here reaches a driver, so nothing here
can write to a plant. ``docs/notebook.md`` is a tutorial.
"""

import sys as _sys
from pathlib import Path as _Path

from supervisor.names import collisions as _collisions
from supervisor.names import explain as _explain

# As at every entry point: what is half somebody else's must not run. A notebook is told, not ended.
if _found := _collisions(_Path(__file__).resolve().parent.parent, _sys.path):
    raise ImportError(_explain(_found))

from constraints.plant import Plant
from constraints.plantfile import PlantFileError
from setwise.decision import Decision
from setwise.errors import InputError, PlantFileWarning
from setwise.plantfiles import check, load
from setwise.plots import plot_step_responses
from setwise.process import ModelProcess
from setwise.response import step_responses
from setwise.run import Run, Stepper
from setwise.simulation import simulate
from setwise.whatif import replay, what_if


def controller(plant: Plant) -> Stepper:
    """Return the controller of ``plant``, to be stepped: it keeps its memory from one step to the next."""
    return Stepper(plant)


__all__ = [
    "Decision",
    "InputError",
    "ModelProcess",
    "Plant",
    "PlantFileError",
    "PlantFileWarning",
    "Run",
    "Stepper",
    "check",
    "controller",
    "load",
    "plot_step_responses",
    "replay",
    "simulate",
    "step_responses",
    "what_if",
]
