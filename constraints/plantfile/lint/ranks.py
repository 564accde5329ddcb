"""Ranks that say something else than was probably meant."""

from __future__ import annotations

import math
from typing import Final

from constraints.plant import Plant
from constraints.plantfile.scope import Scope

_SIDES: Final = {"lo": 0, "hi": 1}


def warn_ranks(scope: Scope, plant: Plant) -> None:
    """Warn of a target that outranks its own limits, and of a rank for a limit that is not there."""
    scheduled = {key for entry in plant.schedule for key in entry.limits}
    for name, cv in plant.cvs.items():
        given = scope.file.cvs[name].rank.model_fields_set
        for side, which in _SIDES.items():
            rank = cv.rank_lo if side == "lo" else cv.rank_hi
            there = math.isfinite(cv.limits.operator[which]) or any(key == (name, side) for key in scheduled)
            path = ("cvs", name, "rank", side)
            if not there and side in given:
                message = f"rank.{side} of {name} says nothing: there is no such limit"
                scope.issues.at_value("W121", path, message, f"add the {side} limit, or remove the rank")
            elif there and cv.target is not None and cv.rank_target < rank:
                message = f"the target of {name} (rank {cv.rank_target}) is kept before its {side} limit (rank {rank})"
                hint = "1 is given up last: a limit has the lower number, unless the target really matters more"
                scope.issues.at_key("W122", ("cvs", name), message, hint)
        if cv.target is None and "target" in given:
            message = f"rank.target of {name} says nothing: it has no target"
            scope.issues.at_value("W121", ("cvs", name, "rank", "target"), message, "add target, or remove the rank")
