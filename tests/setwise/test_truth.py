"""Models of every kind as the simulated plant: alone against what can be said of them by hand, and under control."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import setwise
from constraints.plant import FunctionSpec, LogTransform, Multiplier, Pair, StateSpace
from setwise import InputError

LAG = Pair(source="fan_sp", cv="P_fan", gain=2.0, lag1_s=60.0)
BLOCK = StateSpace(
    name="air",
    inputs=("fan_sp",),
    cvs=("P_fan",),
    a=((-1.0 / 60.0,),),
    b=((1.0 / 60.0,),),
    c=((2.0,),),
    d=((0.0,),),
    dead_time_s=(0.0,),
)
TABLE = Pair(source="fan_sp", cv="P_fan", gain=1.0, step=((0.0, 0.0), (60.0, 1.0), (120.0, 2.0)))


def cubic(u, d):
    return np.array([75.0 + 1e-3 * u[0] ** 3 / 75.0 + 0.1 * u[0] * d[0]])


FUNCTION = FunctionSpec(
    name="fan", address="x:cubic", mvs=("fan_sp",), dvs=("hum_amb",), cvs=("P_fan",), at=(75.0, 8.0), call=cubic
)
CURVED = tuple(
    Pair(source=source, cv="P_fan", gain=1.0, lag1_s=lag_s, dead_time_s=5.0, function="fan")
    for source, lag_s in (("fan_sp", 30.0), ("hum_amb", 90.0))
)


def process_of(plant, initial, *pairs, change=lambda pair: pair, **more):
    return setwise.ModelProcess(replace(plant, pairs=pairs, **more), initial, change)


def fan(process, value, *seconds, **disturbances):
    """What the fan's power is, so many seconds after the fan was set, each counted from the one before."""
    return [process({"fan_sp": value}, disturbances, each)["P_fan"] for each in seconds]


def test_a_state_space_block_is_the_pair_that_it_says(plant, initial):
    steps = (0.0, 1.0, 14.0, 45.0, 300.0)
    block = fan(process_of(plant, initial, blocks=(BLOCK,)), 80.0, *steps)
    assert block == pytest.approx(fan(process_of(plant, initial, LAG), 80.0, *steps))
    passed = np.cumsum(steps)
    assert block == pytest.approx(list(92.0 + 10.0 * (1.0 - np.exp(-passed / 60.0))))


def test_a_table_is_answered_straight_between_its_points(plant, initial):
    found = fan(process_of(plant, initial, TABLE), 80.0, 30.0, 30.0, 45.0, 600.0)
    assert found == pytest.approx([94.5, 97.0, 100.75, 102.0])


def test_many_short_steps_are_one_long_one(plant, initial):
    pairs = (replace(LAG, integrating=True, gain=0.01, lag2_s=12.0, lead_s=20.0, dead_time_s=33.0), TABLE)
    one, many = (process_of(plant, initial, *pairs) for _ in range(2))
    assert fan(many, 80.0, *[0.5] * 300)[-1] == pytest.approx(fan(one, 80.0, 150.0)[0])


def test_a_function_rests_at_its_value_and_not_at_its_slope(plant, initial):
    process = process_of(plant, initial, *CURVED, functions={"fan": FUNCTION})
    assert process.true()["P_fan"] == initial["P_fan"]
    at = lambda u, d: float(cubic([u], [d])[0])  # noqa: E731
    settled = fan(process, 95.0, 3000.0, hum_amb=12.0)[0]
    assert settled - initial["P_fan"] == pytest.approx(at(95.0, 12.0) - at(75.0, 8.0))
    slope = (at(75.001, 8.0) - at(74.999, 8.0)) / 0.002
    assert abs(settled - initial["P_fan"] - 20.0 * slope) > 1.0
    on_the_way = fan(process_of(plant, initial, *CURVED, functions={"fan": FUNCTION}), 95.0, 5.0, 30.0)
    behind = 75.0 + 20.0 * (1.0 - math.exp(-1.0))
    assert on_the_way == pytest.approx([92.0, 92.0 + at(behind, 8.0) - at(75.0, 8.0)])


def test_an_integrating_pair_of_a_function_rises_by_its_slope(plant, initial):
    pair = replace(CURVED[0], integrating=True, lag1_s=0.0, dead_time_s=0.0)
    process = process_of(plant, initial, pair, functions={"fan": FUNCTION})
    slope = 3e-3 * 80.0**2 / 75.0 + 0.1 * 8.0
    assert fan(process, 80.0, 10.0, 10.0) == pytest.approx([92.0 + 50.0 * slope, 92.0 + 100.0 * slope], rel=1e-6)


