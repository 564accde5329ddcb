"""The gate with 200 process tags, 20 MVs and 50 interlocks: how long from the fresh snapshot to the settled verdict.

    python -m benchmarks.gate [--cycles 20000] [--growth 400]

Everything of safety/ that control calls on that way is timed, together and part by part, in closed loop with every
candidate approved. Garbage is collected once as Python does it by itself, once as control does it, between the cycles
(supervisor/garbage.py); what that takes, and the proof test in service, stand below the whole: nobody waits for them.
Beside it stands the floor: the bare comparisons, packed numbers and
conditions, with no reason, quality, memory or account kept. Then one dimension after the other grows.
The goal is a p99.9 of the whole under 2 ms; a busy machine misses it, so load and processor time are printed as well.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import math
import os
import platform
import statistics
import struct
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.judged import PARTS, WAITED_FOR, Run
from benchmarks.sized import Size, plant
from supervisor import garbage

P999_MS_MAX = 2.0
TAGS = (50, 100, 200, 400, 800, 1600)
MVS = (5, 10, 20, 32)
INTERLOCKS = (10, 50, 100, 200, 400)
WINDOWS = (10, 20, 60, 240)
SHOWN = (("validate",), ("evaluate",), ("prove",), ("judge", "settle"))
"""Columns of the growth tables; the whole comes after them."""


@dataclass(frozen=True, slots=True)
class Times:
    """What many cycles of one plant took, microseconds: each of ``PARTS``, cycle by cycle, and the floor."""

    wall: Mapping[str, Sequence[float]]
    processor: Mapping[str, Sequence[float]]
    floor: Sequence[float]
    collected: Sequence[float]
    """Garbage collection between two cycles, processor."""


def bare(size: Size) -> Callable[[], object]:
    """Return the floor: range checks of all tags, bytes of all MVs, all conditions as compiled functions."""
    values = [50.0 + number % 7 for number in range(size.tags)]
    limits = [(-10.0, 110.0)] * size.tags
    shapes: list[Callable[[float, float, float], bool]] = [
        lambda a, b, c: max(a, b, c) > 90.0,
        lambda a, b, _c: abs(a - b) > 60.0,
        lambda a, b, _c: a - b < -80.0 or b < 5.0,
        lambda a, b, _c: a > 85.0 and not b < 20.0,
        lambda a, b, c: (a + b + c) / 3.0 > 95.0,
    ]
    conditions = [shapes[number % len(shapes)] for number in range(size.interlocks)]

    def work() -> object:
        inside = [lo <= value <= hi for value, (lo, hi) in zip(values, limits, strict=True)]
        packed = [struct.pack(">f", value) for value in values[: size.mvs]]
        met = [each(values[at], values[at + 1], values[at + 2]) for at, each in enumerate(conditions)]
        return inside, packed, met

    return work


def measure(size: Size, cycles: int, collect: Callable[[int], None]) -> Times:
    """Return what each of ``cycles`` judged cycles of a plant of ``size`` took, each followed by the floor and by
    ``collect``.
    """
    run, floor, laps, floor_us, collected_us = Run(plant(size)), bare(Size()), [], [], []
    run.warm()
    for lap in run.measured(cycles):
        began_ns = time.thread_time_ns()
        floor()
        floor_us.append((time.thread_time_ns() - began_ns) / 1000.0)
        laps.append(lap)
        began_ns = time.thread_time_ns()
        collect(run.cycle)
        collected_us.append((time.thread_time_ns() - began_ns) / 1000.0)
    wall = dict(zip(PARTS, zip(*(lap.wall for lap in laps), strict=True), strict=True))
    processor = dict(zip(PARTS, zip(*(lap.processor for lap in laps), strict=True), strict=True))
    return Times(wall, processor, floor_us, collected_us)


def together(times: Mapping[str, Sequence[float]], parts: Sequence[str] = WAITED_FOR) -> list[float]:
    """Return for each cycle what ``parts`` took together."""
    return [sum(cycle) for cycle in zip(*(times[part] for part in parts), strict=True)]


def at(share: float, values: Sequence[float]) -> float:
    """Return the value that ``share`` of all do not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def table(title: str, times: Times) -> float:
    """Print the parts and the whole of one run; return the p99.9 of the whole, ms."""
    shares = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
    print(f"\n{title}")
    print(f"{'':10s}{'wall clock, µs':>40s}{'processor, µs':>40s}")
    print(f"{'':10s}" + 2 * "".join(f"{name:>10s}" for name in shares))
    for part in (*WAITED_FOR, "whole", "prove"):
        both = [together(each, WAITED_FOR if part == "whole" else (part,)) for each in (times.wall, times.processor)]
        print(f"{part:10s}" + "".join(f"{at(share, each):10.0f}" for each in both for share in shares.values()))
    print(f"{'collect':10s}{'':40s}" + "".join(f"{at(share, times.collected):10.0f}" for share in shares.values()))
    print(f"{'floor':10s}{'':40s}" + "".join(f"{at(share, times.floor):10.0f}" for share in shares.values()))
    ratio = statistics.median(together(times.processor)) / statistics.median(times.floor)
    print(f"the whole costs {ratio:.0f} times the floor (processor, p50)")
    return at(0.999, together(times.wall)) / 1000.0


