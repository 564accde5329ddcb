"""Every variable belongs to exactly one controller."""

from __future__ import annotations

import pytest

from tests.constraints.plantfile.two import findings, line_of, only


@pytest.mark.parametrize(
    ("change", "code", "message", "hint", "where"),
    [
        (
            ("cvs: [moist2]", "cvs: []"),
            "E090",
            "CV moist2 belongs to no controller",
            "controllers.dryer_1.cvs",
            "moist2",
        ),
        (("mvs: [T2_sp]", "mvs: [T2_sp, T1_sp]"), "E090", "T1_sp belongs to dryer_1 already", "exactly one", "T1_sp"),
        (("mvs: [T2_sp]", "mvs: [T2_sp, T2_sp]"), "E090", "T2_sp belongs to it already", "exactly one", "T2_sp"),
        (("  dryer_1:\n", "  config:\n"), "E015", "a controller cannot be called 'config'", "config_1", "config"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(
    change: tuple[str, str], code: str, message: str, hint: str, where: str
) -> None:
    wrong = [each for each in findings(change) if each.severity == "error"]
    found = wrong[0]
    assert (found.code, line_of(found, change)) == (code, where)
    assert message in found.message
    assert hint in found.hint


def test_an_unknown_variable_has_a_near_one() -> None:
    change = ("mvs: [T1_sp]", "mvs: [T1_spp]")
    found = findings(change)
    assert [(each.code, each.hint) for each in found if each.code == "E052"] == [("E052", "did you mean 'T1_sp'?")]
    assert any(each.code == "E090" and "T1_sp belongs to no controller" in each.message for each in found)


def test_a_list_that_cannot_be_read_does_not_make_its_variables_nobodys() -> None:
    found = only(("mvs: [T1_sp]", "mvs: 5"))
    assert found.code == "E012"
    assert "controllers.dryer_1.mvs" in found.message


@pytest.mark.parametrize("name", ["dryer 1", "../up", "a/b", "1st", "and"])
def test_a_name_is_a_word_for_it_names_a_folder(name: str) -> None:
    found = findings(("  dryer_1:\n", f"  {name!r}:\n"))
    assert [each.code for each in found] == ["E015"]


@pytest.mark.parametrize(
    "change",
    [
        ("then: hold, controllers: [dryer_2]", "then: hold, controllers: [dryer_3]"),
        ("then: hold, controllers: [dryer_2]", "then: hold, controllers: [dryer2]"),
    ],
)
def test_an_interlock_names_controllers_that_are_there(change: tuple[str, str]) -> None:
    found = only(change)
    assert (found.code, found.message.split("'")[0]) == ("E090", "unknown controller ")
    assert "interlocks[3]" in found.message
    assert "dryer_" in found.hint
