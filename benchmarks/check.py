"""``setwise check`` from the shell, process start included, on plants of 250 to 2000 tags.

    python -m benchmarks.check [--rounds 5]

Each figure is the fastest of some rounds. Two floors stand beside it: a file of fifty tags, which is the command's
start, and a Python that starts and has libyaml build plain objects of the same file, without a place or a check.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Goal, judge, made_with
from benchmarks.plant_text import Size, plant_text, scaled, shared_out

START, TAGS = 50, (250, 500, 1000, 2000)
GOAL_TAGS, GOAL_S = 1000, 2.0
CONTROLLERS = 4
"""A controller's mask in the PLC has 32 bits, so 100 MVs take four of them."""
GROWTH = 1.3
"""From 500 to 2000 tags the time beyond the start may grow by four to this power, not more: no quadratic look-ups."""
CHECK = ("-m", "supervisor", "check")
READ = ("-c", "import sys, yaml; yaml.load(open(sys.argv[1], encoding='utf-8'), Loader=yaml.CSafeLoader)")


@dataclass(frozen=True, slots=True)
class Spent:
    """What a command took, each the least of some rounds."""

    wall_s: float
    processor_s: float
    """Of the process alone: what else the machine does counts less here."""


def spent(arguments: Sequence[str], rounds: int) -> Spent:
    """Return what a Python with ``arguments`` takes; raises CalledProcessError where it fails."""
    walls, processors = [], []
    for _ in range(rounds):
        begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        walls.append(time.perf_counter() - begun)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processors.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return Spent(min(walls), min(processors))


def contents(size: Size) -> str:
    """Return in words what a file holds."""
    return (
        f"{size.tags:5d} tags, {size.mvs:3d} MVs, {size.cvs:3d} CVs, {size.constraints:3d} constraints, "
        f"{size.interlocks:3d} interlocks" + (f", {size.controllers} controllers" if size.controllers > 1 else "")
    )


def told(size: Size, folder: Path, rounds: int) -> Spent:
    """Print a line with what ``check`` takes on a file of this size, and return it."""
    path, text = folder / "plant.yaml", plant_text(size)
    path.write_text(text, encoding="utf-8")
    found = spent((*CHECK, str(path)), rounds)
    floor = spent((*READ, str(path)), rounds).wall_s
    print(f"{contents(size):82s}{len(text) / 1000.0:6.0f}{found.wall_s:8.2f}s{found.processor_s:10.2f}s{floor:8.2f}s")
    return found


def main() -> int:
    """Print the times and how they grow; 0 when every goal was met, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="the fastest of so many counts")
    rounds = parser.parse_args().rounds
    print(made_with())
    print(f"\n{'':82s}{'kB':>6s}{'check':>9s}{'processor':>11s}{'libyaml':>9s}")
    found: dict[int, Spent] = {}
    with tempfile.TemporaryDirectory() as folder:
        for tags in (START, *TAGS):
            found[tags] = told(scaled(tags), Path(folder), rounds)
        several = told(shared_out(GOAL_TAGS, CONTROLLERS), Path(folder), rounds)
    beyond = {tags: found[tags].processor_s - found[START].processor_s for tags in TAGS}
    met = judge(
        [
            Goal(f"setwise check, {GOAL_TAGS} tags, from the shell [s]", found[GOAL_TAGS].wall_s, GOAL_S),
            Goal(f"the same with {GOAL_TAGS // 10} MVs of {CONTROLLERS} controllers [s]", several.wall_s, GOAL_S),
            Goal("processor beyond the start: 2000 tags over 500", beyond[2000] / beyond[500], 4.0**GROWTH),
        ]
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