@pytest.mark.parametrize("by", ["feed_moist", "hum_amb", "T_out"])
def test_a_gain_follows_its_tag(plant, initial, by):
    first = initial[by]
    rule = Multiplier(name="wet", by=by, points=((first, 1.0), (first + 2.0, 3.0)))
    process = process_of(plant, initial, replace(LAG, lag1_s=0.0, multiplier="wet"), multipliers={"wet": rule})
    assert fan(process, 76.0, 10.0, **({} if by == "T_out" else {by: first})) == pytest.approx([94.0])
    process({}, {by: 2.0 if by == "T_out" else first + 2.0}, 0.0)  # added to a CV, or a tag's own value
    assert fan(process, 76.0, 10.0) == pytest.approx([94.0]), "what was passed on stays"
    assert fan(process, 77.0, 10.0) == pytest.approx([100.0])


def test_a_transformed_variable_is_linear_in_its_transform(plant, initial):
    cvs = {**plant.cvs, "P_fan": replace(plant.cvs["P_fan"], transform=LogTransform(at=92.0))}
    process = process_of(plant, initial, replace(LAG, lag1_s=0.0), cvs=cvs)
    assert fan(process, 80.0, 10.0) == pytest.approx([92.0 * math.exp(10.0 / 92.0)])


def test_a_wrong_gain_reaches_tables_and_blocks(plant, initial):
    mixed = replace(plant, pairs=(replace(TABLE, cv="gas"),), blocks=(BLOCK,))
    true = setwise.process.true_plant(mixed, 1.5)
    process = setwise.ModelProcess(true, initial)
    found = process({"fan_sp": 80.0}, {}, 6000.0)
    assert (found["P_fan"], found["gas"]) == pytest.approx((92.0 + 15.0, 209.0 + 15.0))
    with pytest.raises(InputError, match="is no pair"):
        setwise.process.true_plant(mixed, {("fan_sp", "P_fan"): 1.5})


def mixed(plant):
    """The demo's plant with one model of each kind in place of a pair."""
    others = tuple(
        pair for pair in plant.pairs if (pair.source, pair.cv) not in {("fan_sp", "P_fan"), ("feed_sp", "gas")}
    )
    old = {(pair.source, pair.cv): pair for pair in plant.pairs}
    power, gas = old["fan_sp", "P_fan"], old["feed_sp", "gas"]
    spec = FunctionSpec(
        name="fan", address="x:y", mvs=("fan_sp",), dvs=(), cvs=("P_fan",), at=(75.0,),
        call=lambda u, d: np.array([92.0 * (u[0] / 75.0) ** 3]),
    )  # fmt: skip
    table = replace(gas, step=((0.0, 0.0), (120.0, gas.gain)), gain=1.0, lag1_s=0.0, lag2_s=0.0, lead_s=0.0)
    return replace(plant, pairs=(*others, replace(power, gain=1.0, function="fan"), table), functions={"fan": spec})


def test_a_plant_of_every_kind_runs_under_its_controller(plant, initial):
    run = setwise.simulate(mixed(plant), hours=0.4, initial=initial)
    assert set(run.frame["status"]) == {"ok"}
    last = run.frame.iloc[-1]
    assert abs(last["fan_sp"] - 75.0) > 2.0
    assert last["P_fan"] <= last["P_fan.hi"] + 0.5
    held = setwise.simulate(mixed(plant), hours=0.05, initial=initial, hold=tuple(plant.mvs))
    assert np.allclose(held.frame["P_fan"], initial["P_fan"])
    after = setwise.what_if(run, at=600.0, hours=0.1)
    again = run.frame.loc[600.0:].iloc[: len(after.frame)]
    assert after.frame["P_fan"].to_numpy() == pytest.approx(again["P_fan"].to_numpy(), abs=0.3)
    assert ("gas", "feed_sp") in setwise.step_responses(mixed(plant)).columns


def test_a_function_that_fails_and_one_that_is_not_loaded_are_named(plant, initial):
    broken = replace(FUNCTION, call=lambda u, d: 1 / 0)
    process = process_of(plant, initial, *CURVED, functions={"fan": broken})
    with pytest.raises(InputError, match=r"function fan .* raised ZeroDivisionError"):
        process({}, {}, 1.0)
    with pytest.raises(InputError, match=r"cannot be simulated: function fan .* declared but not loaded"):
        process_of(plant, initial, *CURVED, functions={"fan": replace(FUNCTION, call=None)})


def test_disturbances_may_be_tags_that_a_multiplier_follows(plant, engine, initial):
    rule = Multiplier(name="wet", by="feed_moist", points=((52.0, 1.0), (54.0, 2.0)))
    pairs = tuple(replace(p, multiplier="wet") if p.cv == "P_fan" else p for p in plant.pairs)
    other = replace(plant, pairs=pairs, multipliers={"wet": rule})
    wetter = pd.DataFrame({"feed_moist": [52.0, 54.0]}, index=[0.0, 30.0])
    run = setwise.simulate(other, hours=0.02, initial=initial, disturbances=wetter)
    assert [each.inputs.scheduling["feed_moist"] for each in run.decisions] == [52.0, 52.0, 54.0, 54.0, 54.0, 54.0]
