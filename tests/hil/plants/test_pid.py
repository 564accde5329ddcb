"""The loop keeps its promises to operator and supervisor: limits, windup, bumpless transfer, tracking."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.plants.pid import (
    LoopState,
    Mode,
    Tuning,
    advance_loop,
    settled,
    with_mode,
    with_operator_setpoint,
    with_output,
    with_remote_setpoint,
)

TUNING = Tuning(gain_pct_per_unit=2.0, integral_s=20.0, sp_lo=0.0, sp_hi=100.0, output_lo_pct=10.0, output_hi_pct=90.0)

values = st.floats(-200.0, 300.0)
modes = st.sampled_from(Mode)
calls = st.lists(st.tuples(st.sampled_from(["scan", "mode", "remote", "operator", "output"]), values, modes))


@given(calls=calls)
def test_nothing_moves_output_or_setpoint_out_of_range(calls: list[tuple[str, float, Mode]]) -> None:
    """Whatever is done to a loop, its output keeps its limits, and its setpoint its range when it is in use."""
    state = settled(Mode.AUTO, 50.0, 50.0)
    pv = 50.0
    for what, value, mode in calls:
        if what == "scan":
            pv = value
            state = advance_loop(state, pv, TUNING, 1.0)
        elif what == "mode":
            state = with_mode(state, mode, pv, TUNING)
        elif what == "remote":
            state, _ = with_remote_setpoint(state, value, TUNING)
        elif what == "operator":
            state, _ = with_operator_setpoint(state, value, TUNING)
        else:
            state, _ = with_output(state, value, TUNING)
        assert 10.0 <= state.output_pct <= 90.0
        if state.mode is not Mode.MAN:
            assert 0.0 <= state.setpoint <= 100.0
        if what == "scan":
            assert state.sp_auto == state.sp_cas


def run(state: LoopState, pv: float, scans: int) -> tuple[LoopState, float]:
    """The loop on a first-order process of gain 1 and lag 20 s."""
    for _ in range(scans):
        state = advance_loop(state, pv, TUNING, 1.0)
        pv += (state.output_pct - pv) / 20.0
    return state, pv


def test_loop_reaches_its_setpoint() -> None:
    """Integral action leaves no offset."""
    state, _ = with_operator_setpoint(settled(Mode.AUTO, 50.0, 50.0), 60.0, TUNING)
    _, pv = run(state, 50.0, 300)
    assert pv == pytest.approx(60.0, abs=1e-6)


@pytest.mark.parametrize(("setpoint", "high"), [(99.0, True), (1.0, False)])
def test_windup_is_flagged_and_unwinds_at_once(setpoint: float, high: bool) -> None:
    """Asked for more than its output can give, the loop says so; asked back, it moves within a scan."""
    state, _ = with_operator_setpoint(settled(Mode.AUTO, 50.0, 50.0), setpoint, TUNING)
    state, pv = run(state, 50.0, 2000)
    assert (state.windup_hi, state.windup_lo) == (high, not high)
    assert state.output_pct == (90.0 if high else 10.0)
    state, _ = with_operator_setpoint(state, 50.0, TUNING)
    state = advance_loop(state, pv, TUNING, 1.0)
    assert 10.0 < state.output_pct < 90.0 or state.output_pct == (10.0 if high else 90.0)
    state, pv = run(state, pv, 300)
    assert pv == pytest.approx(50.0, abs=1e-3)
    assert not state.windup_hi
    assert not state.windup_lo


@given(pv=st.floats(0.0, 100.0), output=st.floats(10.0, 90.0))
def test_every_change_of_mode_is_bumpless(pv: float, output: float) -> None:
    """MAN to AUTO to CAS and back to AUTO, at any measurement and output: the output does not jump."""
    state = advance_loop(settled(Mode.MAN, 0.0, output), pv, TUNING, 1.0)
    trace = [state.output_pct]
    for mode in (Mode.AUTO, Mode.CAS, Mode.AUTO, Mode.MAN, Mode.CAS, Mode.MAN):
        state = advance_loop(with_mode(state, mode, pv, TUNING), pv, TUNING, 1.0)
        trace.append(state.output_pct)
    assert max(abs(b - a) for a, b in pairwise(trace)) < 1e-9
    assert state.setpoint == pytest.approx(pv)


@given(pv=st.floats(-50.0, 150.0))
def test_leaving_man_outside_the_setpoint_range_does_not_jump(pv: float) -> None:
    """The setpoint is clamped; the output starts from where it was and only integrates."""
    state = with_mode(advance_loop(settled(Mode.MAN, 0.0, 50.0), pv, TUNING, 1.0), Mode.AUTO, pv, TUNING)
    after = advance_loop(state, pv, TUNING, 1.0)
    assert abs(after.output_pct - 50.0) <= abs(2.0 * (state.setpoint - pv)) / 20.0 + 1e-9


def test_only_the_mode_in_force_takes_orders() -> None:
    """CAS listens to the supervisor, AUTO to the operator's setpoint, MAN to his output; the rest is ignored."""
    for mode in Mode:
        state = settled(mode, 50.0, 50.0)
        assert with_remote_setpoint(state, 60.0, TUNING)[1] is (mode is Mode.CAS)
        assert with_operator_setpoint(state, 60.0, TUNING)[1] is (mode is Mode.AUTO)
        assert with_output(state, 60.0, TUNING)[1] is (mode is Mode.MAN)
        if mode is not Mode.CAS:
            assert with_remote_setpoint(state, 60.0, TUNING)[0] == state


def test_setpoint_tracks_the_measurement_in_man() -> None:
    """So that a later AUTO starts where the process is."""
    state = advance_loop(settled(Mode.MAN, 50.0, 50.0), 42.0, TUNING, 1.0)
    assert state.setpoint == state.sp_cas == 42.0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_values_that_are_not_numbers_are_refused(value: float) -> None:
    """No order and no measurement that is not finite gets into a loop."""
    with pytest.raises(ValueError, match="finite"):
        with_remote_setpoint(settled(Mode.CAS, 50.0, 50.0), value, TUNING)
    with pytest.raises(ValueError, match="finite"):
        advance_loop(settled(Mode.CAS, 50.0, 50.0), value, TUNING, 1.0)
