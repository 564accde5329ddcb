"""Two controllers of one plant file on the bench: one line, one server, and a block in the PLC for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from constraints.plantfile import load
from hil.clock import FastClock
from hil.declared import line as module
from hil.declared.resting import resting
from hil.declared.rig import DeclaredRig, line_of, make_declared_rig
from hil.declared.settings import Wishes
from hil.declared.whole import whole_of
from hil.declared.wiring import places
from hil.plants.pid import Mode
from hil.rig import BenchSettings
from hil.templates.catalogue import plant_files

TWO = Path(__file__).parents[2] / "constraints" / "plantfile" / "two.yaml"


@pytest.fixture
async def rig(tmp_path: Path) -> DeclaredRig:
    return await make_declared_rig(BenchSettings(folder=tmp_path / "bench"), FastClock.from_now(1.0), TWO, Wishes())


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No noise and no wandering."""
    monkeypatch.setattr(module, "NOISE_SHARE", 0.0)
    monkeypatch.setattr(module, "WANDER_SHARE", 0.0)
    yield


def test_of_one_controller_the_whole_is_its_plant() -> None:
    plant = load(plant_files()["dryer"]).plant
    whole = whole_of({"": plant})
    assert list(whole.parts) == [""]
    assert whole.plant.tags.keys() <= plant.tags.keys()


def test_all_that_is_read_and_written_has_one_place_each() -> None:
    plants = load(TWO).plants
    whole = whole_of(plants)
    found = places(whole.plant, whole.parts)["dcs"]
    wanted = {point.address for plant in plants.values() for point in plant.points_read()}
    wanted |= {mv.writes.address for plant in plants.values() for mv in plant.mvs.values()}
    wanted |= {point.address for plant in plants.values() for point in plant.handshake_points.values()}
    assert found.keys() == wanted
    one, two = found["ns=2;s=APC1.HB"], found["ns=2;s=APC2.HB"]
    assert (one.register, one.controller, two.register, two.controller) == ("HB", "dryer_1", "HB", "dryer_2")
    assert found["ns=2;s=APC2.HB_ECHO"].shows == "plc.dryer_2.HB_ECHO"


def test_what_one_dryer_does_reaches_the_other_by_the_model() -> None:
    whole = whole_of(load(TWO).plants)
    assert not whole.plant.dvs  # what one controller moves and the other measures moves by itself
    line = line_of(whole, resting(whole.plant, Wishes()), Wishes(), 1)
    before = dict(line.true())
    line.mode("T1", Mode.CAS)
    assert line.setpoint("T1", 190.0)
    line.step(600.0)
    assert line.true()["moist1"] == pytest.approx(before["moist1"] - 0.1 * 10.0, abs=0.01)
    assert line.true()["moist2"] == pytest.approx(before["moist2"] - 0.5 * 0.1 * 10.0, abs=0.01)
    assert line.true()["T2"] == pytest.approx(before["T2"], abs=1e-6)


async def test_each_block_hears_only_its_own_registers(rig: DeclaredRig) -> None:
    assert list(rig.cabinets) == ["dryer_1", "dryer_2"]
    for address, value in (("ns=2;s=APC2.HB", 7.0), ("ns=2;s=APC2.SP.T2_sp", 181.0)):
        place = places(rig._whole.plant, rig._whole.parts)["dcs"][address]
        rig.devices._take(place, value, "a test")
    one, two = rig.cabinets["dryer_1"].memory, rig.cabinets["dryer_2"].memory
    assert (one["HB"], two["HB"]) == (0.0, 7.0)
    assert two["SP.T2_sp"] == 181.0
    assert "SP.T2_sp" not in one
    rig.step()
    story = rig.story()
    assert story["permits"] == {"dryer_1": False, "dryer_2": False}
    assert set(story["sp"]) == {"T1_sp", "T2_sp"}  # type: ignore[call-overload]
    rig.trace.close()
    assert '"controller":"dryer_2"' in (rig.settings.folder / "trace.jsonl").read_text(encoding="utf-8")


async def test_the_restart_of_the_plc_restarts_every_block(rig: DeclaredRig) -> None:
    await rig.devices.start()
    try:
        rig.step()
        boots = [cabinet.answers.boot_count for cabinet in rig.cabinets.values()]
        await rig.restart_plc()
        for _ in range(3):
            rig.step()
        assert [cabinet.answers.boot_count for cabinet in rig.cabinets.values()] == [boot + 1 for boot in boots]
        await rig.show()
    finally:
        await rig.stop()