def growth(what: str, sizes: Sequence[tuple[int, Size]], cycles: int) -> None:
    """Print how the parts grow over ``what``, and the slope of the straight line through their medians."""
    names = [" + ".join(parts) for parts in SHOWN]
    print(f"\n{what:>10s}" + "".join(f"{name:>16s}" for name in names) + f"{'whole':>10s}   processor, µs, p50")
    medians: list[list[float]] = []
    for number, size in sizes:
        times = measure(size, cycles, garbage.between_cycles).processor
        medians.append([statistics.median(together(times, parts)) for parts in (*SHOWN, WAITED_FOR)])
        print(f"{number:10d}" + "".join(f"{each:16.0f}" for each in medians[-1][:-1]) + f"{medians[-1][-1]:10.0f}")
    xs = [float(number) for number, _ in sizes]
    slopes = [statistics.linear_regression(xs, column).slope for column in zip(*medians, strict=True)]
    print(f"{'each':>10s}" + "".join(f"{slope:16.2f}" for slope in slopes[:-1]) + f"{slopes[-1]:10.2f}")


def machine() -> str:
    """Return what it ran on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    names = f"setwise {version('setwise')}, {platform.python_implementation()} {platform.python_version()}"
    return f"{names}; {model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; GC {gc.get_threshold()}"


def main() -> int:
    """Run everything and print it; 0 when the goal was met, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=20_000, help="judged cycles of the goal's size")
    parser.add_argument("--growth", type=int, default=400, help="judged cycles of each size in the growth tables")
    wanted = parser.parse_args()
    importlib.import_module("supervisor.control")  # what the collector has to look through in the real process
    size = Size()
    print(machine())
    print(f"{size.tags} process tags ({size.readings} readings), {size.mvs} MVs, {size.interlocks} interlocks")
    few = wanted.cycles // 4
    table(f"{few} judged cycles, collector as Python starts it", measure(size, few, lambda _: None))
    garbage.begin()
    times = measure(size, wanted.cycles, garbage.between_cycles)
    p999_ms = table(f"{wanted.cycles} judged cycles, collected between the cycles", times)
    growth("tags", [(number, Size(tags=number)) for number in TAGS], wanted.growth)
    growth("MVs", [(number, Size(mvs=number)) for number in MVS], wanted.growth)
    growth("interlocks", [(number, Size(interlocks=number)) for number in INTERLOCKS], wanted.growth)
    growth("window", [(number, Size(window=number)) for number in WINDOWS], wanted.growth)
    met = p999_ms < P999_MS_MAX
    print(f"\nload at the end {os.getloadavg()[0]:.1f}")
    print(f"p99.9 of the whole {p999_ms:.2f} ms; goal under {P999_MS_MAX:.0f} ms: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
