"""What persons say to the advice."""

import math
from dataclasses import replace

import pytest

from safety.signals import Instant, Mode
from supervisor.advice import KEPT_S, answered, standing
from supervisor.record import Request
from tests.supervisor.walk import demo_plant

AT = Instant(mono_s=50.0, utc_s=1_000_000.0)


def request(**changed):
    made = Request(
        id="1", action="advice_accept", who="j.kern", role="operator", why="", asked_utc_s=0.0, expires_utc_s=60.0,
        saw_cycle=7, variable="T_in_sp", value=186.5,
    )  # fmt: skip
    return replace(made, **changed)


def test_an_accepted_advice_stays_with_who_and_when():
    advice, why = answered(demo_plant(), request(), Mode.ADVISORY, AT, {})
    assert (why, advice["T_in_sp"].value, advice["T_in_sp"].who, advice["T_in_sp"].accepted) == (
        "",
        186.5,
        "j.kern",
        True,
    )


@pytest.mark.parametrize(
    ("changed", "mode", "why"),
    [
        ({"role": "viewer"}, Mode.ADVISORY, "role"),
        ({}, Mode.CLOSED_LOOP, "not_advising"),
        ({}, Mode.MONITOR, "not_advising"),
        ({"variable": "nothing"}, Mode.ADVISORY, "unknown_variable"),
        ({"variable": None}, Mode.ADVISORY, "unknown_variable"),
        ({"value": None}, Mode.ADVISORY, "not_a_number"),
        ({"value": math.nan}, Mode.ADVISORY, "not_a_number"),
        ({"action": "advice_reject", "why": "  "}, Mode.ADVISORY, "no_remark"),
    ],
)
def test_what_is_not_taken_changes_nothing(changed, mode, why):
    assert answered(demo_plant(), request(**changed), mode, AT, {}) == ({}, why)


def test_it_counts_for_an_hour_and_only_while_advising():
    advice, _ = answered(demo_plant(), request(), Mode.ADVISORY, AT, {})
    later = Instant(AT.mono_s, AT.utc_s + KEPT_S)
    assert standing(advice, Mode.ADVISORY, later) == advice
    assert standing(advice, Mode.ADVISORY, Instant(later.mono_s, later.utc_s + 1.0)) == {}
    assert standing(advice, Mode.CLOSED_LOOP, AT) == {}
