"""The watch over what must never happen bites: given tighter limits than the plant has, it finds what was done."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

from tests.hil.closed_loop import never
from tests.hil.closed_loop.cycles import wrote
from tests.hil.closed_loop.stage import Stage


def test_each_watch_finds_what_it_is_there_for(stage: Stage) -> None:
    control = stage.control
    control.moves(stage.now_utc_s)
    control.armed_until("moves for a while", wrote, stage.now_utc_s + 12.0 * stage.plant.cycle_s)
    actual = dict(stage.plant.envelopes)
    low = {mv: replace(each, hi=each.lo + 0.01 * (each.hi - each.lo)) for mv, each in actual.items()}
    slow = {mv: replace(each, rate_up_per_min=0.0, rate_down_per_min=0.0) for mv, each in actual.items()}
    assert list(never._outside(with_envelopes(stage, low)))
    assert list(never._unearned(with_envelopes(stage, slow), control))
    assert list(never._without_intent(stage, []))
    wide = {mv: replace(each, lo=-math.inf, hi=each.lo, rate_up_per_min=0.0) for mv, each in actual.items()}
    assert list(never._outside(with_envelopes(stage, wide)))


def with_envelopes(stage: Stage, envelopes: dict[str, object]) -> Stage:
    plant = SimpleNamespace(envelopes=envelopes, handshake=stage.plant.handshake)
    return cast("Stage", SimpleNamespace(trace=stage.trace, events=stage.events, plant=plant))
