"""The arrows between the five rooms and the face, and that breaking one fails the build."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from supervisor.names import ROOMS

LINT = (str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache")


@pytest.fixture(scope="module")
def project(home):
    return tomllib.loads((home / "pyproject.toml").read_text())


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the import contracts of the tree in ``folder``."""
    return subprocess.run(LINT, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(home, tmp_path):
    """Return a copy of the rooms, without what a contract does not read."""
    for room in ROOMS:
        for path in (home / room).rglob("*.py"):
            target = tmp_path / path.relative_to(home)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((home / "pyproject.toml").read_bytes())
    return tmp_path


def test_the_contracts_hold(home):
    checked = lint(home)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("module", "illegal", "contract"),
    [
        ("safety/signals.py", "import supervisor.record", "Five rooms"),
        ("constraints/plant.py", "from controllers import types", "Five rooms"),
        ("controllers/types.py", "from supervisor import record", "Five rooms"),
        ("supervisor/record.py", "import hil", "Five rooms"),
        ("hil/clock.py", "import setwise", "Five rooms"),
        ("setwise/run.py", "from supervisor.drivers import driver", "a notebook has no path to a plant"),
        ("setwise/run.py", "def later():\n    from supervisor import cycle", "a notebook has no path to a plant"),
        ("supervisor/settings.py", "import supervisor.drivers.pool", "a notebook has no path to a plant"),
        ("safety/signals.py", "import numpy", "safety imports the standard library only"),
        ("controllers/types.py", "import time", "touch no clock"),
        ("constraints/plant.py", "def lazily():\n    import random", "touch no clock"),
        ("safety/signals.py", "from pathlib import Path", "touch no clock"),
        ("constraints/plant.py", "import cvxpy", "only controllers know a solver"),
    ],
)
def test_a_broken_contract_fails_the_build(copy, module, illegal, contract):
    with (copy / module).open("a") as file:
        file.write(f"\n{illegal}\n")
    checked = lint(copy)
    assert checked.returncode == 1, checked.stdout
    broken = checked.stdout[checked.stdout.index("Broken contracts") :]
    assert contract in broken
    assert module.removesuffix(".py").replace("/", ".") in broken


def test_pages_that_reach_a_driver_fail_the_build(copy):
    (copy / "supervisor" / "web").mkdir(exist_ok=True)
    (copy / "supervisor" / "web" / "__init__.py").touch()
    (copy / "supervisor" / "web" / "sly.py").write_text("from supervisor.web import between\n")
    (copy / "supervisor" / "web" / "between.py").write_text("from supervisor.drivers import driver\n")
    checked = lint(copy)
    assert checked.returncode == 1, checked.stdout
    assert "supervisor.web.sly" in checked.stdout


def test_every_package_is_one_of_the_rooms(home, project):
    """``exhaustive``: another package would stand outside every contract."""
    packages = {path.parent.name for path in home.glob("*/__init__.py")}
    contracts = {contract["id"]: contract for contract in project["tool"]["importlinter"]["contracts"]}
    assert packages == set(ROOMS)
    assert contracts["rooms"]["layers"] == list(ROOMS)
    assert project["tool"]["importlinter"]["root_packages"] == list(ROOMS)
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == list(ROOMS)
    assert project["tool"]["mypy"]["packages"] == list(ROOMS)


def test_every_folder_of_a_room_is_a_package(home):
    """A folder without ``__init__.py`` is seen by no contract; only what Alembic runs as scripts may lack it."""
    folders = {path.parent for room in ROOMS for path in (home / room).rglob("*.py")}
    bare = [folder.relative_to(home).as_posix() for folder in folders if not (folder / "__init__.py").exists()]
    assert sorted(set(bare) - {"supervisor/audit/migrations", "supervisor/audit/migrations/versions"}) == []


def test_the_contract_of_safety_lists_every_dependency(project):
    """What is added to the dependencies is forbidden to safety the same day."""
    modules = {"ruamel.yaml": "ruamel", "psycopg[binary]": "psycopg", "pyyaml": "yaml", "argon2-cffi": "argon2"}
    wanted = {name.partition(">")[0].strip() for name in project["project"]["dependencies"]}
    contract = next(each for each in project["tool"]["importlinter"]["contracts"] if each["id"] == "safety-stdlib")
    assert {modules.get(name, name).replace("-", "_") for name in wanted} <= set(contract["forbidden_modules"])
