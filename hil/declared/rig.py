"""Any plant file as a rig: its line, its PLC, its servers, and the folder that leads a supervisor to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from constraints.plant import Plant
from constraints.plantfile import load_with_functions, read_source
from hil.cabinet import Line
from hil.cascade import LoopOrder, LoopView
from hil.clock import FastClock
from hil.declared.devices import DeclaredDevices
from hil.declared.folder import BenchFolderError, prepare, write_copy
from hil.declared.keys import Keys, make_keys
from hil.declared.line import DeclaredLine
from hil.declared.resting import Resting, driven, resting
from hil.declared.settings import Wishes, WishesError
from hil.declared.whole import Whole, whole_of
from hil.declared.wiring import UnservableError, loops, places, plc_rule
from hil.plants.line import DryerLine
from hil.plc import Block, EmulatedBlock, PlcState, ScanResult
from hil.registers import Answered, Written
from hil.rig import BenchSettings, Moved, Parts


class NoBlock:
    """A PLC without the block: it answers nothing and orders nothing. Implements ``hil.plc.Block``."""

    def __init__(self) -> None:
        """Nothing to remember."""
        self.state = PlcState(loops=(), scanned_s=0.0)

    def start(self, views: Sequence[LoopView], now_s: float) -> None:
        """Do nothing."""

    def restart(self, now_s: float) -> None:
        """Do nothing."""

    def scan(self, written: Written, views: Sequence[LoopView], now_s: float, *, remote: bool) -> ScanResult:
        """Return no order."""
        del written, now_s, remote
        return ScanResult(self.state, Answered(), tuple(LoopOrder() for _ in views), None)


class DeclaredRig(Moved[DeclaredDevices]):
    """The plant of a plant file."""

    def __init__(
        self, settings: BenchSettings, clock: FastClock, whole: Whole, source: str, line: Line, keys: Keys
    ) -> None:
        """Put it at rest; ``source`` is the plant file's text. Its addresses can be served."""
        plant = whole.plant
        parts = Parts(
            line=line,
            signals=tuple(plant.tags),
            every_s={name: tag.every_s for name, tag in plant.tags.items() if tag.every_s > 0.0},
            blocks={name: (loops(part), _block(part)) for name, part in whole.parts.items()},
        )
        super().__init__(settings, clock, parts, partial(DeclaredDevices, whole, keys=keys))
        self._whole = whole
        self._source = source
        self._keys = keys

    def ready(self) -> dict[str, object]:
        """Write the copy of the plant file that leads here, and return where it is."""
        ports = {name: cable.port for name, cable in self.devices.cables.items()}
        path = write_copy(self.settings.folder, self._whole.plant, self._source, self._keys, ports)
        return {"ports": ports, "plant": str(path)}


def _block(part: Plant) -> Block:
    rule = plc_rule(part)
    return NoBlock() if rule is None else EmulatedBlock(rule)


async def make_declared_rig(settings: BenchSettings, clock: FastClock, plant_path: Path, wishes: Wishes) -> DeclaredRig:
    """Put the plant of ``plant_path`` at rest; nothing listens yet.

    Raises PlantFileError, WishesError and BenchFolderError, each with what to do.
    """
    prepare(settings.folder, plant_path)
    whole, source = whole_of(load_with_functions(plant_path).plants), read_source(plant_path)
    try:
        check_servable(whole)
    except UnservableError as error:
        raise BenchFolderError(f"{plant_path}: {error}") from error
    line = line_of(whole, rest_of(whole.plant, plant_path, wishes), wishes, settings.seed)
    keys = await make_keys(whole.plant, settings.folder / "keys")
    return DeclaredRig(settings, clock, whole, source, line, keys)


def check_servable(whole: Whole) -> None:
    """Raise UnservableError for what no server, or no block of a PLC, can do."""
    places(whole.plant, whole.parts)
    for part in whole.parts.values():
        plc_rule(part)


def line_of(whole: Whole, rest: Resting, wishes: Wishes, seed: int) -> Line:
    """Return the line at rest. Raises WishesError where it cannot be the dryer, ModelError and FunctionError."""
    plant = whole.plant
    if wishes.process == "model":
        return DeclaredLine(plant, rest.values, wishes, seed, parts=tuple(whole.parts.values()))
    line = DryerLine(seed)
    if missing := sorted(set(plant.tags) - set(line.measured())):
        raise WishesError(f"process: the dryer has no {', '.join(missing)}; use process: model")
    if wishes.start or wishes.tags or wishes.noise:
        raise WishesError("process: the dryer rests and measures by itself; start, tags and noise need process: model")
    return line


def rest_of(plant: Plant, plant_path: Path, wishes: Wishes) -> Resting:
    """Return where the plant rests; raises WishesError for a wish that this plant cannot have."""
    names = [*plant.tags, *plant.mvs]
    wishes.check(plant_path, names, sorted(driven(plant)))
    for name, value in wishes.start.items():
        if name in plant.mvs:
            lo, hi = plant.mvs[name].limits.safety
            if not lo <= value <= hi:
                raise WishesError(f"start of {name} is {value:g}, outside its safety limits {lo:g} to {hi:g}")
    return resting(plant, wishes)
