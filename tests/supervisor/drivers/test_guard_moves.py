"""What the guard asks of each move: at every limit, exactly there and one unit in the last place beyond."""

from __future__ import annotations

import math
import struct

import pytest

from safety.encoding import Encoding
from supervisor.drivers.guard_ledger import Write
from supervisor.drivers.guard_rules import Schedule
from tests.supervisor.drivers.guard_bench import (
    F64,
    INF,
    NOW_S,
    codes,
    down,
    evidence,
    rules,
    seen,
    sending,
    snapshot,
    up,
    with_entry,
)  # fmt: skip

HALVES = Encoding("int16", "ABCD", 0.5)


def judged(value: float, *, given=None, known=None, full=False, **limits) -> list[str]:
    """MV ``t`` from 180 to ``value``; it travels as float64, so that every number can be sent."""
    by = rules(full=full, t={"encoding": F64, **limits})
    return codes(sending({"t": value}, by), by=by, given=given, known=known)


def stepped(lo: float, hi: float | None = None, at_s: float = 500.0, **changes):
    return with_entry(writes=(Write(at_s, lo, lo if hi is None else hi),), expected=None, **changes)


EDGES = [
    ("range_hi", {"hi": 200.0}, 200.0, 1),
    ("range_lo", {"lo": 170.0}, 170.0, -1),
    ("step_up", {"step_up": 2.0}, 182.0, 1),
    ("step_down", {"step_down": 3.0}, 177.0, -1),
    ("window", {"window_delta": 4.0}, 184.0, 1),
    ("window", {"window_delta": 4.0}, 176.0, -1),
    ("distance", {"readback": "T.x", "distance": 10.0}, 185.0, 1),
    ("distance", {"readback": "T.x", "distance": 10.0}, 165.0, -1),
    ("scheduled_hi", {"schedule": Schedule("X.x", ((0.0, 0.0, 190.0), (10.0, 0.0, 210.0)))}, 200.0, 1),
    ("scheduled_lo", {"schedule": Schedule("X.x", ((0.0, 150.0, 500.0), (10.0, 170.0, 500.0)))}, 160.0, -1),
]  # fmt: skip


@pytest.mark.parametrize(("code", "limit", "edge", "way"), EDGES)
def test_i01_i08_up_to_each_limit_and_not_one_bit_further(code, limit, edge, way):
    given = seen(T_x=175.0, X_x=5.0)
    assert judged(edge, given=given, **limit) == []
    beyond = up(edge) if way > 0 else down(edge)
    assert judged(beyond, given=given, **limit) == [f"{code} t"]


@pytest.mark.parametrize("limit", [
    {"lo": math.nan}, {"hi": math.nan}, {"step_up": math.nan}, {"step_down": math.nan}, {"window_delta": math.nan},
    {"rate_up_per_min": math.nan}, {"distance": math.nan, "readback": "T.x"},
    {"schedule": Schedule("X.x", ((0.0, math.nan, 500.0), (10.0, 0.0, 500.0)))},
    {"schedule": Schedule("X.x", ((0.0, 0.0, math.nan), (10.0, 0.0, 500.0)))},
])  # fmt: skip
def test_i28_a_limit_that_is_no_number_passes_nothing_that_moves_against_it(limit):
    """A fall meets no rate upward; so here the move is up, and a schedule that is no number stops going out."""
    down_too = limit.get("schedule") is not None and math.isnan(limit["schedule"].points[0][1])
    assert judged(179.0 if down_too else 181.0, given=seen(T_x=175.0, X_x=5.0), **limit) != []


@pytest.mark.parametrize("limit", [{"lo": -INF}, {"hi": INF}, {"lo": math.nan}])
def test_i01_without_finite_limits_nothing_is_written(limit):
    assert "no_limits t" in judged(180.0, **limit)


@pytest.mark.parametrize("bad", [math.nan, INF, -INF])
def test_i03_bytes_that_are_no_finite_number(bad):
    assert judged(180.0) == []
    by = rules(full=False)
    assert codes(sending({"t": struct.pack(">f", bad)}, by), by=by) == ["encoding t"]
    assert codes(sending({"t": b"\0\0\0"}, by), by=by) == ["encoding t"]


def test_with_the_full_handshake_only_what_a_real_holds():
    assert judged(180.5, full=True) == []
    assert judged(up(180.5), full=True) == ["encoding t"]
    assert judged(up(180.5)) == []


def test_what_stands_beyond_the_encoding_cannot_be_moved_from():
    by = rules(t={"encoding": Encoding("uint16", "ABCD", 0.5)})
    assert codes(
        sending({"t": 10.0}, by), by=by, given=seen(t_actual=-1.0), known=with_entry(expected=None, writes=())
    ) == ["encoding t"]


SCHEDULE = {"schedule": Schedule("X.x", ((0.0, 150.0, 170.0), (10.0, 150.0, 170.0)))}
LOW_SCHEDULE = {"schedule": Schedule("X.x", ((0.0, 190.0, 300.0), (10.0, 190.0, 300.0)))}


