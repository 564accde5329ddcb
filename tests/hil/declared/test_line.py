from __future__ import annotations

import itertools
import math
import statistics
from dataclasses import replace
from pathlib import Path

import pytest

from constraints.plant import Plant
from constraints.plantfile import load, load_text
from hil.declared import line as module
from hil.declared.line import DeclaredLine
from hil.declared.process import ModelProcess
from hil.declared.resting import resting
from hil.declared.settings import Wishes
from hil.plants.pid import Mode
from hil.templates.catalogue import plant_files
from safety.expressions import parse

ODD = Path(__file__).with_name("odd.yaml")


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load(ODD).plant


def made(plant: Plant, seed: int = 1, wishes: Wishes = Wishes(), mode: Mode = Mode.CAS) -> DeclaredLine:  # noqa: B008
    return DeclaredLine(plant, resting(plant, wishes).values, wishes, seed, mode)


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """No noise and no wandering."""
    monkeypatch.setattr(module, "NOISE_SHARE", 0.0)
    monkeypatch.setattr(module, "WANDER_SHARE", 0.0)


def test_the_models_are_the_process(plant: Plant, still: None) -> None:
    line = made(plant)
    assert line.setpoint("a_text", 60.0)
    line.step(31.0)  # the first second passes before the change acts, then 30 s of dead time
    assert line.true()["m_f32"] == pytest.approx(200.0, abs=1e-9)
    line.step(60.0)
    assert line.true()["m_f32"] == pytest.approx(200.0 + 20.0 * (1.0 - math.exp(-1.0)), abs=0.2)
    line.step(1000.0)
    assert line.true()["m_f32"] == pytest.approx(220.0, abs=1e-3)
    assert line.measured()["a_text"] == pytest.approx(60.0, abs=1e-6)


def test_dead_times_are_exact_however_small_the_steps(plant: Plant, still: None) -> None:
    coarse, fine = made(plant), made(plant)
    for each in (coarse, fine):
        each.setpoint("a_text", 70.0)
    coarse.step(90.0)
    for _ in range(1800):
        fine.step(0.05)
    assert fine.true()["m_f32"] == coarse.true()["m_f32"] != 200.0


def test_a_disturbance_moves_what_it_has_a_model_for_and_a_cv_by_itself(plant: Plant, still: None) -> None:
    line = made(plant)
    line.disturb("q_field", 35.0, ramp_s=100.0)
    line.step(50.0)
    assert line.true()["q_field"] == pytest.approx(30.0, abs=0.11)
    line.step(1000.0)
    assert line.true()["m_f32"] == pytest.approx(210.0, abs=1e-3)
    line.disturb("m_f32", -4.0)
    line.step(1.0)
    assert line.true()["m_f32"] == pytest.approx(206.0, abs=1e-3)


