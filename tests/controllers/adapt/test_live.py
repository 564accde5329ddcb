from __future__ import annotations

import itertools
import math
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.adapt.economics import Economics
from controllers.adapt.kept import Kept, packed, unpacked
from controllers.adapt.live import Adaptation
from controllers.adapt.said import CODES
from controllers.controller import Controller
from controllers.explain import sentences
from controllers.memory import Memory
from controllers.model import Model
from controllers.types import PlanStatus
from safety.signals import CvStatus, MvStatus
from tests.controllers.adapt.adapted import MONEY, TWO_MONEY, Bench, away, reactor, turned, two
from tests.controllers.plants import CYCLE_S

REST = 12
"""Cycles of a rest are fewer: three lags of 30 s, nine samples."""


def bench(of=None, **more) -> Bench:
    return Bench(of or reactor(), away, {"u": 6.0}, MONEY, {"d": 0.0}, **more)


def events(plans):
    return [code for plan in plans for code in plan.adaptation if code.startswith("observed")]


def kept(of: Bench) -> Kept:
    return unpacked(of.memory.adaptation, Economics(of.of, Model.of(of.of), of.of.adaptation).sizes)


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_function_s_plant_ends_at_its_own_optimum_and_without_adaptation_at_the_model_s(noise):
    adapted = bench(noise=noise)
    adapted.run(110)
    assert away({**adapted.u, "d": 0.0})["c"] > 7.0 * (1.0 - 1e-3)
    plain = bench(replace(reactor(), adaptation=None), noise=noise)
    plain.run(60)
    assert away({**plain.u, "d": 0.0})["c"] < 7.0 * 0.97


def test_fixed_gains_that_are_wrong_lead_to_the_right_corner_and_worths():
    noise = 0.02
    adapted = Bench(two(), turned, {"a": 2.0, "b": 2.0}, TWO_MONEY, noise=noise)
    plan = adapted.run(360)[-1]
    best = 10.0 * (10.0 + (12.0 - 9.0) / 1.4)
    assert 10.0 * sum(adapted.u.values()) > best * (1.0 - 2e-3)
    worth = {each.name: each.worth for each in plan.binding}
    assert worth["cv.load.hi"] == pytest.approx(10.0 / 1.4, rel=0.1)
    plain = Bench(replace(two(), adaptation=None), turned, {"a": 2.0, "b": 2.0}, TWO_MONEY, noise=noise)
    plain.run(100)
    assert 10.0 * sum(plain.u.values()) < 0.75 * best


def test_a_cycle_is_thought_again_to_the_last_bit_from_stored_bytes():
    of = bench(noise=0.02)
    of.run(70)
    assert len(events([plan for _, _, plan in of.asked])) > 3
    anew = Controller(of.of)
    for given_then, before, plan in of.asked:
        again, _ = anew.step(given_then, Memory.from_bytes(before.to_bytes()))
        assert again == plan


def test_what_is_remembered_comes_back_bit_for_bit_and_does_not_grow():
    of = bench(reactor(remember=3), noise=0.02)
    sizes = Economics(of.of, Model.of(of.of), of.of.adaptation).sizes
    largest = 0
    for _ in range(90):
        of.step()
        floats = of.memory.adaptation
        again = packed(unpacked(floats, sizes), sizes)
        assert struct.pack(f"{len(again)}d", *again) == struct.pack(f"{len(floats)}d", *floats)
        largest = max(largest, len(floats))
    assert len(kept(of).seen) == 3
    assert largest < 200


def test_without_the_section_nothing_is_remembered_or_told():
    of = bench(replace(reactor(), adaptation=None))
    plan = of.run(40)[-1]
    assert (plan.adaptation, plan.corrected, of.memory.adaptation) == ((), {}, ())


