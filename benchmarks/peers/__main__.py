"""The same linear MPC through every tool: same data, same run, one after the other in turns.

``python -m benchmarks.peers [--rounds N] [--peers PYTHON] [--json FILE] [--only PROBLEM ...]``. Each tool runs alone in
its own process, one thread, warm as it recommends; import, set-up and compilation are not counted; time is the
processor's. First moves must agree within 1e-3 of the MV's span with the exact ones (DAQP at 1e-9), or there is no
comparison and the exit code is 1. OSQP's tolerance is 1e-4 of the narrowest MV's span, by itself and under cvxpy.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.charts import bars
from benchmarks.figures import kept as saved_picture
from benchmarks.peers.harness import SETTLING
from benchmarks.peers.problem import PROBLEMS, Problem, saved

TOOLS = {
    "ours, solver: osqp": "ours",
    "ours, solver: daqp": "ours_daqp",
    "bare OSQP, sparse": "bare_osqp",
    "bare DAQP 1e-9, condensed": "bare_daqp",
    "bare PIQP 1e-6, sparse": "bare_piqp",
    "cvxpy DPP + OSQP": "cvxpy_resolve",
    "do-mpc (IPOPT)": "do_mpc",
    "CasADi nlpsol (IPOPT)": "casadi_nlp",
    "GEKKO, local (IPOPT)": "gekko",
}
IN_PEERS = {"bare_piqp", "do_mpc", "casadi_nlp", "gekko"}
"""What needs the peers' environment; the rest runs in ours."""
BASE = "bare_osqp"
GOALS = (
    ("wood_berry", "ours", "do_mpc", 40.0),
    ("wood_berry", "ours", "gekko", 150.0),
    ("bounds", "ours", "do_mpc", 15.0),
    ("zones", "ours", "cvxpy_resolve", 5.0),
    ("wood_berry", "ours_daqp", "do_mpc", 150.0),
    ("bounds", "ours_daqp", "do_mpc", 100.0),
    ("zones", "ours_daqp", "cvxpy_resolve", 15.0),
)
"""Problem, ours, peer, and how many times faster it should be."""
SAME = 1.001
AGREED = 1e-3
LIMIT_S = 900


def measured(module: str, data: Path, peers: str) -> dict[str, Any] | str:
    """Run one tool over one sequence; its report, or why there is none."""
    python = peers if module in IN_PEERS else sys.executable
    if not Path(python).exists():
        return "its environment is not there: tools/make-peers-venv.sh"
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [python, "-m", f"benchmarks.peers.{module}", str(data)],
            capture_output=True, text=True, timeout=LIMIT_S, env=env, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"no end within {LIMIT_S} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no word"])[-1][:100]
    report: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return report


