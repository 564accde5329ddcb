"""The figures of a run, against traces small enough to work out by hand."""

from __future__ import annotations

import pytest

from hil.demo.score import Reference, TraceRow, score, settled

HARD = {"moist": (2.0, 5.0), "sp": (160.0, 200.0)}


def row(minute, eur=100.0, moist=3.6, sp=180.0, *, closed=True):
    return TraceRow(minute, {"moist": moist}, {"sp": sp}, eur, closed)


def scored(trace, **changes):
    given = {
        "reference": lambda _: Reference(120.0, 80.0),
        "zone": lambda _: (3.2, 4.0),
        "hard": HARD,
        "spans": {"sp": 20.0},
        "changes": [],
        "climbs": [],
        "settle_min": 10.0,
        "climb_min": 16.0,
    }
    return score(trace, **{**given, **changes})


def test_the_gain_is_a_part_of_what_the_optimum_offers():
    found = scored([row(0, 110.0), row(1, 100.0)])
    assert found.economic_gain_fraction == pytest.approx((30.0 + 20.0) / 80.0)
    assert (found.eur_per_h_baseline, found.eur_per_h_optimum, found.eur_per_h_closed_loop) == (80.0, 120.0, 105.0)


def test_only_closed_loop_counts_for_the_gain():
    found = scored([row(0, 80.0, closed=False), row(1, 120.0)])
    assert found.economic_gain_fraction == pytest.approx(1.0)
    assert scored([row(0, 120.0, closed=False)]).economic_gain_fraction == 0.0


def test_a_climb_counts_in_the_one_figure_and_not_in_the_other():
    found = scored([row(5, 80.0), row(20, 120.0)], climbs=[0.0])
    assert found.economic_gain_fraction == pytest.approx(1.0)
    assert found.economic_gain_fraction_all == pytest.approx(0.5)


def test_what_earns_less_than_the_operators_counts_against_it():
    assert scored([row(0, 70.0)]).economic_gain_fraction == pytest.approx(-0.25)


def test_each_situation_has_its_own_reference():
    found = scored([row(0, 110.0), row(1, 110.0)], reference=lambda r: Reference(120.0 + 40.0 * r.minute, 80.0))
    assert found.economic_gain_fraction == pytest.approx(60.0 / 120.0)


@pytest.mark.parametrize(
    ("values", "broken"),
    [
        ({}, 0),
        ({"moist": 5.0}, 0),
        ({"moist": 5.001}, 1),
        ({"moist": 1.9}, 1),
        ({"sp": 200.1}, 1),
        ({"moist": 5.1, "sp": 150.0}, 1),
        ({"moist": float("nan")}, 1),
    ],
)
@pytest.mark.parametrize("closed", [True, False])
def test_a_hard_limit_is_broken_by_the_row(values, broken, closed):
    assert scored([row(0), row(1, **values, closed=closed)]).hard_limit_violations == broken


def test_the_zone_leaves_the_minutes_after_a_change_out():
    trace = [row(0), row(4, moist=4.5), row(9.9, moist=4.5), row(10, moist=4.5), row(11)]
    assert scored(trace).cv_in_zone_fraction == pytest.approx(2 / 5)
    assert scored(trace, changes=[0.0]).cv_in_zone_fraction == pytest.approx(1 / 2)
    assert scored([row(1)], changes=[0.0]).cv_in_zone_fraction == 0.0  # nothing judged is no success


def test_moves_and_travel():
    found = scored([row(0), row(1, sp=184.0), row(2, sp=184.0), row(3, sp=179.0)])
    assert found.moves == 2
    assert found.travel_spans == {"sp": pytest.approx(9.0 / 20.0)}


@pytest.mark.parametrize(("minute", "expected"), [(0.0, False), (9.99, False), (10.0, True), (-1.0, True)])
def test_settled(minute, expected):
    assert settled(minute, [0.0], 10.0) is expected


def test_no_trace_at_all_is_no_success():
    found = scored([])
    assert (found.economic_gain_fraction, found.cv_in_zone_fraction, found.moves) == (0.0, 0.0, 0)
