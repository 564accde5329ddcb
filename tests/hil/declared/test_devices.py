"""Every address of a plant file, whatever its kind, is served: read by Setwise's own drivers from the bench's copy."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from constraints.plant import Plant
from constraints.plantfile import load
from constraints.plantfile.taglists.unitnames import unit_of_server
from hil.clock import FastClock
from hil.declared.folder import BenchFolderError
from hil.declared.rig import DeclaredRig, make_declared_rig
from hil.declared.settings import Wishes
from hil.plants.pid import Mode
from hil.proxy import Pass, Pulled
from hil.rig import BenchSettings
from safety.signals import Quality, Reading
from supervisor.drivers.build import build_drivers
from supervisor.drivers.opcua_browse import Bounds, browse
from supervisor.drivers.pool import DriverPool
from supervisor.secrets import secrets_beside

pytestmark = pytest.mark.asyncio(loop_scope="module")

ODD = Path(__file__).with_name("odd.yaml")
TRIES = 400
RESOLUTION = {"m_i16": 0.1, "m_u16": 0.01}
"""Of tags that lie in whole numbers; all else has at least seven digits."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def read(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Reads]:
    """The bench of the odd plant file, and the drivers that its copy of the file makes."""
    clock = FastClock.from_now(1.0)
    settings = BenchSettings(folder=tmp_path_factory.mktemp("odd") / "bench")
    rig = await make_declared_rig(settings, clock, ODD, Wishes())
    await rig.start()
    path = Path(str(rig.ready()["plant"]))
    plant = load(path).plant
    pool = build_drivers(plant, path.parent, secrets_beside(path.parent), lambda: clock.now().mono_s)
    await pool.start()
    yield Reads(rig, plant, pool, clock)
    await pool.close()
    await rig.stop()


class Reads:
    def __init__(self, rig: DeclaredRig, plant: Plant, pool: DriverPool, clock: FastClock) -> None:
        self.rig, self.plant, self._pool, self._clock = rig, plant, pool, clock

    async def all_good(self) -> Mapping[str, Reading]:
        """Let the plant run until every reading is good, then once more, standing still."""
        for _ in range(TRIES):
            self.rig.step()
            await self.rig.show()
            await asyncio.sleep(0.01)
            readings = await self.now()
            if all(reading.quality is Quality.GOOD for reading in readings.values()):
                break
        return readings

    async def browsed(self, connection: str) -> Mapping[str, tuple[str, tuple[float, float] | None]]:
        """Return unit and range that the server of a connection shows, by node."""
        base = Path(str(self.rig.ready()["plant"])).parent
        walk = await browse(
            self.plant.connections[connection],
            base_dir=base,
            secrets=secrets_beside(base),
            root=None,
            wanted=lambda *_: True,
            bounds=Bounds(),
            now_s=lambda: 0.0,
        )
        return {
            each.node_id: (unit_of_server(each.unit_uri, each.unit_id, each.unit_name), each.span)
            for each in walk.variables
        }

    async def now(self) -> Mapping[str, Reading]:
        """Show what is and read it."""
        await self.rig.show()
        return (await self._pool.read(1, self._clock.now())).readings


async def test_every_tag_is_served_where_and_how_the_plant_file_says(read: Reads) -> None:
    readings = await read.all_good()
    bad = {tag: reading for tag, reading in readings.items() if reading.quality is not Quality.GOOD}
    assert bad == {}
    shown = read.rig.instruments.reports
    for tag in read.plant.tags:
        if tag.startswith("q_"):
            continue  # a sensor's last message may be older than the instrument's last value
        margin = RESOLUTION.get(tag, 1e-6 * max(abs(shown[tag].value), 1.0) + 1e-3 * (tag in ("m_i32", "m_u32")))
        assert readings[tag].value == pytest.approx(shown[tag].value, abs=margin), tag
    assert readings["q_field"].value == pytest.approx(25.0, abs=5.0)
    assert readings["q_nested"].value == pytest.approx(50.0, abs=5.0)
    assert readings["q_bare"].value == pytest.approx(4.0, abs=0.3)


async def test_the_loops_and_the_plc_answer(read: Reads) -> None:
    readings = await read.all_good()
    assert readings["a_sp.actual"].value == 50.0
    assert readings["plc.probe"].value == 1234.5
    assert [readings[f"{mv}.available"].value for mv in ("a_sp", "b_sp")] == [0.0, 0.0]
    for loop in ("a_text", "a_number"):
        read.rig.line.mode(loop, Mode.CAS)
    again = await read.now()
    assert [again[f"{mv}.available"].value for mv in ("a_sp", "b_sp")] == [1.0, 1.0]
    assert again["a_sp.windup_hi"].value == 0.0


async def test_a_cable_by_the_name_of_its_connection_can_be_pulled(read: Reads) -> None:
    await read.all_good()
    read.rig.devices.cables["meter"].set(Pulled())
    readings = await read.now()
    assert readings["m_f32"].quality is Quality.BAD
    assert readings["a_text"].quality is Quality.GOOD
    read.rig.devices.cables["meter"].set(Pass())


async def test_a_restarted_plc_shows_its_registers_as_they_are(read: Reads) -> None:
    await read.all_good()
    await read.rig.restart_plc()
    assert (await read.all_good())["plc.boot_count"].value == 2.0


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("ua:ns=2;s=A.PV", "ua:i=2258", "namespace 0"),
        ("meter:input/11:uint16", "meter:input/10:uint16", "two different types"),
        ("meter:holding/20:float64", "meter:holding/11:float64", "overlap"),
        ("type: mqtt, host: 10.0.0.5", "type: memory", "memory"),
    ],
)
async def test_what_cannot_be_served_says_which_and_why(tmp_path: Path, before: str, after: str, words: str) -> None:
    text = ODD.read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "plant.yaml"
    path.write_text(text.replace(before, after), encoding="utf-8")
    settings = BenchSettings(folder=tmp_path / "bench")
    with pytest.raises(BenchFolderError, match=words):
        await make_declared_rig(settings, FastClock.from_now(1.0), path, Wishes())


async def test_the_resolution_of_what_is_compared_is_that_of_the_file() -> None:
    plant = load(ODD).plant
    assert {tag: abs(plant.tags[tag].point.encoding.scale) for tag in RESOLUTION} == RESOLUTION
    assert math.isclose(plant.tags["m_i32"].point.encoding.scale, 1e-3)


async def test_browsing_shows_units_and_ranges_of_the_plant_file(read: Reads) -> None:
    shown = await read.browsed("ua")
    assert shown["ns=2;s=A.PV"] == ("degC", (0.0, 100.0))
    assert shown["ns=4;i=17"] == ("", None)
    assert (await read.browsed("safe"))["ns=2;s=S"] == ("bar", (0.0, 10.0))
