"""``setwise advise``: what the operator says to the advice, MV by MV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from supervisor.cli.about import About
from supervisor.cli.console import fail, say, say_json
from supervisor.cli.exits import Exit
from supervisor.cli.records import stored_cycle
from supervisor.cli.requests import asked, blank
from supervisor.cli.which import site_of
from supervisor.sentences import reason as reason_words

VERDICTS = ("accept", "reject")


def answer_advice(verdict: str, name: str, reason: str, about: About, *, as_json: bool) -> None:
    """Accept or reject the setpoints of the last cycle on record, all or that of ``name``."""
    if verdict not in VERDICTS:
        fail(Exit.USAGE, f"'{verdict}': say accept or reject")
    site = site_of(about)
    record = stored_cycle(site).record
    moves = cast("Mapping[str, float]", record.plan.get("moves") or {})
    chosen = {mv: value for mv, value in moves.items() if name in ("", mv)}
    if not chosen:
        fail(Exit.FINDING, f"nothing is advised{f' for {name}' if name else ''} in cycle {record.cycle}")
    answers = {}
    for mv, value in chosen.items():
        request = replace(blank(f"advice_{verdict}", reason), variable=mv, value=value, saw_cycle=record.cycle)
        answers[mv] = asked(request, about)
    if as_json:
        say_json({mv: {"accepted": each.accepted, "why": each.why} for mv, each in answers.items()})
    else:
        for mv, each in answers.items():
            noted = "noted" if each.accepted else f"refused: {reason_words(each.why)}"
            say(f"{mv} {chosen[mv]:.5g}: {noted}")
    if not all(each.accepted for each in answers.values()):
        raise SystemExit(int(Exit.REFUSED))