@pytest.mark.parametrize(("value", "ramp_s"), [(math.nan, 0.0), (1.0, -1.0), (1.0, math.inf)])
def test_a_disturbance_without_sense(plant: Plant, value: float, ramp_s: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        made(plant).disturb("q_field", value, ramp_s)


def test_names_that_are_not_there(plant: Plant) -> None:
    line = made(plant)
    for wrong in (
        lambda: line.disturb("a_text", 1.0),
        lambda: line.setpoint("m_f32", 1.0),
        lambda: line.mode("x", Mode.MAN),
    ):
        with pytest.raises(KeyError):
            wrong()
    with pytest.raises(ValueError, match="above 0"):
        line.step(0.0)


def test_loops_take_orders_as_real_ones_do(plant: Plant, still: None) -> None:
    line = made(plant, mode=Mode.AUTO)
    assert not line.setpoint("a_text", 60.0)
    assert line.operator_setpoint("a_text", 200.0)
    assert line.loops["a_text"].setpoint == 90.0  # its safety limit
    line.step(100.0)
    line.mode("a_text", Mode.MAN)
    line.step(20.0)
    assert line.loops["a_text"].setpoint == pytest.approx(90.0, abs=1e-6)
    line.mode("a_text", Mode.CAS)
    assert line.setpoint("a_text", 50.0)
    assert line.loops["a_text"].output_pct == 50.0


def test_the_same_seed_is_the_same_story(plant: Plant) -> None:
    one, same, other = made(plant, 7), made(plant, 7), made(plant, 8)
    for each in (one, same, other):
        each.step(60.0)
    assert dict(one.measured()) == dict(same.measured()) != dict(other.measured())


def test_noise_and_wandering_are_small_beside_the_limits(plant: Plant) -> None:
    line = made(plant)
    seen = []
    for _ in range(4000):
        line.step(5.0)
        seen.append(line.measured()["m_f32"])
    assert 1.0 < statistics.stdev(seen) < 20.0  # the operator's zone is 200 wide; the DV wanders too
    assert abs(statistics.fmean(seen) - 200.0) < 20.0


def test_readings_stay_inside_the_instrument(plant: Plant) -> None:
    line = made(plant, wishes=Wishes(start={"q_bare": 5.0}, noise={"q_bare": 3.0}))
    seen = []
    for _ in range(200):
        line.step(1.0)
        seen.append(line.measured()["q_bare"])
    assert min(seen) == 0.0
    assert max(seen) == 5.0


def test_a_calculated_tag_goes_with_what_it_is_made_of(plant: Plant, still: None) -> None:
    line = made(plant, wishes=Wishes(tags={"a_uri": parse("a_text + 0.5")}))
    line.setpoint("a_text", 70.0)
    line.step(100.0)
    assert line.true()["a_uri"] == pytest.approx(70.5, abs=1e-6)


def test_an_analyser_shows_old_samples(still: None) -> None:
    text = ODD.read_text(encoding="utf-8")
    text = text.replace("range: [0, 500]}\n  m_f64: ", "range: [0, 500], every: 60 s, stale_after: 5 min}\n  m_f64: ")
    text = text.replace("concern: 5}", "concern: 5, analyser: {delay: 120 s}}")
    line = made(load_text(text, "odd.yaml").plant)
    line.step(1.0)
    line.disturb("m_f32", 10.0)
    shown = []
    for _ in range(300):
        line.step(1.0)
        shown.append(line.measured()["m_f32"])
    first = next(number for number, value in enumerate(shown) if value == pytest.approx(210.0))
    assert 120 <= first <= 180
    assert sum(1 for one, two in itertools.pairwise(shown) if one != two) == 1


def test_transforms_bend_the_process(plant: Plant) -> None:
    text = ODD.read_text(encoding="utf-8")
    bent = load_text(text.replace("concern: 5}", "concern: 5, transform: {kind: log, at: 200}}"), "odd.yaml").plant
    rest = resting(bent, Wishes()).values
    process = ModelProcess(bent, rest, 1.0)
    inputs = {"a_sp": 90.0, "b_sp": 50.0, "q_field": 25.0}
    process.advance(inputs, 1.0)
    end = process.advance(inputs, 10_000.0)["m_f32"]
    assert end == pytest.approx(200.0 * math.exp(80.0 / 200.0))


def test_a_plant_without_models_stands_still(plant: Plant) -> None:
    bare = replace(plant, cvs={}, pairs=(), dvs={}, mvs={}, interlocks=())
    line = made(bare)
    line.step(30.0)
    assert line.measured()["a_text"] == pytest.approx(50.0, abs=2.0)
    assert line.loops == {}


@pytest.mark.parametrize("template", plant_files())
def test_every_template_stays_near_its_rest_when_left_alone(template: str) -> None:
    plant = load(plant_files()[template]).plant
    line = made(plant, mode=Mode.AUTO)
    line.step(1800.0)
    for name, cv in plant.cvs.items():
        lo, hi = cv.limits.engineering
        assert lo < line.true()[name] < hi, name
