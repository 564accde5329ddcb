"""``constraints: - {call: ...}``: declared, loaded only where it is asked for, and part of the plant's hash."""

from __future__ import annotations

import sys

import pytest

from constraints.plantfile import PlantFileError, load_text, load_text_with_functions
from constraints.plantfile.loader import ABSENT, source_hash
from tests.constraints.plantfile.test_affine import GOOD

MODULE = "tests.constraints.plantfile.engineers_limits"


def text(entry: str) -> str:
    start, end = GOOD.index("constraints:\n"), GOOD.index("interlocks:\n")
    return f"{GOOD[:start]}constraints:\n  - {entry}\n\n{GOOD[end:]}"


CALL = f'{{name: Surge, call: "{MODULE}:surge_line", variables: [flow_sp, power], rank: 2, concern: 3}}'


def test_a_call_is_declared_and_found_only_by_the_process_that_thinks():
    (declared,) = load_text(text(CALL), "x").plant.calls
    assert (declared.variables, declared.rank, declared.concern, declared.call) == (("flow_sp", "power"), 2, 3.0, None)
    (ready,) = load_text_with_functions(text(CALL), "x").plant.calls
    assert ready.call is not None
    assert ready.call.__name__ == "surge_line"


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("{name: A}", "E016"),
        ('{name: A, expr: "power <= 3", call: "a:b", variables: [power]}', "E016"),
        ('{name: A, call: "a:b"}', "E016"),
        ('{name: A, call: "a:b", variables: [power], use: monitor}', "E016"),
        ('{name: A, call: "a:b", variables: [powr]}', "E070"),
        ('{name: A, call: "a:b", variables: [power, power]}', "E054"),
        ('{name: A, call: "a b", variables: [power]}', "E074"),
    ],
)
def test_what_cannot_be_declared(entry, code):
    with pytest.raises(PlantFileError) as caught:
        load_text(text(entry), "x")
    assert [each.code for each in caught.value.diagnostics if each.severity == "error"] == [code], str(caught.value)


@pytest.mark.parametrize("address", ["nowhere.at_all:f", f"{MODULE}:nobody", "no_entry_point"])
def test_what_cannot_be_loaded_is_a_finding_at_its_place(address):
    entry = f'{{name: A, call: "{address}", variables: [power]}}'
    with pytest.raises(PlantFileError) as caught:
        load_text_with_functions(text(entry), "x")
    (found,) = caught.value.diagnostics
    assert (found.code, address in text(entry).splitlines()[found.line - 1]) == ("E074", True)


def test_the_hash_knows_the_code_and_does_not_run_it(tmp_path, monkeypatch):
    package = tmp_path / "limits_of_a_plant"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('somebody ran it')\n")
    module = package / "lines.py"
    module.write_text("def f(v): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = text('{name: A, call: "limits_of_a_plant.lines:f", variables: [power]}')
    first = load_text(entry, "x").plant.config_hash
    assert first == load_text(entry, "x").plant.config_hash
    module.write_text("def f(v): return []\n")
    second = load_text(entry, "x").plant.config_hash
    assert second != first
    module.unlink()
    assert load_text(entry, "x").plant.config_hash not in (first, second)
    assert "limits_of_a_plant" not in sys.modules


def test_a_plant_that_calls_nothing_has_the_hash_of_its_content():
    assert source_hash([]) == ""
    assert source_hash(["no_such_module"]) != source_hash(["no_other_module"])
    assert ABSENT
