"""What a good plant file comes to: a plant for each of its controllers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from constraints.plant import Plant
from constraints.plantfile.diagnostics import Diagnostic
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.units import USUAL, Conditions


class ControllerError(ValueError):
    """A controller has to be named, or is not there; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The plants, and what was noticed about their file without being wrong."""

    plants: Mapping[str, Plant]
    """By controller; of a file with one, that has the empty name."""
    warnings: tuple[Diagnostic, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    """Text of the plant file and of each file that it includes, by name."""
    conditions: Conditions = USUAL
    """What the file's gauge pressures and gas volumes are relative to."""

    @property
    def plant(self) -> Plant:
        """Return the only plant; raises ControllerError where there are several."""
        if len(self.plants) != 1:
            raise ControllerError(f"this plant has several controllers, name one: {', '.join(self.plants)}")
        return next(iter(self.plants.values()))

    def only(self, controller: str | None) -> Loaded:
        """Return this with one controller; with all where None is named. Raises ControllerError."""
        if controller is None:
            return self
        if controller in self.plants:
            return replace(self, plants={controller: self.plants[controller]})
        if "" in self.plants:
            raise ControllerError(f"there is no controller {controller!r}: this plant has one, without a name")
        hint = did_you_mean(controller, self.plants)
        raise ControllerError(f"there is no controller {controller!r}: {hint or 'one of'} {', '.join(self.plants)}")