def apart(problem: Problem, reports: list[dict[str, Any]], exact: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Return the largest difference of a first move from the exact one, in spans of the MV."""
    span = problem.high - problem.low
    return max(float((np.abs(np.array(r["first"]) - exact) / span).max()) for r in reports)


def quality(peers: str) -> bool:
    """Print the closed loops on Wood-Berry at the same weights; return whether ours is no worse than any peer."""
    print("\nWood-Berry in closed loop, H40, move weight 30, every tool with the same constant disturbance ahead")
    print(f"{'tool':28}{'top IAE':>10}{'travel':>8}{'bottom':>10}{'travel':>8}{'feed':>10}{'travel':>8}")
    found: dict[str, dict[str, Any]] = {}
    for label, module in (("ours", "ours"), ("do-mpc", "do_mpc"), ("GEKKO", "gekko")):
        python = peers if module in IN_PEERS else sys.executable
        done = subprocess.run(
            [python, "-m", "benchmarks.peers.quality", module, "30"],
            capture_output=True, text=True, timeout=LIMIT_S, check=False,
        )  # fmt: skip
        if done.returncode:
            print(f"{label:28}not measured: {(done.stderr.strip().splitlines() or ['no word'])[-1][:80]}")
            continue
        found[module] = json.loads(done.stdout.strip().splitlines()[-1])
        tests = [found[module][name] for name in ("top", "bottom", "feed")]
        print(f"{label:28}" + "".join(f"{t['iae']:10.4f}{t['travel']:8.4f}" for t in tests))
    mine = found.pop("ours", None)
    no_worse = mine is not None and all(
        mine[test][what] <= SAME * other[test][what]
        for other in found.values()
        for test in ("top", "bottom", "feed")
        for what in ("iae", "travel")
    )
    verdict = "met" if no_worse else "NOT met"
    print(f"ours no worse than any peer, IAE and travel, within {100 * (SAME - 1):.1g} %: {verdict}")
    return no_worse


def judged(median: dict[str, dict[str, float]]) -> bool:
    """Print how many times faster ours is, against what is asked of it."""
    met = True
    print()
    for problem, mine, peer, asked in GOALS:
        if mine in median.get(problem, {}) and peer in median[problem]:
            ratio = median[problem][peer] / median[problem][mine]
            met &= ratio >= asked
            verdict = "met" if ratio >= asked else "NOT met"
            print(f"{problem:12}{mine:11} {ratio:6.1f} times faster than {peer:14} asked {asked:5.0f}   {verdict}")
    return met


def main() -> int:
    """Measure in turns, compare, print."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--rounds", type=int, default=2)
    ask.add_argument("--peers", default=".venv-peers/bin/python")
    ask.add_argument("--json", type=Path)
    ask.add_argument("--only", nargs="*", default=list(PROBLEMS), choices=list(PROBLEMS))
    chosen = ask.parse_args()
    agreed, kept = True, {}
    medians: dict[str, dict[str, float]] = {}
    for name in chosen.only:
        problem = PROBLEMS[name]()
        reports: dict[str, list[dict[str, Any]]] = {m: [] for m in TOOLS.values()}
        missing: dict[str, str] = {}
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "problem.npz"
            saved(problem, data)
            for _ in range(chosen.rounds):
                for module in TOOLS.values():
                    got = measured(module, data, chosen.peers)
                    if isinstance(got, str):
                        missing[module] = got
                    else:
                        reports[module].append(got)
        exact = np.array(reports["bare_daqp"][0]["first"])
        median = {
            m: float(np.median([t for r in found for t in r["ms"][SETTLING:]])) for m, found in reports.items() if found
        }
        medians[name] = median
        print(
            f"\n{name}: {problem.mvs}x{problem.cvs}, H{problem.horizon}, {len(problem.x)} steps, {chosen.rounds} rounds"
        )
        print(f"{'tool':28}{'ms, median':>11}{'p95':>9}{'ratio':>8}{'apart':>10}  versions")
        for label, module in TOOLS.items():
            found = reports[module]
            if not found:
                print(f"{label:28}not measured: {missing[module]}")
                continue
            p95 = float(np.percentile([t for r in found for t in r["ms"][SETTLING:]], 95))
            off = apart(problem, found, exact)
            agreed &= off <= AGREED
            versions = " ".join(f"{k} {v}" for k, v in found[0]["versions"].items())
            ratio = median[module] / median[BASE] if BASE in median else float("nan")
            verdict = "" if off <= AGREED else "  NOT the same problem"
            print(f"{label:28}{median[module]:11.3g}{p95:9.3g}{ratio:8.3g}{off:10.1e}  {versions}{verdict}")
            kept[f"{name}/{module}"] = {"median_ms": median[module], "p95_ms": p95, "apart": off, "versions": versions}
    if chosen.json:
        chosen.json.write_text(json.dumps(kept, indent=1))
    print(f"\nfirst moves of all tools agree within {AGREED:g} of the MV's span: {'yes' if agreed else 'NO'}")
    met = judged(medians)
    labels = {module: label for label, module in TOOLS.items()}
    drawn = {name: {labels[module]: ms for module, ms in found.items()} for name, found in medians.items()}
    picture = bars("The same MPC through every tool, same run, one thread", drawn, list(TOOLS)[:2])
    saved_picture(picture, "bench-peers.png")
    no_worse = quality(chosen.peers)
    return 0 if agreed and met and no_worse else 1


if __name__ == "__main__":
    sys.exit(main())