def test_watching_changes_no_setpoint_and_reports():
    # the limit on T lets the unadapted plant rest
    of = bench(reactor(mode="watch"))
    plain = bench(replace(reactor(), adaptation=None))
    limits = {"limits": {"u": (0.0, 20.0), "c": (-math.inf, math.inf), "T": (0.0, 76.0)}}
    told = [set(of.step(**limits).adaptation) for _ in range(80) if plain.step(**limits) or True]
    assert of.u == plain.u
    assert any("watching" in each for each in told)
    assert not any("adapted" in each for each in told)


# ---------------------------------------------------------------------- guards: nothing is learnt


def learnt(of: Bench) -> int:
    return len(kept(of).seen)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"mv_status": {"u": MvStatus.INIT}}, "waiting:mv_not_on:u"),
        ({"mv_status": {"u": MvStatus.WDUP_HIGH}}, "waiting:mv_not_on:u"),
        ({"blocked_up": frozenset({"u"})}, "waiting:mv_blocked:u"),
        ({"cv_status": {"c": CvStatus.DROP, "T": CvStatus.ON}}, "waiting:cv_bad:c"),
        ({"d": {"d": None}}, "waiting:dv_bad:d"),
        ({"y": {"c": 1e30, "T": 80.0}}, "waiting:cv_bad:c"),
    ],
)
def test_nothing_is_learnt_while_a_guard_holds(more, code):
    of = bench()
    plans = of.run(4 * REST, **more)
    assert all(code in plan.adaptation for plan in plans)
    assert learnt(of) == 0
    of.run(2 * REST)
    assert learnt(of) > 0


@pytest.mark.parametrize("more", [{"optimise": False}, {"mv_status": {"u": MvStatus.OPR}}])
def test_nothing_is_learnt_and_no_rest_goes_on_while_out_of_control(more):
    of = bench()
    for _ in range(6):
        of.run(5)
        assert of.run(3, **more)[-1].status is not PlanStatus.OK
    assert learnt(of) == 0


def test_a_disturbance_that_moves_begins_the_rest_anew():
    of = bench()
    codes = []
    for k in range(40):
        of.d["d"] = 0.1 * k
        codes += of.step().adaptation
    assert "waiting:moving:d" in codes
    assert learnt(of) == 0


def test_a_cv_that_drifts_is_no_rest():
    of = bench()
    plans = []
    for k in range(40):
        read = {"c": of.y["c"] + 0.05 * k, "T": of.y["T"]}
        plans.append(of.step(y=read))
    assert any("waiting:drifts:c" in plan.adaptation for plan in plans)
    assert learnt(of) == 0


def test_a_rest_outside_a_limit_is_not_learnt_from():
    of = bench(reactor(limited=(("T", "hi"),)))
    # T cannot be brought below its limit: u is at the end of its range
    limits = {"limits": {"u": (6.0, 20.0), "c": (-math.inf, math.inf), "T": (0.0, 60.0)}}
    plans = of.run(40, **limits)
    assert any("waiting:outside:T" in plan.adaptation for plan in plans)
    assert learnt(of) == 0


def test_a_gap_in_time_begins_the_rest_anew():
    of = bench()
    of.run(6)
    of.cycle += 20
    of.run(6)
    assert learnt(of) == 0
    of.run(REST)
    assert learnt(of) == 1


# ---------------------------------------------------------------------- guards: the corrections


def test_before_the_first_rest_the_plant_stays_where_control_was_taken():
    of = bench()
    of.run(5, mv_status={"u": MvStatus.OPR})
    of.u["u"] = 4.0
    plans = of.run(5)
    assert all("waiting:first_rest" in plan.adaptation for plan in plans)
    assert of.u["u"] == pytest.approx(4.0, abs=1e-3)


def test_no_move_from_one_rest_to_the_next_is_longer_than_declared():
    of = bench(reactor(step_max=0.05), noise=0.02)
    of.run(120)
    rests = [each.u[0] for each in kept(of).seen]
    assert len(rests) > 5
    # the range is 20; standing still is 1 % of it
    assert max(abs(b - a) for a, b in itertools.pairwise(rests)) < 2.0 * 0.05 * 20.0 + 0.2


