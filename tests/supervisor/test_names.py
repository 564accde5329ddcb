"""The name-collision guard, against strangers made by hand: in a folder, as an editable install, and in real wheels."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from supervisor import names
from supervisor.names import DISTRIBUTION, ROOMS, Collision, collisions, explain

HOME = Path(__file__).resolve().parents[2]
GUARD = "from supervisor.names import refuse_collisions; refuse_collisions(); print('started')"


def start(*front: Path, command: str = GUARD) -> subprocess.CompletedProcess[str]:
    """Run the guard in a fresh interpreter whose search path begins with ``front``, then this checkout."""
    path = f"import sys; sys.path[:0] = {[str(folder) for folder in front]} + [{str(HOME)!r}]; "
    return subprocess.run([sys.executable, "-P", "-c", path + command], capture_output=True, text=True, check=False)


def stranger(site: Path, distribution: str, *files: str, lists: tuple[str, ...] = ("RECORD",)) -> Path:
    """Install a distribution of that name with those files into ``site``, as pip leaves it."""
    for file in files:
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).write_text("")
    metadata = site / f"{distribution}-3.8.1.dist-info"
    metadata.mkdir(parents=True)
    record = "".join(f"{file},sha256=abc,0\n" for file in files)
    top = "".join(f"{name}\n" for name in sorted({file.split("/")[0] for file in files}))
    for name, text in (("RECORD", record), ("top_level.txt", top)):
        if name in lists:
            (metadata / name).write_text(text)
    return site


def test_starts_when_nobody_else_claims_a_room(tmp_path):
    site = stranger(tmp_path, "harmless", "harmless/__init__.py", "harmless/safety/__init__.py", "safety_net.py")
    ran = start(site)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "started\n"


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "supervisor"])
def test_refuses_a_stranger_that_shadows_a_room(tmp_path, room):
    other = "elsewhere" if room == DISTRIBUTION else room
    ran = start(stranger(tmp_path, other, f"{room}/__init__.py", f"{room}/cli.py"))
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert f"{room}: imported from {tmp_path / room}, expected {HOME / room}" in ran.stderr
    assert f"{room}: also claimed by the installed distribution {other} 3.8.1 in {tmp_path}" in ran.stderr
    assert f"pip uninstall {other}" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_stranger_called_supervisor_cannot_start_us_at_all(tmp_path):
    ran = start(stranger(tmp_path, "supervisor", "supervisor/__init__.py"))
    assert ran.returncode == 1
    assert "No module named 'supervisor.names'" in ran.stderr


@pytest.mark.parametrize("lists", [("RECORD",), ("top_level.txt",)])
def test_refuses_a_stranger_that_claims_a_room_without_shadowing_it(tmp_path, lists):
    stranger(tmp_path, "safety", "safety/__init__.py", lists=lists)
    ran = start(command=f"sys.path.append({str(tmp_path)!r}); {GUARD}")
    assert ran.returncode == 1
    assert "safety: also claimed by the installed distribution safety 3.8.1" in ran.stderr
    assert "imported from" not in ran.stderr


def test_refuses_a_room_that_is_a_bare_folder_or_missing(tmp_path, monkeypatch):
    """A stranger's uninstall may take our ``__init__.py`` with it; what is left imports as a namespace."""
    (tmp_path / "safety").mkdir()
    (tmp_path / "supervisor").mkdir()
    (tmp_path / "supervisor" / "__init__.py").write_text("")
    (tmp_path / "supervisor" / "names.py").write_text((HOME / "supervisor" / "names.py").read_text())
    command = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {GUARD}"
    ran = subprocess.run([sys.executable, "-P", "-S", "-c", command], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert f"safety: imported from a folder without __init__.py, expected {tmp_path / 'safety'}" in ran.stderr
    assert f"controllers: not found, expected in {tmp_path}" in ran.stderr


def test_our_own_distribution_may_claim_its_rooms(tmp_path):
    site = stranger(tmp_path, "setwise", *(f"{room}/gate.py" for room in ROOMS))
    assert collisions(HOME, [str(site)]) == ()


def test_the_message_says_which_where_and_what_to_do():
    text = explain([Collision("safety", "imported from /x/safety, expected /y/safety", "safety")])
    assert text.splitlines() == [
        "setwise will not start: package names collide.",
        "  safety: imported from /x/safety, expected /y/safety",
        "Setwise needs an environment of its own. Install it into a fresh virtual environment,",
        "or put this one right: pip uninstall safety, then pip install --force-reinstall --no-deps setwise",
    ]


def test_every_package_of_the_wheel_is_guarded():
    assert set(ROOMS) == {path.parent.name for path in HOME.glob("*/__init__.py")}


def test_costs_little():
    best = min(_timed() for _ in range(3))
    assert best < 0.3, f"{best:.3f} s"


def _timed() -> float:
    before = time.process_time()  # of this process alone: the machine may be busy
    names.refuse_collisions()
    return time.process_time() - before


def wheel(folder: Path, distribution: str, *files: str) -> Path:
    """Build the wheel of a stranger by hand."""
    metadata = f"{distribution}-3.8.1.dist-info"
    path = folder / f"{distribution}-3.8.1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.writestr(file, "THEIRS = True\n")
        archive.writestr(f"{metadata}/METADATA", f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 3.8.1\n")
        archive.writestr(f"{metadata}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        members = [*files, *(f"{metadata}/{name}" for name in ("METADATA", "WHEEL", "RECORD"))]
        archive.writestr(f"{metadata}/RECORD", "".join(f"{member},,\n" for member in members))
    return path


def run(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command that sees nothing of this process's Python settings."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, env=env, cwd=cwd
    )


def test_the_installed_command_refuses_beside_a_wheel_called_safety(tmp_path):
    """The real thing: our wheel and a stranger's in one environment, which pip merges without a word.

    The environment has none of our dependencies, so this also shows that the guard runs before they are imported.
    """
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=HOME)
    assert built.returncode == 0, built.stderr
    ours = next(tmp_path.glob("setwise-*.whl"))
    theirs = wheel(tmp_path, "safety", "safety/__init__.py", "safety/scanner.py")
    assert run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv").returncode == 0
    python = tmp_path / "venv" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", "--quiet")
    setwise = tmp_path / "venv" / "bin" / "setwise"

    installed = run(*pip, ours)
    assert installed.returncode == 0, installed.stderr
    alone = run(setwise, "--help")
    assert "No module named 'typer'" in alone.stderr, "the guard should let our own wheel pass"

    installed = run(*pip, theirs)
    assert installed.returncode == 0, installed.stderr
    beside = run(setwise, "--help")
    assert beside.returncode == 1
    assert beside.stderr.startswith("setwise will not start: package names collide.\n  safety: also claimed by")
    assert "pip uninstall safety" in beside.stderr

    with zipfile.ZipFile(ours) as archive:
        shipped = set(archive.namelist())
    expected = {f"{room}/{file}" for room in ROOMS for file in ("__init__.py", "py.typed")}
    assert expected | {"hil/demo/plant.yaml"} <= shipped
    assert not [name for name in shipped if name.startswith(("tests/", "docs/"))]
