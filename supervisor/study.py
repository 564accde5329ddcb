"""Questions to a controller that are answered in a process of their own: what another limit would lead to, and how each
input moves each CV.

``python -m supervisor.study``: one question as JSON on stdin, the answer as JSON on stdout. It reads the plant file and
the record, runs the engineer's own functions, and writes nothing; whoever asks may kill it at any time.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal, cast

from constraints.plant import Plant
from controllers.types import Plan
from supervisor.history.pack import StoredCycle
from supervisor.names import refuse_collisions
from supervisor.record import JsonValue

Side = Literal["lo", "hi"]
POINTS = 41
"""Of each curve."""
SETTLED_SHARE = 0.02
"""A step response has settled within this share of its end (the usual 2 % settling time)."""


class StudyError(Exception):
    """The question cannot be answered; the message says why."""


def with_limit(stored: StoredCycle, variable: str, side: Side, value: float) -> StoredCycle:
    """Return ``stored`` with one limit in force changed. Raises StudyError where that cannot be."""
    inputs = stored.replay.inputs
    limits = cast("Mapping[str, tuple[float, float]]", inputs.get("limits") or {})
    if variable not in limits:
        raise StudyError(f"cycle {stored.record.cycle} was stored without the limits of {variable}")
    if not math.isfinite(value):
        raise StudyError(f"{value} is no limit")
    lo, hi = (float(each) for each in limits[variable])
    lo, hi = (value, hi) if side == "lo" else (lo, value)
    if not lo < hi:
        raise StudyError(f"lo {lo:g} would not be below hi {hi:g}")
    changed: dict[str, JsonValue] = {name: list(pair) for name, pair in limits.items()}
    changed[variable] = [lo, hi]
    return replace(stored, replay=replace(stored.replay, inputs={**inputs, "limits": changed}))


def dry_run(plant: Plant, stored: StoredCycle, variable: str, side: Side, value: float) -> dict[str, object]:
    """Return the plan of ``stored`` thought again as it was, and with the limit: ``as_is`` and ``then``.

    Raises StudyError, and ReplayError or MemoryFormatError where the cycle cannot be thought again.
    """
    from controllers.controller import Controller  # noqa: PLC0415 - loads the solvers
    from supervisor.replay import replayed  # noqa: PLC0415

    changed = with_limit(stored, variable, side, value)
    controller = Controller(plant)
    as_is, then = replayed(plant, stored, controller), replayed(plant, changed, controller)
    return {"cycle": stored.record.cycle, "utc_s": stored.record.utc_s, "as_is": _told(as_is), "then": _told(then)}


def curves(plant: Plant) -> list[dict[str, object]]:
    """Return each CV's answer to a unit step of each input that moves it: values over time, gain, dead time, settling.

    Of every kind of model, as the controller itself has it; a gain that varies is that of its reference point.
    """
    import numpy as np  # noqa: PLC0415 - only here

    from controllers.model import Model  # noqa: PLC0415

    model = Model.of(plant)
    settle_s = model.settle_s()
    ahead = np.linspace(0.0, 1.0, POINTS)[:, None] * settle_s[None, :]
    steps = model.steps(ahead)
    level, slope = model.gains()
    pairs = set(zip(model.cv.tolist(), model.source.tolist(), strict=True))
    varying = {(int(model.cv[i]), int(model.source[i])) for i in model.varying.tolist()}
    found: list[dict[str, object]] = []
    for cv, source in sorted(pairs):
        mine = (model.cv == cv) & (model.source == source)
        values, integrates = steps[:, cv, source], bool((model.integrating & mine).any())
        away = np.abs(values - values[-1]) > SETTLED_SHARE * max(float(np.abs(values).max()), 1e-300)
        found.append(
            {
                "cv": model.cvs[cv],
                "source": model.inputs[source],
                "gain": float(slope[cv, source] * 60.0 if integrates else level[cv, source]),
                "integrates": integrates,
                "dead_s": float(model.dead_s[mine].min()),
                "settle_s": None
                if integrates
                else float(ahead[min(int(np.flatnonzero(away)[-1]) + 1, POINTS - 1), cv])
                if away.any()
                else 0.0,
                "varies": (cv, source) in varying,
                "until_s": float(settle_s[cv]),
                "values": [float(each) for each in values],
            }
        )
    return found


def answer(question: Mapping[str, object]) -> object:
    """Return the answer to a question: ``{"ask": "curves" | "dry_run", "plant": path, ...}``. Raises StudyError."""
    from constraints.plantfile import PlantFileError, load_with_functions  # noqa: PLC0415
    from controllers.memory import MemoryFormatError  # noqa: PLC0415
    from controllers.models.arrays import ModelError  # noqa: PLC0415
    from supervisor.history.read import History, HistoryError  # noqa: PLC0415
    from supervisor.replay import ReplayError  # noqa: PLC0415

    try:
        plant = load_with_functions(Path(str(question["plant"]))).plant
        if plant.config_hash != question["config_hash"]:
            raise StudyError("the plant file has changed since these pages were started")
        if question["ask"] == "curves":
            return curves(plant)
        stored = History(str(question["record"])).at(float(cast("float", question["at"])))
        if stored is None:
            raise StudyError("there is no such cycle on record")
        side = cast("Side", question["side"])
        return dry_run(plant, stored, str(question["variable"]), side, float(cast("float", question["value"])))
    except (PlantFileError, MemoryFormatError, ModelError, HistoryError, ReplayError) as error:
        raise StudyError(str(error)) from error


def main(read: Callable[[], str] = sys.stdin.read, say: Callable[[str], object] = print) -> None:
    """Entry of the process: answer one question."""
    refuse_collisions()
    os.nice(10)  # the cycle, and the pages, go first
    try:
        say(json.dumps({"answer": answer(json.loads(read()))}))
    except StudyError as error:
        say(json.dumps({"error": str(error)}))


def _told(plan: Plan) -> dict[str, object]:
    return {
        "status": plan.status.value,
        "why": plan.why,
        "steady": {name: float(value) for name, value in {**plan.u_ss, **plan.y_ss}.items() if math.isfinite(value)},
        "money": plan.objective.get("money"),
        "binding": [asdict(each) for each in plan.binding],
        "give_ups": [{"name": each.name, "rank": each.rank, "amount": each.amount} for each in plan.give_ups],
    }


if __name__ == "__main__":
    main()
