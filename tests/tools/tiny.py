"""A package so small that it is known what becomes of each mutant, and the mutation test on it as `make` runs it."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[2] / "tools"
FUTURE = "from __future__ import annotations\n\n"
SETTINGS = """
    [tool.pytest.ini_options]
    addopts = ["--import-mode=importlib"]

    [tool.mutmut]
    source_paths = ["tiny"]
    pytest_add_cli_args_test_selection = ["tests/tiny"]
"""
PLUS = """
    def plus(a: int | None, b: int) -> tuple[int, bool]:
        '''1 + 1.'''
        return a or b, not b
"""
KILLS = """
    def test_plus():
        assert plus(0, 2) == (2, False)
"""
LEAVES = """
    def test_plus():
        assert plus(0, 2)[0] == 2
"""
AND, NOT = "return a and b, not b", "return a or b,  b"
"""The two mutants; the annotations and the docstring have none. The weak test leaves the second one alive."""


class Tiny:
    """One module, its tests, and one more test file."""

    def __init__(self, home):
        self.home = home
        (home / "tools").mkdir()
        self.write("pyproject.toml", SETTINGS)
        self.write("tests/conftest.py", "")
        self.write("tiny/__init__.py", '"""Tiny."""\n')
        self.other("def test_of_something_else():\n    pass\n")

    def write(self, path, text):
        (self.home / path).parent.mkdir(parents=True, exist_ok=True)
        (self.home / path).write_text(textwrap.dedent(text))

    def module(self, text, tests):
        self.write("tiny/sums.py", FUTURE + textwrap.dedent(text))
        self.write("tests/tiny/test_sums.py", "from tiny.sums import plus\n\n" + textwrap.dedent(tests))

    def other(self, tests):
        self.write("tests/tiny/test_words.py", "from tiny.sums import plus\n\n" + textwrap.dedent(tests))

    def listed(self, **entry):
        """Put one more entry into the written list."""
        fields = {"module": "tiny/sums.py", "why": "nobody reads the second one"} | entry
        text = "\n".join(f"{name} = {json.dumps(word)}" for name, word in fields.items())
        with (self.home / "tools/mutants-equivalent.toml").open("a") as file:
            file.write(f"[[mutant]]\n{text}\n")

    def run(self, tool, *arguments):
        words = ["--home", self.home, "--package", "tiny", "--workers", "2", *arguments]
        return subprocess.run([sys.executable, TOOLS / tool, *words], capture_output=True, text=True, check=False)

    def mutate(self, *arguments):
        """Return the exit code and what was printed."""
        ran = self.run("mutate.py", *arguments)
        assert "Traceback" not in ran.stderr, ran.stderr
        return ran.returncode, ran.stdout

    def became(self):
        """Return for each mutant's line what happened: a state, or what killed it."""
        lines = (self.home / ".mutation/session.jsonl").read_text().splitlines()[1:]
        outcomes = map(json.loads, lines)
        return {one["becomes"]: one["by"] if one["state"] == "killed" else one["state"] for one in outcomes}