@pytest.mark.parametrize(("value", "limits", "found"), [
    (180.0, SCHEDULE, []), (175.0, SCHEDULE, []), (up(180.0), SCHEDULE, ["scheduled_hi t"]),
    (180.0, LOW_SCHEDULE, []), (185.0, LOW_SCHEDULE, []), (down(180.0), LOW_SCHEDULE, ["scheduled_lo t"]),
])  # fmt: skip
def test_beyond_a_scheduled_limit_a_setpoint_may_come_back_and_not_go_out(value, limits, found):
    assert judged(value, given=seen(X_x=5.0), **limits) == found


@pytest.mark.parametrize(("value", "limits", "found"), [
    (182.0, {"step_up": 2.0}, ["step_up t"]), (181.0, {"step_up": 2.0}, []),
    (177.0, {"step_down": 2.0}, ["step_down t"]), (178.0, {"step_down": 2.0}, []),
])  # fmt: skip
def test_i08_a_step_counts_from_the_worst_place_where_the_last_write_may_stand(value, limits, found):
    """It stands at 180, or anywhere from 179 to 180: both ends count. Older writes do not."""
    known = stepped(179.0, 180.0)
    assert judged(value, known=known, **limits) == found
    older = with_entry(writes=(Write(400.0, 100.0, 300.0), Write(500.0, 180.0, 180.0)), expected=None)
    assert judged(182.0, known=older, step_up=2.0) == []


def test_i08_what_stands_in_the_loop_counts_beside_the_last_write():
    known = with_entry(expected=None, writes=(Write(900.0, 180.0, 182.0),))
    assert judged(181.0, known=known, step_up=1.0) == []
    assert judged(181.5, known=known, step_up=1.0) == ["step_up t"]


@pytest.mark.parametrize(("at_s", "counts"), [(NOW_S - 300.0, True), (down(NOW_S - 300.0), False)])
def test_i08_the_window_counts_what_was_written_since_and_what_stood_then(at_s, counts):
    """The write of 120 stood when the window began, unless the next one came by then."""
    writes = (Write(100.0, 120.0, 120.0), Write(at_s, 179.0, 181.0), Write(900.0, 180.0, 180.0))
    found = judged(180.0, known=with_entry(writes=writes), window_delta=5.0)
    assert found == (["window t"] if counts else [])


def test_i08_the_window_looks_at_both_ends_of_a_write():
    for lo, hi in ((174.0, 180.0), (180.0, 186.0)):
        known = with_entry(writes=(Write(900.0, lo, hi), Write(990.0, 180.0, 180.0)))
        assert judged(180.0, known=known, window_delta=5.0) == ["window t"]
        assert judged(180.0, known=known, window_delta=6.0) == []


def test_nothing_written_is_no_window():
    assert judged(199.0, known=with_entry(writes=()), window_delta=1.0) == []


@pytest.mark.parametrize(("value", "cost_s", "limits"), [
    (182.0, 30.0, {"rate_up_per_min": 4.0}), (178.0, 60.0, {"rate_down_per_min": 2.0}),
])  # fmt: skip
def test_i08_the_rate_is_an_account_of_time(value, cost_s, limits):
    """Two units at 4 a minute cost 30 s; up to 1.5 s may be owed."""
    edge_s = NOW_S + 1.5 - cost_s
    assert judged(value, known=with_entry(paid_until_s=edge_s), **limits) == []
    assert judged(value, known=with_entry(paid_until_s=edge_s + 1e-9), **limits) == ["rate t"]


def test_i08_a_setpoint_at_rest_saves_up_no_more_than_one_step():
    known = with_entry(writes=(Write(NOW_S - 10.0, 180.0, 180.0),), paid_until_s=0.0)
    assert judged(180.76, known=known, rate_up_per_min=4.0) == []
    assert judged(180.77, known=known, rate_up_per_min=4.0) == ["rate t"]


def test_i08_each_way_has_its_own_rate_and_the_costlier_counts():
    known = stepped(178.0, 182.0)  # unknown: up 3 and down 1 at the same time
    assert judged(181.0, known=known, rate_up_per_min=0.4, rate_down_per_min=6000.0) == []
    slow = stepped(178.0, 182.0, paid_until_s=900.0)
    assert judged(181.0, known=slow, rate_up_per_min=6000.0, rate_down_per_min=0.5) == ["rate t"]
    assert judged(181.0, known=slow, rate_up_per_min=1.0, rate_down_per_min=6000.0) == ["rate t"]


def test_a_rate_of_nothing_lets_nothing_pass_that_way():
    assert judged(180.5, rate_up_per_min=0.0) == ["rate t"]
    assert judged(179.5, rate_up_per_min=0.0) == []
    assert judged(179.5, rate_down_per_min=0.0) == ["rate t"]
    assert judged(180.0, rate_up_per_min=0.0, rate_down_per_min=0.0) == []


