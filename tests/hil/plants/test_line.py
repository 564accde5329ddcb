"""The line as the control system sees it."""

import statistics
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hil.plants.dryer import DryerOutputs
from hil.plants.instruments import NOISE
from hil.plants.line import DISTURBANCE_RANGES, TUNINGS, DryerLine
from hil.plants.parameters import DryerParameters
from hil.plants.pid import Mode
from hil.plants.steady import OPERATORS, Disturbances, Setpoints, steady

P = DryerParameters()


def test_starts_and_stays_at_rest() -> None:
    """Without noise nothing moves for an hour."""
    line = DryerLine(seed=1, noise=0.0)
    before = dict(line.measured())
    line.step(3600.0)
    assert dict(line.measured()) == pytest.approx(before, rel=1e-9)
    assert line.elapsed_s == pytest.approx(3600.0)


def test_measures_what_the_steady_state_says() -> None:
    """All of the dryer's outputs appear under their tags, with setpoints and loop outputs beside them."""
    line = DryerLine(seed=1, noise=0.0)
    seen = steady(OPERATORS, Disturbances(), P)
    for tag in DryerOutputs.__slots__:
        assert line.measured()[tag] == pytest.approx(getattr(seen, tag)), tag
        assert line.true()[tag] == pytest.approx(getattr(seen, tag)), tag
    assert line.measured()["T_out_b"] == pytest.approx(seen.T_out + 0.3)
    assert set(line.measured()) == set(line.true())
    assert {f"{loop}{end}" for loop in TUNINGS for end in ("_sp", "_op")} <= set(line.measured())


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32), read_often=st.booleans())
def test_same_seed_and_calls_give_the_same_trace(seed: int, read_often: bool) -> None:
    """Bit for bit, however often it is read; and 15 s at once is fifteen times one second."""
    a, b = DryerLine(seed), DryerLine(seed)
    for line in (a, b):
        line.mode("T_in", Mode.CAS)
        line.setpoint("T_in", 183.0)
        line.disturb("feed_moist", 53.0, ramp_s=60.0)
    for _ in range(20):
        a.step(15.0)
        for _ in range(15):
            b.step(1.0)
            if read_often:
                dict(b.measured())
                dict(b.true())
        assert dict(a.measured()) == dict(b.measured())
        assert dict(a.true()) == dict(b.true())


def test_another_seed_gives_another_trace() -> None:
    """Noise depends on the seed."""
    a, b = DryerLine(1), DryerLine(2)
    a.step(1.0)
    b.step(1.0)
    assert a.measured()["T_in"] != b.measured()["T_in"]


def test_noise_has_the_size_it_says() -> None:
    """Standard deviation of what does not move, over half an hour; 1800 samples are good to 5 %."""
    line, readings = DryerLine(3), []
    for _ in range(1800):
        line.step(1.0)
        readings.append(line.measured()["hum_amb"])
    assert statistics.stdev(readings) == pytest.approx(NOISE["hum_amb"], rel=0.1)


@pytest.mark.parametrize(("loop", "value"), [("T_in", 184.0), ("feed", 3000.0), ("fan", 79.0)])
def test_loops_settle_within_three_minutes(loop: str, value: float) -> None:
    """From a new setpoint to within 3 % of the step, for good, in 1 to 3 minutes at most, then at it exactly."""
    line = DryerLine(seed=1, noise=0.0, mode=Mode.CAS)
    step = value - line.true()[loop]
    assert line.setpoint(loop, value)
    line.step(180.0)
    for _ in range(300):
        line.step(1.0)
        assert abs(line.true()[loop] - value) < abs(0.05 * step)
    line.step(3600.0)
    assert line.true()[loop] == pytest.approx(value, rel=1e-6)


def test_closed_loops_end_at_the_steady_state() -> None:
    """All three loops moved and the weather changed: two hours later the line is where `steady` says."""
    line = DryerLine(seed=1, noise=0.0, mode=Mode.CAS)
    to = Setpoints(192.0, 3400.0, 81.0)
    for loop in TUNINGS:
        line.setpoint(loop, getattr(to, loop))
    line.disturb("hum_amb", 11.0, ramp_s=600.0)
    line.disturb("feed_moist", 53.0)
    line.disturb("T_amb", 20.0)
    line.step(7200.0)
    seen = steady(to, Disturbances(hum_amb=11.0, feed_moist=53.0, T_amb=20.0), P)
    for tag in DryerOutputs.__slots__:
        assert line.measured()[tag] == pytest.approx(getattr(seen, tag), rel=1e-4), tag


