"""Put known defects into the code, one at a time, and see that the named test notices (``make sabotage``).

Each ``tests/sabotage/*.patch`` begins with two lines: ``Defect: what somebody might do wrong`` and ``Test: the test
that must fail``. Every named test must pass on the code as it is, each patch must apply, and with it only a failed test
will do: a test that cannot be collected, or a patch that breaks an import, is an error of the suite. Exit codes: 0 all
noticed, 1 a defect went unnoticed, 2 the suite itself is broken.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
PATCHES = HOME / "tests" / "sabotage"
ROOMS = ("setwise", "hil", "supervisor", "controllers", "constraints", "safety")
COPIED = (*ROOMS, "tests", "docs", "tools", "benchmarks")
FILES = ("pyproject.toml", "README.md", "Makefile", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
PLUGINS = ("pytest_timeout", "pytest_asyncio.plugin", "_hypothesis_pytestplugin")
"""What pytest loads: all that is installed would take longer than most tests."""
FAILED = 1
"""pytest's exit code when tests were collected, run, and failed."""
TIMEOUT_S = 900.0


class SuiteError(Exception):
    """The suite is broken: the message says which patch and how."""


@dataclass(frozen=True, slots=True)
class Sabotage:
    """One seeded defect."""

    patch: Path
    defect: str
    test: str


def read(patch: Path) -> Sabotage:
    """Return what a patch file says of itself. Raises SuiteError."""
    lines = patch.read_text().splitlines()[:2]
    if len(lines) < len(("Defect", "Test")) or not (lines[0].startswith("Defect: ") and lines[1].startswith("Test: ")):
        raise SuiteError(f"{patch.name}: it must begin with the lines 'Defect: ...' and 'Test: ...'")
    return Sabotage(patch, lines[0].removeprefix("Defect: ").strip(), lines[1].removeprefix("Test: ").strip())


def copy_of_tree(folder: Path) -> None:
    """Copy what tests need, and what Python has compiled of it, into ``folder``."""
    for name in COPIED:
        shutil.copytree(HOME / name, folder / name, ignore=shutil.ignore_patterns("*.pyc.*"))  # being written just now
    for name in FILES:
        shutil.copy2(HOME / name, folder / name)


@contextmanager
def another(copy: Path) -> Iterator[Path]:
    """Copy a copy that nobody works in, for as long as it is needed. What is patched there is compiled anew."""
    with tempfile.TemporaryDirectory(prefix="sabotage-") as folder:
        subprocess.run(["cp", "-a", f"{copy}/.", folder], check=True)
        yield Path(folder)


def pytest(folder: Path, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run ``tests`` on the code in ``folder``."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    plugins = [word for name in PLUGINS for word in ("-p", name)]
    command = [sys.executable, "-m", "pytest", "-q", "-x", *plugins, "-p", "no:cacheprovider", "-m", "", *tests]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )


def check_sound(sabotages: Sequence[Sabotage], copy: Path) -> None:
    """Run every named test on the code as it is. Raises SuiteError where one fails or the copy is not what runs."""
    with another(copy) as folder:
        probe = [sys.executable, "-c", "import safety; print(safety.__file__)"]
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        said = subprocess.run(probe, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout
        if not said.startswith(str(folder)):
            raise SuiteError(f"the tests would not run the copy, but {said.strip()}")
        ran = pytest(folder, sorted({each.test for each in sabotages}))
        if ran.returncode != 0:
            said = f"{ran.stdout[-3000:]}{ran.stderr[-500:]}"
            raise SuiteError(f"the named tests do not pass on the code as it is:\n{said}")


def noticed(sabotage: Sabotage, copy: Path) -> bool:
    """Return whether the named test fails once the patch is in. Raises SuiteError."""
    with another(copy) as folder:
        applied = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", str(sabotage.patch)],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if applied.returncode != 0:
            raise SuiteError(f"{sabotage.patch.name} does not apply any more: {applied.stderr.strip()}")
        ran = pytest(folder, [sabotage.test])
        if ran.returncode not in (0, FAILED):
            raise SuiteError(f"{sabotage.patch.name}: pytest ended with {ran.returncode}:\n{ran.stdout[-2000:]}")
        return ran.returncode == FAILED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suite and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patches", nargs="*", type=Path, help="patch files; default all of tests/sabotage")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    wanted = parser.parse_args(arguments)
    patches = [patch.resolve() for patch in wanted.patches or sorted(PATCHES.glob("*.patch"))]
    try:
        sabotages = [read(patch) for patch in patches]
        with tempfile.TemporaryDirectory(prefix="sabotage-") as name, ThreadPoolExecutor(wanted.workers) as pool:
            copy = Path(name)
            copy_of_tree(copy)
            sound = pool.submit(check_sound, sabotages, copy)
            tried = [pool.submit(noticed, sabotage, copy) for sabotage in sabotages]
            try:
                sound.result()
                found = [each.result() for each in tried]
            finally:
                pool.shutdown(cancel_futures=True)
    except (SuiteError, subprocess.SubprocessError) as error:
        print(f"the sabotage suite is broken: {error}", file=sys.stderr)
        return 2
    for sabotage, seen in zip(sabotages, found, strict=True):
        print(f"{'noticed ' if seen else 'UNNOTICED'} {sabotage.patch.stem}: {sabotage.defect}")
    print(f"{sum(found)} of {len(found)} defects noticed")
    return 0 if all(found) else 1


if __name__ == "__main__":
    sys.exit(main())
