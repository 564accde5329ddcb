"""The quick mutation test of a change: which functions it takes for changed, and what it says of them."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.tools.tiny import KILLS, PLUS

pytestmark = pytest.mark.timeout(300)  # each runs the tool, and that runs pytest for every mutant

MORE = """

    def more(a):
        return a + 1
"""
CALLS = """
    def test_more():
        from tiny.sums import more

        assert more(3)
"""
NOTICES = CALLS.replace("more(3)", "more(3) == 4")


class Branch:
    """A git checkout of the tiny package: commits on the main branch, and a change on top of them."""

    def __init__(self, tiny):
        self.tiny = tiny
        tiny.module(PLUS, KILLS)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit()

    def git(self, *words):
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        subprocess.run(["git", *who, *words], cwd=self.tiny.home, env=os.environ | quiet, check=True)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=x")

    def mutate(self, *arguments):
        """Return the exit code and what was printed."""
        ran = self.tiny.run("mutate_change.py", *arguments)
        assert "Traceback" not in ran.stderr, ran.stderr
        return ran.returncode, ran.stdout


@pytest.fixture
def branch(tiny):
    return Branch(tiny)


def test_no_earlier_commit_is_said_and_passes(branch):
    assert branch.mutate() == (0, "there is no earlier commit to compare with: no mutants tried\n")


def test_what_is_only_layout_is_no_change(branch):
    branch.commit()
    branch.tiny.module(PLUS.replace("1 + 1.", "Add.").replace("a or b,", "(a or b),"), KILLS)
    code, said = branch.mutate()
    assert (code, said.startswith("no function of tiny/ differs from")) == (0, True)


def test_a_changed_function_whose_mutants_are_all_killed(branch):
    """The other function of the module is left alone."""
    branch.commit()
    branch.tiny.module(PLUS + MORE, KILLS + NOTICES)
    code, said = branch.mutate()
    assert code == 0, said
    assert "tiny/sums.py: x_more\n" in said
    assert "2 of 2 mutants tried since" in said
    assert ": 2 killed; 0 listed" in said


def test_a_survivor_fails_and_the_list_excuses_it(branch):
    branch.git("update-ref", "refs/remotes/origin/main", "HEAD")
    branch.tiny.module(PLUS + MORE, KILLS + CALLS)
    branch.commit()
    branch.commit()
    code, said = branch.mutate()
    assert (code, "tiny/sums.py survived: tiny.sums.x_more__mutmut_" in said) == (1, True)
    alive = [line for line in said.splitlines() if line.startswith(("  - ", "  + "))]
    for before, after in zip(alive[::2], alive[1::2], strict=True):
        branch.tiny.listed(operator="mutmut", line=before[4:], becomes=after[4:])
    code, said = branch.mutate()
    assert (code, f"{len(alive) // 2} listed" in said) == (0, True)


def test_what_is_over_the_limit_is_said(branch):
    branch.commit()
    branch.tiny.module(PLUS + MORE, KILLS + NOTICES)
    code, said = branch.mutate("--limit", "1")
    assert code == 0
    assert "1 of 2 mutants tried since" in said
    assert "the other 1 are over the limit of 1" in said


def test_a_harness_that_fails_has_its_own_exit_code(branch):
    branch.commit()
    branch.tiny.module(PLUS.replace("not b", "not a"), "def test_plus():\n    assert plus(2, 2) == 5\n")
    code, said = branch.mutate()
    assert code == 2
    assert "the mutation test itself failed, nothing is known: mutmut run ended with 1" in said
