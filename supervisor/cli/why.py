"""``setwise why``: one decision record, in words or as data."""

from __future__ import annotations

from typing import cast

from constraints.plant import Plant
from controllers.explain import relief_sentences, sentences
from controllers.memory import MemoryFormatError
from supervisor.cli.about import About
from supervisor.cli.console import fail, say, say_json
from supervisor.cli.exits import Exit
from supervisor.cli.records import local, plant_time, stored_cycle
from supervisor.cli.status import status_json
from supervisor.cli.which import one
from supervisor.history.pack import StoredCycle
from supervisor.plans import StoredPlan, plan_of
from supervisor.record import CycleRecord
from supervisor.sentences import bypass_words, mode_sentence, refusal_sentence
from supervisor.supplied_words import supplied_lines


def show_why(about: About, at: str | None, cycle: int | None, *, as_json: bool, what_if: bool = False) -> None:
    """Print why the controller moved, or did not, in one cycle; with ``what_if`` also what more room would earn."""
    site, plant = one(about)
    utc_s = plant_time(at, plant, stored_cycle(site).record.utc_s) if at is not None else None
    stored = stored_cycle(site, utc_s, cycle)
    record = stored.record
    lines = why_lines(plant, record)
    if what_if:
        lines += _what_if(plant, stored)
    if as_json:
        say_json({**status_json(record, running=False), "sentences": list(lines)})
        return
    say(f"cycle {record.cycle} at {local(record.utc_s, plant)}")
    for line in lines:
        say(f"- {line}")


def _what_if(plant: Plant, stored: StoredCycle) -> tuple[str, ...]:
    """Return what more room would earn, found by thinking the recorded cycle again."""
    from supervisor.replay import ReplayError, explored  # noqa: PLC0415 - loads the solvers, some seconds

    try:
        plan = explored(plant, stored)
    except (ReplayError, MemoryFormatError) as error:
        fail(Exit.FINDING, f"this cycle cannot be thought again: {error}")
    return relief_sentences(plan, plant) or ("No single limit with more room would earn more.",)


def why_lines(plant: Plant, record: CycleRecord) -> tuple[str, ...]:
    """Return the decision record as sentences: mode, plan, gate, write."""
    lines = [mode_sentence(record.mode)]
    lines += sentences(plan_of(cast("StoredPlan", record.plan), record.cycle), plant)
    lines += [refusal_sentence(each) for each in record.refusals]
    lines += [f"Interlock '{name}' is tripped." for name in record.trips]
    for name, bypassed in record.bypassed.items():
        lines.append(f"Interlock '{name}' is {bypass_words(bypassed, record.utc_s, plant.timezone)}.")
    members = {each.name: each.vote.of for each in plant.derived if each.vote is not None}
    for tag, used in record.votes.items():
        if set(used) != set(members.get(tag, used)):
            lines.append(f"{tag} is made of {', '.join(used)}." if used else f"{tag}: its members could not decide.")
    lines += supplied_lines(plant, record)
    for receipt in record.receipts:
        standing = f", {receipt.actual:.5g} stands there" if receipt.actual is not None else ""
        why = f" ({receipt.why})" if receipt.why else ""
        lines.append(f"{receipt.mv}: {receipt.value:.5g} was {receipt.outcome}{standing}{why}.")
    return tuple(lines)
