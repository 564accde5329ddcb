"""``setwise explain``: pages whose examples are what they say."""

from __future__ import annotations

import json

import pytest

from constraints.plantfile import CODES
from constraints.plantfile.explain import BASE, PAGES
from supervisor.cli.exits import Exit
from tests.constraints.plantfile.merged import merged
from tests.supervisor.cli.calls import call, one_object


@pytest.fixture
def codes_of(tmp_path, monkeypatch):
    """Return a function that gives the codes that ``setwise check`` finds in a file of these bytes."""
    (tmp_path / "our_models.py").write_text("import numpy as np\n\ndef steady(u, d):\n    return np.array([u.sum()])\n")
    monkeypatch.syspath_prepend(tmp_path)

    def codes(raw: bytes) -> set[str]:
        path = tmp_path / "plant.yaml"
        path.write_bytes(raw)
        return {each["code"] for each in one_object(call("check", path, "--json"))["findings"]}

    return codes


def test_the_plant_of_the_examples_is_a_good_one(codes_of):
    assert codes_of(BASE.encode()) == set()


@pytest.mark.parametrize("code", PAGES)
def test_of_the_wrong_example_exactly_its_code_is_found_and_of_the_right_one_nothing(code, codes_of, tmp_path):
    page = PAGES[code]
    for name, text in page.beside:
        (tmp_path / name).write_text(text, encoding="utf-8")
    base = "".join(line for line in BASE.splitlines(keepends=True) if line.partition(":")[0] not in page.instead_of)
    assert codes_of(merged(base, page.wrong).encode(page.encoding)) == {code}
    assert codes_of(merged(base, page.right).encode()) == set()


def test_a_page_is_printed():
    done = call("explain", "e010")
    assert done.exit_code == Exit.OK
    assert done.stdout.startswith("error[E010]: unknown key")
    assert "What to do:" in done.stdout
    assert call("explain", "W101").stdout.startswith("warning[W101]")


def test_the_list_has_every_code():
    assert {line.split()[0] for line in call("explain").stdout.splitlines()[:-2]} == set(CODES)
    assert json.loads(call("explain", "--json").stdout) == dict(CODES)
    assert one_object(call("explain", "E004", "--json"))["title"] == CODES["E004"]


def test_a_code_that_does_not_exist():
    done = call("explain", "E0444")
    assert done.exit_code == Exit.USAGE
    assert "no such code: E0444; did you mean 'E044'?" in done.stderr
