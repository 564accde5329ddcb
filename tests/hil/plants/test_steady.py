"""The steady state is where the dynamics end, and every steady-state gain has one sign."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hil.plants.dryer import DryerOutputs, advance, outputs
from hil.plants.parameters import DryerParameters
from hil.plants.steady import OPERATORS, Disturbances, NoSteadyState, Setpoints, resting, steady

P = DryerParameters()
WORLD = Disturbances()

points = st.builds(Setpoints, T_in=st.floats(170.0, 195.0), feed=st.floats(1500.0, 3800.0), fan=st.floats(50.0, 95.0))
worlds = st.builds(
    Disturbances,
    hum_amb=st.floats(2.0, 18.0),
    feed_moist=st.floats(50.0, 55.0),
    T_amb=st.floats(0.0, 32.0),
    fan_imbalance=st.just(1.0),
)


def as_dict(seen: DryerOutputs) -> dict[str, float]:
    """Outputs by tag."""
    return {name: getattr(seen, name) for name in DryerOutputs.__slots__}


@settings(max_examples=8, deadline=None)
@given(to=points, world=worlds)
def test_long_run_ends_at_the_steady_state(to: Setpoints, world: Disturbances) -> None:
    """From the operators' point, with the actuators held for two hours where the steady state says they rest."""
    state, _ = resting(OPERATORS, WORLD, P)
    try:
        _, inputs = resting(to, world, P)
    except NoSteadyState:
        assume(False)
    for _ in range(7200):
        state = advance(state, inputs, P, 1.0)
    assert as_dict(outputs(state, inputs, P)) == pytest.approx(as_dict(steady(to, world, P)), rel=2e-4)


@settings(max_examples=50, deadline=None)
@given(at=points, world=worlds)
def test_resting_state_does_not_move(at: Setpoints, world: Disturbances) -> None:
    """One step from rest changes nothing beyond rounding."""
    try:
        state, inputs = resting(at, world, P)
    except NoSteadyState:
        assume(False)
    later = advance(state, inputs, P, 1.0)
    for name in state.__slots__:
        assert getattr(later, name) == pytest.approx(getattr(state, name), rel=1e-9), name


Signs = dict[str, int]
GAIN_SIGNS: list[tuple[str, float, Signs]] = [
    ("T_in", 0.5, {"moist": -1, "T_out": 1, "P_fan": -1, "gas": 1, "evap": 1}),
    ("feed", 5.0, {"moist": 1, "T_out": -1, "P_fan": 1, "gas": 1, "evap": 1}),
    ("fan", 0.25, {"moist": -1, "T_out": 1, "P_fan": 1, "gas": 1, "evap": 1}),
    ("hum_amb", 0.1, {"moist": 1, "T_out": 1, "P_fan": -1, "gas": 1, "evap": -1}),
    ("feed_moist", 0.1, {"moist": 1, "T_out": -1, "P_fan": 1, "gas": 1, "evap": 1}),
]


def stepped(at: Setpoints, world: Disturbances, cause: str, size: float) -> DryerOutputs:
    """Steady outputs with one setpoint or disturbance moved by `size`."""
    if cause in Setpoints.__slots__:
        return steady(replace(at, **{cause: getattr(at, cause) + size}), world, P)
    return steady(at, replace(world, **{cause: getattr(world, cause) + size}), P)


@pytest.mark.parametrize(("cause", "size", "signs"), GAIN_SIGNS, ids=lambda x: x if isinstance(x, str) else "")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])  # all weather, few run
@given(at=points, world=worlds)
def test_gains_keep_their_sign_wherever_one_would_run(
    cause: str, size: float, signs: Signs, at: Setpoints, world: Disturbances
) -> None:
    """Over all weather, wherever moisture is in its engineering range and the exhaust within 74 to 98 degC."""
    try:
        before, after = steady(at, world, P), stepped(at, world, cause, size)
    except NoSteadyState:
        assume(False)
    assume(2.0 <= before.moist <= 5.0 and 74.0 <= before.T_out <= 98.0)
    for effect, sign in signs.items():
        assert sign * (getattr(after, effect) - getattr(before, effect)) > 0.0, effect


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (Setpoints(170.0, 0.0, 75.0), "feed and fan"),
        (Setpoints(170.0, 2000.0, 0.0), "feed and fan"),
        (Setpoints(120.0, 4400.0, 40.0), "too much water"),
        (Setpoints(200.0, 4600.0, 95.0), "pump"),
    ],
)
def test_points_the_dryer_cannot_rest_at_say_why(at: Setpoints, why: str) -> None:
    """The refusal carries the setpoints and a reason."""
    with pytest.raises(NoSteadyState, match=why) as refusal:
        steady(at, WORLD, P)
    assert refusal.value.setpoints == at


def test_a_burner_too_small_is_said_so() -> None:
    """The operators' point needs 192 m3/h of gas; a burner of 150 cannot give it."""
    with pytest.raises(NoSteadyState, match="gas valve 128"):
        steady(OPERATORS, WORLD, replace(P, gas_full_m3_h=150.0))


def test_operators_point_is_where_the_documents_say() -> None:
    """Regression on the plant's numbers; a change of parameters must be meant."""
    seen = steady(OPERATORS, WORLD, P)
    assert seen.moist == pytest.approx(3.325, abs=0.005)
    assert seen.T_out == pytest.approx(86.46, abs=0.05)
    assert seen.P_fan == pytest.approx(92.2, abs=0.1)
    assert seen.gas == pytest.approx(192.0, abs=0.2)
    assert seen.evap == pytest.approx(1435.0, abs=1.0)


def test_energy_use_is_that_of_a_real_dryer() -> None:
    """Gas per kilogram evaporated between 4 and 6 MJ, the usual range for two-stage milk dryers."""
    seen = steady(OPERATORS, WORLD, P)
    assert 4.0 < 3.6 * seen.gas_kw / seen.evap < 6.0
