"""When the mutation test of safety/ fails itself, it must say so and not pass for a verdict on the tests."""

from __future__ import annotations

import pytest

from tests.tools.tiny import KILLS, PLUS

pytestmark = pytest.mark.timeout(300)  # each runs the tool, and that runs pytest for every mutant


@pytest.mark.parametrize(
    ("module", "tests", "why"),
    [
        (PLUS, "def test_plus():\n    assert plus(2, 2) == 5\n", ": killed, tests/tiny/test_sums.py::test_plus"),
        (PLUS, "import nothing_of_that_name\n", ": killed, import"),
        (PLUS, "", "no tests ran"),
        ("def plus(a):\n    return a\n", "def test_plus():\n    assert plus(1)\n", "there is nothing to mutate"),
        (
            "import os\n\nif 7 < 3:\n    os.abort()\n\ndef plus(a):\n    return a\n",
            "def test_plus():\n    assert plus(1)\n",
            "ended by SIGABRT before it ran a test",
        ),
        (
            "import os\n\nif 7 < 3:\n    os._exit(0)\n\ndef plus(a):\n    return a\n",
            "def test_plus():\n    assert plus(1)\n",
            "ended with {'state': 'imports'}",
        ),
        (
            "def plus(a):\n    return 2 * a  # pragma: no mutate\n",
            "def test_plus():\n    assert plus(1)\n",
            "no comment hides",
        ),
    ],
)
def test_knowing_nothing_has_its_own_exit_code(tiny, module, tests, why):
    tiny.module(module, tests)
    code, said = tiny.mutate("tiny/sums.py")
    assert "the mutation test itself failed, nothing is known" in said
    assert why in said
    assert code == 2


def test_a_module_that_no_test_imports(tiny):
    tiny.module(PLUS, KILLS)
    tiny.write("tiny/lost.py", "from __future__ import annotations\n\nSIZE = 3\n")
    code, said = tiny.mutate("tiny/lost.py")
    assert (code, "no test imports tiny/lost.py" in said) == (2, True)


def test_a_module_that_is_not_there(tiny):
    tiny.module(PLUS, KILLS)
    code, said = tiny.mutate("tiny/none.py")
    assert (code, "no such module: tiny/none.py" in said) == (2, True)


def test_annotations_that_would_be_evaluated(tiny):
    tiny.module(PLUS, KILLS)
    tiny.write("tiny/sums.py", PLUS)
    code, said = tiny.mutate()
    assert (code, "annotations are evaluated" in said) == (2, True)
