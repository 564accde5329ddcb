"""Whatever sensors, plans, PLC and people say: nothing raises, and no approval leaves its box or its pace."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controllers.types import Plan, PlanStatus
from safety.signals import Mode, Quality, Reading
from supervisor.alarms import changes
from tests.supervisor.walk import CYCLE_S, START, Walk, demo_plant

BOUNDED = settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=False
)
MVS = tuple(START)
TAGS = sorted(point.tag for point in demo_plant().points_read())


@cache
def _closed() -> Walk:
    return Walk().closed()


def fresh_walk() -> Walk:
    """A walk in closed loop of its own, without the forty cycles that lead there."""
    walk = copy.copy(_closed())
    walk.plc, walk.sensors = replace(walk.plc, setpoints=dict(walk.plc.setpoints)), dict(walk.sensors)
    walk.bad, walk.held, walk.links = {}, {}, dict(walk.links)
    walk.steps = []
    return walk


numbers = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from(
    [0.0, 150.0, 195.0, 205.0, 205.00001, 3800.0, 95.0, math.nan, math.inf, -math.inf, 1e300, 5e-324]
)
plans = st.builds(
    lambda status, moves, shift: (status, moves, shift),
    st.sampled_from(PlanStatus),
    st.dictionaries(st.sampled_from([*MVS, "T_out", "nobody"]), numbers),
    st.sampled_from([0, 0, 0, 0, -1, 1]),
)
readings = st.builds(
    Reading,
    value=numbers,
    quality=st.sampled_from([Quality.GOOD, Quality.GOOD, Quality.UNCERTAIN, Quality.BAD]),
    source_utc_s=st.none() | st.floats(allow_nan=True, allow_infinity=True) | st.just(1_795_546_800.0),
    received_at_s=st.just(0.0),
    why=st.sampled_from(["", "comm", "forced", "late", "anything"]),
)
worlds = st.dictionaries(st.sampled_from(TAGS), st.none() | readings, max_size=4)
setpoints = st.dictionaries(st.sampled_from(MVS), st.floats(-1e4, 1e4), max_size=1)
cycles = st.lists(st.tuples(plans, worlds, setpoints, st.sampled_from([0.0, 0.0, 0.0, 5.0, 13.0, 40.0])), max_size=5)


def made(given_plan):
    status, moves, shift = given_plan
    return lambda view: Plan(cycle=view.inputs.cycle + shift, status=status, moves=moves)


def check(walk, step):
    """Every approval: inside the envelope, inside the operator's range or not further out, no faster than its pace."""
    if step.intent is None:
        return
    rules = walk.rules.gate.mvs
    for mv, value in step.intent.setpoints.items():
        envelope, actual = rules[mv].envelope, step.decision.snapshot.readings[f"{mv}.actual"].value
        lo, hi = step.view.inputs.limits[mv]
        assert math.isfinite(value)
        assert envelope.lo <= value <= envelope.hi
        tolerance = 1e-6 * abs(actual)  # standing still between two float32 goes to the nearer one
        assert min(lo, actual) - tolerance <= value <= max(hi, actual) + tolerance
        pace = CYCLE_S / 60.0 * 1.11
        assert value - actual <= envelope.rate_up_per_min * pace + tolerance
        assert actual - value <= envelope.rate_down_per_min * pace + tolerance


@BOUNDED
@given(cycles)
def test_no_snapshot_and_no_plan_get_anything_past(turns):
    walk = fresh_walk()
    for plan, bad, moved, late_s in turns:
        walk.bad = bad
        walk.plc.setpoints |= moved
        step = walk.cycle(plan=made(plan), late_s=late_s)
        check(walk, step)
        if step.mode is not Mode.CLOSED_LOOP:
            assert step.intent is None


@BOUNDED
@given(st.lists(plans, min_size=4, max_size=8))
def test_no_plan_alone_ends_closed_loop_unless_there_is_none(given_plans):
    """Garbage from the controller costs moves, not the loop: it is refused or cut, and the plant stands."""
    walk = fresh_walk()
    misses = 0
    for plan in given_plans:
        step = walk.cycle(plan=made(plan))
        misses = 0 if plan[0] is PlanStatus.OK and plan[2] == 0 else misses + 1
        assert (step.mode is Mode.CLOSED_LOOP) is (misses < 3)
        check(walk, step)
        if misses == 3:
            return
        assert not step.refusals - {"not_finite", "clock", "cycle"}


actions = st.sampled_from(["mode", "limit", "reset", "acknowledge", "prices", "limits_schedule"])
asked = st.lists(
    st.tuples(
        actions,
        st.sampled_from(["viewer", "operator", "energy_manager", "engineer", "admin", "calendar"]),
        st.booleans(),
        st.none() | st.sampled_from(Mode),
        st.none() | st.sampled_from([*MVS, "moist", "P_fan", "nothing"]),
        st.none() | st.sampled_from(["lo", "hi"]),
        st.none() | numbers,
        st.none() | st.sampled_from(["Exhaust over-temperature", "nothing"]),
    ),
    max_size=4,
)


@BOUNDED
@given(st.lists(asked, min_size=1, max_size=5))
def test_whatever_people_ask_each_is_answered_once_and_no_limit_leaves_engineering(turns):
    walk = fresh_walk()
    plant = demo_plant()
    for batch in turns:
        requests = [
            walk.request(a, role=r, confirmed=c, mode=m, variable=v, side=s, value=n, interlock=i)
            for a, r, c, m, v, s, n, i in batch
        ]
        step = walk.cycle(*requests)
        assert sorted(each.id for each in step.decision.answers) == sorted(each.id for each in requests)
        if any(request.mode is Mode.OFF and request.action == "mode" for request in requests):
            assert step.mode is Mode.OFF
        for name, (lo, hi) in walk.cycle().view.inputs.limits.items():
            spec = plant.mvs.get(name) or plant.cvs[name]
            assert spec.limits.engineering[0] <= lo <= hi <= spec.limits.engineering[1]


standings = st.dictionaries(
    st.tuples(st.sampled_from(["link", "tag", "shed"]), st.sampled_from(["a", "b"])),
    st.tuples(st.just("low"), st.text()),
)


@BOUNDED
@given(standings, standings)
def test_alarms_come_and_go_by_their_cause(before, now):
    found = changes(before, now)
    state = {*before}
    for alarm in found:
        key = (alarm.code, alarm.subject)
        if alarm.state == "active":
            assert key not in state
            state.add(key)
        else:
            state.remove(key)
    assert state == {*now}
