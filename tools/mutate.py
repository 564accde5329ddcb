"""Mutation test of safety/: change the code line by line and see that a test notices (``make mutate``).

mutmut makes the mutants and runs tests/safety on each; this adds the verdict. Survivors are listed, and the run fails
when fewer than the wanted share of all mutants was noticed. A mutant that no test reaches counts as a survivor; one
that runs into the time limit counts as noticed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
STATS = HOME / "mutants" / "mutmut-cicd-stats.json"
NOTICED = ("killed", "timeout", "segfault")


def main() -> int:
    """Run mutmut and return 0 when enough mutants were noticed, else 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--least", type=float, default=0.9, help="share of mutants that must be noticed")
    parser.add_argument("--keep", action="store_true", help="keep the verdicts of the last run for unchanged code")
    wanted = parser.parse_args()

    if not wanted.keep:
        shutil.rmtree(HOME / "mutants", ignore_errors=True)
    mutmut = str(Path(sys.executable).parent / "mutmut")
    ran = subprocess.run([mutmut, "run"], cwd=HOME, stdout=subprocess.PIPE, text=True, check=False)
    if ran.returncode != 0:
        print(ran.stdout[-4000:])
        return ran.returncode
    subprocess.run([mutmut, "export-cicd-stats"], cwd=HOME, stdout=subprocess.DEVNULL, check=True)
    subprocess.run([mutmut, "results"], cwd=HOME, check=True)

    stats = json.loads(STATS.read_text())
    noticed = sum(stats[name] for name in NOTICED)
    share = noticed / stats["total"] if stats["total"] else 0.0
    print(f"{noticed} of {stats['total']} mutants noticed: {share:.1%}, wanted {wanted.least:.1%}")
    return 0 if share >= wanted.least else 1


if __name__ == "__main__":
    sys.exit(main())
