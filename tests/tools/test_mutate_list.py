"""The written list of mutants that no test can notice: what it excuses, and when it is wrong itself."""

from __future__ import annotations

import sys

import pytest

from tests.tools.tiny import AND, KILLS, LEAVES, NOT, PLUS, TOOLS

pytestmark = pytest.mark.timeout(300)  # each runs the tool, and that runs pytest for every mutant

ENTRY = {
    "module": "tiny/sums.py", "operator": "ReplaceUnaryOperator_Delete_Not", "line": "return a or b, not b",
    "becomes": NOT, "why": "nobody reads the second one",
}  # fmt: skip


@pytest.fixture
def written(monkeypatch):
    """Return the module under test; tools/ is no package."""
    monkeypatch.syspath_prepend(TOOLS)
    import mutate_list

    yield mutate_list
    for name in [name for name in sys.modules if name.startswith("mutate")]:
        del sys.modules[name]


def outcomes(written, *states, **changes):
    fields = {"at_line": 5, "by": "", "cpu_s": 0.1} | {
        name: ENTRY[name] for name in ("module", "operator", "line", "becomes")
    }
    return [written.Outcome(str(number), state=state, **fields | changes) for number, state in enumerate(states)]


def test_a_listed_survivor_is_excused(written):
    entry = written.Listed(**ENTRY)
    assert written.faults(outcomes(written, "survived"), [entry], whole=False) == ([], [])
    for field in ("module", "operator", "line", "becomes"):
        (alive,) = outcomes(written, "survived", **{field: "other"})
        unlisted, wrong = written.faults([alive], [entry], whole=True)
        assert unlisted == [alive], field
        assert wrong, field


def test_an_entry_for_what_is_killed_or_not_there_is_wrong(written):
    entry = written.Listed(**ENTRY)
    killed = outcomes(written, "killed", by="tests/x.py::test_x")
    assert "killed by tests/x.py::test_x" in written.faults(killed, [entry], whole=False)[1][0]
    elsewhere = outcomes(written, "killed", line="x")
    assert "no such mutant" in written.faults(elsewhere, [entry], whole=False)[1][0]


def test_an_entry_for_a_module_that_was_not_tried_is_left_alone(written):
    entry = written.Listed(**ENTRY)
    elsewhere = outcomes(written, "killed", module="tiny/other.py")
    assert written.faults(elsewhere, [entry], whole=False) == ([], [])
    assert len(written.faults(elsewhere, [entry], whole=True)[1]) == 1


def test_an_entry_of_the_quick_step_is_not_this_one_s(written):
    entry = written.Listed(**ENTRY | {"operator": "mutmut"})
    assert written.faults(outcomes(written, "killed"), [entry], whole=True) == ([], [])


def test_at_most_one_in_a_hundred(written):
    entry = written.Listed(**ENTRY)
    alive = outcomes(written, "survived", "survived")
    rest = outcomes(written, *["killed"] * 198, line="x")
    assert written.faults(alive + rest, [entry], whole=True) == ([], [])
    assert "2 of 199 mutants are listed" in written.faults(alive + rest[1:], [entry], whole=True)[1][0]
    assert written.faults(alive, [entry], whole=False) == ([], [])


def test_a_listed_survivor_passes(tiny):
    tiny.module(PLUS, LEAVES)
    tiny.listed(**ENTRY)
    code, said = tiny.mutate("tiny/sums.py")
    assert code == 0
    assert tiny.became() == {AND: "tests/tiny/test_sums.py::test_plus", NOT: "survived"}
    assert "survived ReplaceUnary" not in said


def test_a_listed_mutant_that_is_killed_fails(tiny):
    tiny.module(PLUS, KILLS)
    tiny.listed(**ENTRY)
    code, said = tiny.mutate("tiny/sums.py")
    assert (code, "killed by tests/tiny/test_sums.py::test_plus" in said) == (1, True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[mutant]]\nmodule = 3\n", "needs exactly the texts"),
        ("[[mutant]\n", "Expected"),
        ("\n".join(["[[mutant]]", *(f'{name} = "x"' for name in ENTRY)]), "gives no reason"),
        ("\n".join(["[[mutant]]", *(f'{name} = "x y z"' for name in ENTRY)] * 2), "there twice"),
    ],
)
def test_a_list_that_cannot_be_used(tiny, written, text, why):
    tiny.write("tools/mutants-equivalent.toml", text)
    with pytest.raises(Exception, match=why) as trouble:
        written.read_list(tiny.home / "tools/mutants-equivalent.toml")
    assert trouble.typename == "HarnessError"
