"""The mutation test of safety/ is tested in turn: what becomes of each mutant."""

from __future__ import annotations

import pytest

from tests.tools.tiny import AND, KILLS, LEAVES, NOT, PLUS

pytestmark = pytest.mark.timeout(300)  # each runs the tool, and that runs pytest for every mutant

OWN = "tests/tiny/test_sums.py::test_plus"


def test_all_killed(tiny):
    tiny.module(PLUS, KILLS)
    assert tiny.mutate()[0] == 0
    assert tiny.became() == {AND: OWN, NOT: OWN}


def test_a_survivor_fails_and_is_shown(tiny):
    tiny.module(PLUS, LEAVES)
    code, said = tiny.mutate()
    assert code == 1
    assert tiny.became() == {AND: OWN, NOT: "survived"}
    assert f"tiny/sums.py:6 survived ReplaceUnaryOperator_Delete_Not\n  - return a or b, not b\n  + {NOT}\n" in said


def test_the_other_files_are_tried_on_what_its_own_leave(tiny):
    tiny.module(PLUS, LEAVES)
    tiny.other(KILLS)
    assert tiny.mutate()[0] == 0
    assert tiny.became() == {AND: OWN, NOT: "tests/tiny/test_words.py::test_plus"}


def test_the_other_files_need_not_import_the_module(tiny):
    tiny.module(PLUS, LEAVES)
    tiny.write("tests/tiny/test_words.py", "def test_of_something_else():\n    pass\n")
    assert tiny.mutate()[0] == 1
    assert tiny.became() == {AND: OWN, NOT: "survived"}


def test_a_loop_without_end_is_killed_by_time(tiny):
    tiny.module(
        """
        def plus(a):
            while a:
                a -= 1
            return a
        """,
        "def test_plus():\n    assert plus(2) == 0\n",
    )
    assert tiny.mutate()[0] == 1
    assert tiny.became() == {"while not a:": OWN, "a -= 0": "timeout", "a -= 2": "survived"}


def test_an_import_that_fails_and_a_process_brought_down_are_kills(tiny):
    tiny.module(
        """
        import os

        PART = (6,)[0]

        def plus(a):
            if a is os:
                os.abort()
            return PART
        """,
        "def test_plus():\n    assert plus(8) == 6\n",
    )
    assert tiny.mutate()[0] == 1
    assert tiny.became() == {
        "PART = ( 7,)[0]": OWN,
        "PART = ( 5,)[0]": OWN,
        "PART = (6,)[ 1]": "import",
        "PART = (6,)[ -1]": "survived",
        "if not a is os:": "SIGABRT",
        "if a is not os:": "SIGABRT",
    } | dict.fromkeys(("if a != os:", "if a < os:", "if a <= os:", "if a > os:", "if a >= os:"), OWN) | {
        "if a != os:": "SIGABRT",
        "if a == os:": "survived",
    }


def test_what_is_not_python_is_no_mutant(tiny):
    """A * that marks keyword arguments is an operator to cosmic-ray."""
    tiny.module("def plus(*, a):\n    return not a\n", "def test_plus():\n    assert plus(a=False) is True\n")
    code, said = tiny.mutate()
    assert code == 0
    assert "all                                  1         1" in said
    assert "11 changed texts are not Python or the same" in said


def test_an_interrupted_run_is_gone_on_with(tiny):
    """What stands in the session is not tried again, unless the tree has changed since."""
    tiny.module(PLUS, KILLS)
    tiny.mutate()
    session = tiny.home / ".mutation/session.jsonl"
    kept = session.read_text().splitlines(keepends=True)[:2]
    session.write_text("".join(kept).replace(OWN, "before") + '{"key": "cut sh')
    assert tiny.mutate("--resume")[0] == 0
    assert sorted(tiny.became().values()) == ["before", OWN]
    tiny.module(PLUS, LEAVES)
    code, said = tiny.mutate("--resume")
    assert (code, "starting anew" in said) == (1, True)


def test_survivors_are_tried_again_with_new_tests(tiny):
    tiny.module(PLUS, LEAVES)
    tiny.mutate()
    tiny.module(PLUS, KILLS.replace("test_plus", "test_new"))
    code, said = tiny.mutate("--again")
    assert code == 0
    assert tiny.became() == {AND: OWN, NOT: "tests/tiny/test_sums.py::test_new"}
    assert "1 mutants were taken over" in said


def test_what_is_the_same_program_is_no_mutant(tiny):
    tiny.module("def plus():\n    return 1e300\n", "def test_plus():\n    assert plus() == 1e300\n")
    code, said = tiny.mutate()
    assert (code, "no change is a mutant" in said) == (2, True)


def test_words_are_not_put_in_order(tiny):
    """Neither < by the alphabet, nor `is`, which the compiler warns of; numbers are."""
    tiny.module(
        'def plus(a, b):\n    return a == "on" and b == 9\n',
        """
        def test_plus():
            assert [plus(a, b) for a in ("off", "on") for b in (8, 9, 10)] == [False] * 4 + [True, False]
        """,
    )
    code, said = tiny.mutate()
    assert code == 0
    others = ("!=", "<", "<=", ">", ">=")
    assert set(tiny.became()) == {
        'return a != "on" and b == 9', 'return a == "on" or b == 9',
        *(f'return a == "on" and b {sign} 9' for sign in others),
        'return a == "on" and b == 8', 'return a == "on" and b == 10',
        'return a is "on" and b == 9', 'return a is not "on" and b == 9',
    }  # fmt: skip
    assert "2 changed texts are not Python or the same" in said


def test_there_is_one_true_and_one_of_each_member(tiny):
    """`is` becomes `==` where it makes a difference, and there only."""
    tiny.module(
        """
        class Mode:
            OFF = object()

        def plus(a, b, c):
            return a is Mode.OFF, b is not True, c is plus
        """,
        """
        def test_plus():
            assert plus(1, 2, 3) == (False, True, False)
        """,
    )
    tiny.mutate()
    became = tiny.became()
    assert "return a is Mode.OFF, b is not True, c == plus" in became
    assert "return a is not Mode.OFF, b is not True, c is plus" in became
    assert "return a is Mode.OFF, b is True, c is plus" in became
    assert "return a == Mode.OFF, b is not True, c is plus" not in became
    assert "return a is Mode.OFF, b != True, c is plus" not in became