def test_moisture_is_sampled_held_and_late() -> None:
    """The reading changes only on full minutes, and shows what was true one minute before."""
    line = DryerLine(seed=1, noise=0.0, mode=Mode.CAS)
    line.setpoint("feed", 3000.0)
    true_at: dict[int, float] = {}
    for second in range(1, 901):
        line.step(1.0)
        true_at[second] = line.true()["moist"]
        if second >= 120:
            assert line.measured()["moist"] == true_at[60 * (second // 60 - 1)]
    assert true_at[900] > true_at[1] + 0.1


def test_operator_supervisor_and_hand_take_turns_without_a_bump() -> None:
    """AUTO, CAS, AUTO, MAN, AUTO: the gas valve never jumps at a change of mode."""
    line = DryerLine(seed=1, noise=0.0)
    assert not line.setpoint("T_in", 190.0)
    assert line.operator_setpoint("T_in", 181.0)
    line.step(600.0)
    for mode in (Mode.CAS, Mode.AUTO, Mode.MAN, Mode.AUTO, Mode.CAS):
        before = line.loops["T_in"].output_pct
        line.mode("T_in", mode)
        line.step(1.0)
        assert line.loops["T_in"].mode is mode
        assert line.loops["T_in"].output_pct == pytest.approx(before, abs=0.02)
    assert line.setpoint("T_in", 182.0)
    assert not line.operator_setpoint("T_in", 170.0)
    assert line.measured()["T_in_sp"] != 182.0  # readings are of the last scan
    line.step(1.0)
    assert line.measured()["T_in_sp"] == 182.0


def test_by_hand_the_output_stays_and_the_setpoint_follows() -> None:
    """In MAN the valve is where the operator puts it."""
    line = DryerLine(seed=1, noise=0.0)
    assert not line.operator_output("T_in", 50.0)
    line.mode("T_in", Mode.MAN)
    assert line.operator_output("T_in", 50.0)
    line.step(600.0)
    loop = line.loops["T_in"]
    assert loop.output_pct == 50.0
    assert loop.setpoint == pytest.approx(line.true()["T_in"], abs=0.5)
    assert line.true()["T_in"] < 170.0


def test_a_burner_at_its_end_says_so() -> None:
    """Full fan, hottest setpoint, cold day: the valve is open, the flag is up, and remote range clamps the rest."""
    line = DryerLine(seed=1, noise=0.0, mode=Mode.CAS, parameters=DryerParameters(gas_full_m3_h=230.0))
    line.setpoint("T_in", 900.0)
    line.setpoint("fan", 95.0)
    line.step(1800.0)
    loop = line.loops["T_in"]
    assert loop.setpoint == TUNINGS["T_in"].sp_hi
    assert loop.windup_hi
    assert not loop.windup_lo
    assert loop.output_pct == 100.0
    line.setpoint("fan", 70.0)
    line.setpoint("T_in", 180.0)
    line.step(1200.0)
    assert not line.loops["T_in"].windup_hi
    assert line.true()["T_in"] == pytest.approx(180.0, abs=0.2)


def test_disturbances_jump_or_ramp() -> None:
    """A ramp is even and ends exactly."""
    line = DryerLine(seed=1, noise=0.0)
    line.disturb("hum_amb", 12.0, ramp_s=100.0)
    line.step(50.0)
    assert line.true()["hum_amb"] == pytest.approx(10.0)
    line.step(60.0)
    assert line.true()["hum_amb"] == 12.0
    line.disturb("feed_moist", 54.0)
    line.step(1.0)
    assert line.true()["feed_moist"] == 54.0


def test_wear_shows_in_vibration_only() -> None:
    """A fan wheel that loses its balance is seen by the vibration probe and nothing else."""
    line, sound = DryerLine(seed=1, noise=0.0), DryerLine(seed=1, noise=0.0)
    line.disturb("fan_imbalance", 4.0)
    line.step(1.0)
    sound.step(1.0)
    differing = {tag for tag, value in line.true().items() if value != sound.true()[tag]}
    assert differing == {"fan_vib"}


def test_wrong_orders_are_refused() -> None:
    """Unknown names, values out of range, time that does not pass."""
    line = DryerLine(seed=1)
    with pytest.raises(KeyError):
        line.setpoint("steam", 1.0)
    with pytest.raises(KeyError):
        line.disturb("mood", 1.0)
    for name, (low, high) in DISTURBANCE_RANGES.items():
        for value in (low - 1.0, high + 1.0, float("nan")):
            with pytest.raises(ValueError, match=name):
                line.disturb(name, value)
    with pytest.raises(ValueError, match="ramp_s"):
        line.disturb("hum_amb", 9.0, ramp_s=-1.0)
    for dt_s in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="dt_s"):
            line.step(dt_s)


def test_a_step_is_cheap() -> None:
    """Best of five runs, processor time: under 150 microseconds for each second of plant time."""
    line, best = DryerLine(seed=1), float("inf")
    for _ in range(5):
        begin = time.process_time()
        line.step(200.0)
        best = min(best, (time.process_time() - begin) / 200.0)
    assert best < 150e-6