@pytest.mark.parametrize(("value", "found"), [(180.0, []), (180.5, ["first_move t"]), (179.5, ["first_move t"])])
def test_i15_the_first_move_stands_still(value, found):
    assert codes(sending({"t": value}), known=with_entry(paid_until_s=None)) == found


@pytest.mark.parametrize(("value", "found"), [
    (180.0, []), (180.5, []), (179.5, ["first_move t"]), (181.0, ["first_move t"]),
])  # fmt: skip
def test_i15_standing_still_is_either_neighbour_of_what_cannot_be_written(value, found):
    by = rules(t={"encoding": HALVES})
    known = with_entry(paid_until_s=None, expected=None)
    assert codes(sending({"t": value}, by), by=by, given=seen(t_actual=180.2), known=known) == found


def test_a_difference_below_a_millionth_of_the_resolution_is_none():
    by = rules(t={"encoding": HALVES})
    known = with_entry(paid_until_s=None, expected=None)
    for actual, found in ((180.0 + 0.4e-6, ["first_move t"]), (180.0 + 0.6e-6, [])):
        assert codes(sending({"t": 180.5}, by), by=by, given=seen(t_actual=actual), known=known) == found


@pytest.mark.parametrize("ask", [{"action": "hold"}, {"watchdog": "hold"}])
def test_i21_hold_lets_only_what_stands_still_pass(ask):
    code = "interlock t" if "action" in ask else "watchdog t"
    assert codes(sending({"t": 180.0}), given=evidence(**ask)) == []
    assert codes(sending({"t": 180.5}), given=evidence(**ask)) == [code]
    assert codes(sending({"t": 179.5}), given=evidence(**ask)) == [code]


@pytest.mark.parametrize(("value", "safe", "found"), [
    (170.0, 160.0, []), (160.0, 160.0, []), (180.0, 160.0, []), (181.0, 160.0, ["interlock t"]),
    (159.5, 160.0, ["interlock t"]), (190.0, 200.0, []), (200.0, 200.0, []), (200.5, 200.0, ["interlock t"]),
    (179.5, 200.0, ["interlock t"]), (170.0, None, ["interlock t"]), (180.0, None, []),
])  # fmt: skip
def test_i21_ramp_leads_to_the_safe_value_and_nowhere_else(value, safe, found):
    by = rules(t={"safe_value": safe})
    assert codes(sending({"t": value}, by), by=by, given=evidence(action="ramp")) == found


@pytest.mark.parametrize(("value", "ups", "downs"), [(180.5, ["t"], []), (179.5, [], ["t"]), (180.0, [], [])])
def test_blocked_ways(value, ups, downs):
    both = evidence(blocked_up=frozenset({"t"}), blocked_down=frozenset({"t"}))
    expected = [f"blocked_up {mv}" for mv in ups] + [f"blocked_down {mv}" for mv in downs]
    assert codes(sending({"t": value}), given=both) == expected
    other = evidence(blocked_up=frozenset({"f"}), blocked_down=frozenset({"f"}))
    assert codes(sending({"t": value}), given=other) == []


@pytest.mark.parametrize("shown", [1.0, 0.5, None, -1.0])
def test_a_loop_that_cannot_follow_is_not_pushed_further(shown):
    by = rules(t={"windup_hi": "t.wound", "windup_lo": "t.wound"})
    for value, code in ((180.5, ["windup_hi t"]), (179.5, ["windup_lo t"]), (180.0, [])):
        assert codes(sending({"t": value}, by), by=by, given=seen(t_wound=shown)) == code
        assert codes(sending({"t": value}, by), by=by, given=seen(t_wound=0.0)) == []


@pytest.mark.parametrize(
    ("actual", "value", "found"),
    [
        (180.2, 180.0, ["blocked_down t"]), (180.2, 180.5, ["blocked_up t"]),
        (180.0 + 0.4e-6, 180.0, []), (180.5 - 0.4e-6, 180.5, []), (180.0, 180.0, []),
    ],
)  # fmt: skip
def test_to_the_neighbour_of_what_cannot_be_written_is_a_way_too(actual, value, found):
    """Steps of 0.5; what is a millionth of that off is not off."""
    by = rules(t={"encoding": HALVES})
    both = {"blocked_up": frozenset({"t"}), "blocked_down": frozenset({"t"})}
    given = evidence(snapshot=snapshot(t_actual=actual), **both)
    assert codes(sending({"t": value}, by), by=by, given=given, known=with_entry(expected=None, writes=())) == found


def test_i11_a_write_of_unknown_outcome_comes_first():
    assert codes(given=evidence(unresolved=frozenset({"t"}))) == ["unresolved t"]
    assert codes(given=evidence(unresolved=frozenset({"f"}))) == []


def test_a_now_that_passes_decides_nothing_by_itself():
    assert judged(181.0, known=with_entry(paid_until_s=math.nan)) == ["rate t"]