def test_gains_stay_within_their_factor_and_their_sign_does_not_turn():
    def reversed_load(v):
        return {"load": -1.4 * v["a"] + 5.0 * v["b"]}

    of = Bench(two(gain_factor=(0.8, 1.3)), reversed_load, {"a": 2.0, "b": 2.0}, TWO_MONEY)
    seen = []
    for _ in range(120):
        of.step()
        course = kept(of).course
        if course is not None and np.isfinite(course.gain).all():
            seen.append(course.gain[0])
    assert len(seen) > 50
    gains = np.array(seen)
    assert (gains >= np.array([0.8, 1.0]) - 1e-12).all()
    assert (gains <= np.array([1.3, 1.625]) + 1e-12).all()
    assert gains.min() == pytest.approx(0.8)


def test_corrections_that_predict_worse_than_the_model_are_frozen_and_the_economics_are_the_model_s():
    of = bench(reactor(patience=2))
    of.run(60)
    assert not kept(of).frozen
    # from here on the plant answers as if each rest were of another plant: what was learnt misleads
    random = np.random.default_rng(3)
    shift = 0.0
    for _ in range(40):
        shift += float(random.normal(0.0, 4.0))
        for _ in range(8):
            before = of.true
            of.true = lambda v, b=shift: {**away(v), "c": away(v)["c"] + b}
            of.step()
            of.true = before
        if kept(of).frozen:
            break
    assert kept(of).frozen
    plan = of.step()
    assert plan.adaptation[0] == "frozen:not_better"
    given_now = of.given()
    plain, _ = Controller(replace(of.of, adaptation=None)).step(given_now, replace(of.memory, adaptation=()))
    frozen, _ = of.controller.step(given_now, of.memory)
    assert frozen.u_ss == plain.u_ss


def test_a_changed_price_is_heeded_at_once_without_a_new_rest():
    of = bench()
    of.run(100)
    of.money = {"c": 100.0, "u": -60.0}
    plan = of.step()
    # 100 c - 60 u has its best at u = 13 - 2
    assert plan.u_ss["u"] == pytest.approx(11.0, abs=0.6)
    assert learnt(of) > 0


def test_a_disturbance_is_followed_by_the_model_before_the_next_rest():
    of = bench()
    of.run(100)
    assert of.step().u_ss["u"] == pytest.approx(13.0, abs=0.3)
    of.d["d"] = 2.0
    # as far as the longest step from the best rest goes
    assert of.step().u_ss["u"] > 14.0


def test_an_engineer_s_function_that_fails_freezes_and_says_so():
    def fails_far_away(u, d):
        if u[0] > 9.0:
            raise ZeroDivisionError("no")
        return [5.0 - 0.1 * (u[0] - 10.0 - d[0]) ** 2, 60.0 + 2.0 * u[0]]

    made = reactor()
    of = bench(replace(made, functions={"f": replace(made.functions["f"], call=fails_far_away)}, adaptation=None))
    of.of = replace(of.of, adaptation=made.adaptation)
    with pytest.raises(ValueError, match="ZeroDivisionError"):
        Controller(of.of)


# ---------------------------------------------------------------------- whatever the data

wild = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.floats(-1e6, 1e6), st.sampled_from([1e300, -1e300, 1e-300, 0.0])
)
ADAPTATION = Adaptation(reactor(), Model.of(reactor()), reactor(limited=(("T", "hi"), ("T", "lo"))).adaptation)
WILD = settings(max_examples=6, deadline=None, derandomize=True)


def bounded(outcome, adaptation):
    course = outcome.course
    if course is None:
        return True
    parts = (course.u, course.slope, course.bent, course.correction)
    return (
        all(np.isfinite(part).all() for part in parts)
        and (course.u >= adaptation.economics.lo).all()
        and (course.u <= adaptation.economics.hi).all()
        and np.linalg.eigvalsh(course.bent).min() >= 0.0
    )


