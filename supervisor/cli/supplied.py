"""``setwise lab`` and ``setwise target``: a person gives control a laboratory value, or a target for a time."""

from __future__ import annotations

import math
from dataclasses import replace

from constraints.plant import Plant
from constraints.plantfile.units import UnitError, seconds
from supervisor.cli.about import About
from supervisor.cli.console import fail, say, say_json
from supervisor.cli.exits import Exit
from supervisor.cli.records import local, plant_time, stored_cycle
from supervisor.cli.requests import ANSWER_S_MAX, asked, blank
from supervisor.cli.which import one
from supervisor.record import Request
from supervisor.site import Site
from supervisor.supplied_words import words

ANSWER_CYCLES = 4.0
"""A laboratory value is taken in one cycle and judged in the next."""


def give_lab(cv: str, value: float, sampled: str, reason: str, about: About, *, as_json: bool) -> None:
    """Give a laboratory value of ``cv``, sampled at plant time ``sampled``; say what became of it."""
    site, plant = one(about)
    _known(cv, list(plant.cvs), "CV")
    _finite(value)
    if not sampled:
        fail(Exit.USAGE, 'say when the sample was taken: --sampled 08:00, or --sampled "2026-11-28 08:00"')
    clock = sampled if any(mark in sampled for mark in "T ") or sampled.count(":") != 1 else f"{sampled}:00"
    now_utc_s = stored_cycle(site).record.utc_s
    sampled_utc_s = plant_time(clock, plant, now_utc_s)
    request = replace(blank("lab", reason), variable=cv, value=value, sampled_utc_s=sampled_utc_s)
    said = f"{cv} {value:g} {plant.cvs[cv].unit}, sampled {local(sampled_utc_s, plant)}"
    rule = plant.cvs[cv].lab
    if rule is not None:
        said += f"; {rule.share:.0%} of the difference is corrected over {rule.ramp_s / 60.0:g} min"
    _ask(request, plant, _named(about, site), said, as_json=as_json)


def change_target(
    name: str,
    value: float | None,
    lasting: str,
    reason: str,
    about: About,
    *,
    end: bool,
    as_json: bool,
) -> None:
    """Set a target of an MV or CV for as long as ``lasting`` says, a time as the plant file writes it; or end it."""
    site, plant = one(about)
    _known(name, [*plant.cvs, *plant.mvs], "CV or MV")
    if end and (value is not None or lasting):
        fail(Exit.USAGE, "--end ends a target now; it goes without a value and without --for")
    if end:
        request = replace(blank("target_end", reason), variable=name)
        _ask(request, plant, _named(about, site), f"{name} has no target of a person any more", as_json=as_json)
        return
    if value is None:
        fail(Exit.USAGE, f"give the target: setwise target {name} VALUE --for 2h; or --end")
    _finite(value)
    if not lasting:
        fail(Exit.USAGE, "say for how long: --for 2h; it ends by itself, or with --end")
    try:
        lasts_s = seconds(lasting)
    except UnitError as error:
        fail(Exit.USAGE, f"'{lasting}' is no time: {error.message}; write 45 min, 2h, or seconds")
    if not 0.0 < lasts_s < math.inf:
        fail(Exit.USAGE, f"'{lasting}' is no time for a target; to end one: --end")
    request = replace(blank("target", reason), variable=name, value=value, lasts_s=lasts_s)
    unit = plant.mvs[name].unit if name in plant.mvs else plant.cvs[name].unit
    _ask(request, plant, _named(about, site), f"{name} {value:g} {unit} for {lasting}", as_json=as_json)


def _ask(request: Request, plant: Plant, about: About, said: str, *, as_json: bool) -> None:
    answer = asked(request, about, wait_s=max(ANSWER_S_MAX, ANSWER_CYCLES * plant.cycle_s))
    why = words(answer.why, plant, request.variable or "")
    if as_json:
        say_json({"accepted": answer.accepted, "why": answer.why, "id": answer.id, "words": why})
    else:
        say(f"accepted: {said}" if answer.accepted else f"refused: {answer.why}: {why}")
    if not answer.accepted:
        raise SystemExit(int(Exit.REFUSED))


def _named(about: About, site: Site) -> About:
    return replace(about, controller=site.controller)


def _known(name: str, names: list[str], kind: str) -> None:
    if name not in names:
        fail(Exit.USAGE, f"'{name}' is no {kind}: {', '.join(names)}")


def _finite(value: float) -> None:
    if not math.isfinite(value):
        fail(Exit.USAGE, f"'{value}' is no value: give a number in the variable's unit")
