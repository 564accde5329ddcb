"""``setwise why``: one decision record, in words or as data."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from constraints.plant import Plant
from controllers.explain import sentences
from supervisor.cli.console import say, say_json
from supervisor.cli.records import local, plant_of, plant_time, stored_cycle
from supervisor.cli.status import status_json
from supervisor.plans import StoredPlan, plan_of
from supervisor.record import CycleRecord
from supervisor.sentences import bypass_words, mode_sentence, refusal_sentence
from supervisor.site import Site


def show_why(plant_path: Path, data: Path | None, at: str | None, cycle: int | None, *, as_json: bool) -> None:
    """Print why the controller moved, or did not, in one cycle."""
    site, plant = Site.of(plant_path, data), plant_of(plant_path)
    utc_s = plant_time(at, plant, stored_cycle(site).record.utc_s) if at is not None else None
    record = stored_cycle(site, utc_s, cycle).record
    if as_json:
        say_json({**status_json(record, running=False), "sentences": list(why_lines(plant, record))})
        return
    say(f"cycle {record.cycle} at {local(record.utc_s, plant)}")
    for line in why_lines(plant, record):
        say(f"- {line}")


def why_lines(plant: Plant, record: CycleRecord) -> tuple[str, ...]:
    """Return the decision record as sentences: mode, plan, gate, write."""
    lines = [mode_sentence(record.mode)]
    lines += sentences(plan_of(cast("StoredPlan", record.plan), record.cycle), plant)
    lines += [refusal_sentence(each) for each in record.refusals]
    lines += [f"Interlock '{name}' is tripped." for name in record.trips]
    for name, bypassed in record.bypassed.items():
        lines.append(f"Interlock '{name}' is {bypass_words(bypassed, record.utc_s, plant.timezone)}.")
    for receipt in record.receipts:
        standing = f", {receipt.actual:.5g} stands there" if receipt.actual is not None else ""
        why = f" ({receipt.why})" if receipt.why else ""
        lines.append(f"{receipt.mv}: {receipt.value:.5g} was {receipt.outcome}{standing}{why}.")
    return tuple(lines)