@WILD
@given(rows=st.lists(st.tuples(wild, wild, wild, wild), min_size=1, max_size=3), price=wild, limit=wild)
def test_whatever_is_read_the_corrections_are_finite_and_in_range(rows, price, limit):
    of = bench()
    memory: tuple[float, ...] = ()
    k = 0
    for u, d, c, t in rows:
        for _ in range(10):
            read = of.given(
                u={"u": u}, d={"d": d}, y={"c": c, "T": t}, money={"c": price},
                limits={"u": (0.0, 20.0), "c": (-1.0, 1.0), "T": (-math.inf, limit)},
            )  # fmt: skip
            read = replace(read, at_s=k * CYCLE_S)
            outcome, memory = ADAPTATION.cycle(read, np.array([u, d]), ADAPTATION_FACTOR, memory)
            assert bounded(outcome, ADAPTATION)
            k += 1


ADAPTATION_FACTOR = Model.of(reactor()).reference


@WILD
@given(data=st.lists(wild, max_size=80), noise=st.integers(0, 2**32))
def test_whatever_is_remembered_the_corrections_are_finite_and_in_range(data, noise):
    of = bench()
    of.run(1)
    stored = list(of.memory.adaptation)
    random = np.random.default_rng(noise)
    for value in data:
        stored[int(random.integers(len(stored)))] = value
    outcome, after = ADAPTATION_PLAIN.cycle(of.given(), np.array([6.0, 0.0]), ADAPTATION_FACTOR, tuple(stored))
    if outcome.course is not None:
        parts = (outcome.course.u, outcome.course.slope, outcome.course.bent, outcome.course.correction)
        assert all(np.isfinite(part).all() for part in parts)
    assert struct.pack(f"<{len(after)}d", *after)


ADAPTATION_PLAIN = Adaptation(reactor(), Model.of(reactor()), reactor().adaptation)


@WILD
@given(price=st.floats(-1e9, 1e9), seed=st.integers(0, 2**32), scale=st.sampled_from([1e-9, 1e-3, 1.0, 1e6]))
def test_corrections_of_slopes_are_bounded_by_what_is_declared(price, seed, scale):
    """A plant that answers with noise alone, of any size: no slope is corrected beyond ``gradient_max``."""
    random = np.random.default_rng(seed)
    of = bench()
    memory: tuple[float, ...] = ()
    for k in range(45):
        u = 2.0 + 3.0 * (k // 9)
        y = {"c": scale * float(random.standard_normal()), "T": 60.0}
        read = replace(of.given(u={"u": u}, y=y, money={"c": price}), at_s=k * CYCLE_S)
        outcome, memory = ADAPTATION_PLAIN.cycle(read, np.array([u, 0.0]), ADAPTATION_FACTOR, memory)
        assert bounded(outcome, ADAPTATION_PLAIN)
    found = unpacked(memory, ADAPTATION_PLAIN.economics.sizes).modifiers
    if found is not None:
        # c changes by 10 over its star of u = 0, 10, 20; a slope that makes all of that over half a span is 20 per span
        assert (np.abs(found.slope) <= 2.0 * 2.0 * 10.0 * abs(price) * (1.0 + 1e-9)).all()


# ---------------------------------------------------------------------- what it says


def test_every_code_that_was_told_has_a_sentence():
    of = bench(noise=0.02)
    plans = of.run(100)
    texts = [text for plan in plans for text in sentences(plan, of.of)]
    assert "The economics of u are corrected toward the plant's own optimum." in texts
    assert any("EUR/h more per u there than the model says" in text for text in texts)
    for plan in plans:
        for code in plan.adaptation:
            assert ":".join(code.split(":")[:2]) in CODES
