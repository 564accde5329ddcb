"""Commands of other packages: what is broken breaks only itself, and nobody takes a name that is there."""

from __future__ import annotations

import pytest

from tests.supervisor.tank import setwise, write_tank


@pytest.fixture
def stranger(tmp_path):
    """Make a distribution with entry points in a folder of its own; return the environment that finds it."""

    def make(commands, modules=None, name="stranger"):
        folder = tmp_path / name
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
        lines = [f"{command} = {target}" for command, target in commands.items()]
        (info / "entry_points.txt").write_text("[setwise.commands]\n" + "\n".join(lines) + "\n", encoding="utf-8")
        for module, text in (modules or {}).items():
            (folder / f"{module}.py").write_text(text, encoding="utf-8")
        return {"PYTHONPATH": str(folder)}

    return make


GOOD = """
def greet(name: str = "world"):
    '''Greet somebody.'''
    print("hello", name)
"""


def test_a_stranger_adds_a_command(stranger):
    env = stranger({"greet": "greeting:greet"}, {"greeting": GOOD})
    assert "greet" in setwise("--help", env=env).stdout
    done = setwise("greet", "--name", "plant", env=env)
    assert (done.returncode, done.stdout) == (0, "hello plant\n")
    assert "Greet somebody" in setwise("greet", "--help", env=env).stdout


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("broken:run", "raise RuntimeError('no licence')"),
        ("broken:run", "import nothing_of_this_name"),
        ("broken:run", "def run(:"),
        ("broken:missing", ""),
        ("absent:run", None),
        ("not a target at all", None),
    ],
)
def test_a_broken_stranger_breaks_only_itself(stranger, tmp_path, target, text):
    env = stranger({"broken": target}, {} if text is None else {"broken": text})
    done = setwise("broken", env=env)
    assert done.returncode == 1
    assert "cannot be loaded" in done.stderr
    assert "Traceback" not in done.stderr
    assert setwise("--help", env=env).returncode == 0
    assert setwise("check", write_tank(tmp_path), env=env).returncode == 0


@pytest.mark.parametrize("name", ["mode", "audit", "demo"])
def test_nobody_takes_a_name_that_is_there(stranger, name):
    env = stranger({name: "thief:run"}, {"thief": "def run(): print('mine now')"})
    assert setwise(name, "--help", env=env).stdout == setwise(name, "--help").stdout
    assert "Plug-in" not in setwise("--help", env=env).stdout
