"""Constraints that bend: judged at load, held by their tangent or only watched, as the file says."""

from __future__ import annotations

import pytest

from constraints.curve import Curve, tangent
from constraints.plantfile import PlantFileError, load_text
from tests.constraints.plantfile.test_affine import GOOD


def constraints(expr: str, more: str = ""):
    start, end = GOOD.index("constraints:\n"), GOOD.index("interlocks:\n")
    text = f'{GOOD[:start]}constraints:\n  - {{name: R, expr: "{expr}"{more}}}\n\n{GOOD[end:]}'
    return load_text(text, "x").plant


def curves(expr: str, more: str = "") -> tuple[Curve, ...]:
    return constraints(expr, more).curves


@pytest.mark.parametrize(
    ("expr", "names"),
    [
        ("flow ** 2 <= 9e6", ("flow_sp",)),
        ("power <= 20 * (flow_sp / 100) ** 0.5", ("power", "flow_sp")),
        ("power + 0.5 * hum <= 50", ("power", "hum")),
        ("hum * power <= 50", ("hum", "power")),
    ],
)
def test_a_convex_one_needs_no_word(expr, names):
    (curve,) = curves(expr)
    assert (curve.variables, curve.use, curve.convex, curve.name) == (names, "linearised", True, "R")


NOT_CONVEX = [
    ("flow * power <= 3", "*", "a product of two variables"),
    ("flow / power <= 3", "/", "a ratio of two variables"),
    ("power ** 3 >= 3", "**", "a power"),
    ("min(T_bed, T_jacket_sp) <= 3", "m", ""),
    ("abs(T_bed - 90) >= 3", "a", ""),
    ("median(T_bed, T_jacket_sp, 3) <= 3", "m", "a median"),
    ("max(T_bed, min(T_jacket_sp, 3)) <= 3", "m", ""),
    ("max(T_bed, 1) - max(T_jacket_sp, 1) <= 3", "m", ""),
    ("flow ** 2 == 9", "f", ""),
]


@pytest.mark.parametrize(("expr", "at", "why"), NOT_CONVEX)
def test_one_that_is_not_says_so_and_offers_two_ways(expr, at, why):
    with pytest.raises(PlantFileError) as caught:
        curves(expr)
    (found,) = [each for each in caught.value.diagnostics if each.severity == "error"]
    assert (found.code, why in found.message) == ("E039", True)
    assert "use: linearised" in found.hint
    assert "use: monitor" in found.hint
    assert ("a <= r * b" in found.hint) == (at == "/")
    for use in ("linearised", "monitor"):
        made = curves(expr, f", use: {use}")
        assert {each.use for each in made} == {use}
        assert False in {each.convex for each in made}


def test_a_curve_says_how_far_beyond_it_is_in_the_unit_of_its_sides():
    (curve,) = curves("power * flow / 1000 >= 40", ", use: linearised, rank: 3, concern: 2")
    assert (curve.rank, curve.concern, curve.unit) == (3, 2.0, "")
    assert tangent(curve.above, {"power": 20.0, "flow_sp": 1000.0}).value == 20.0
    (curve,) = curves("power ** 2 <= power ** 2 * 3", ", use: monitor")
    assert curve.unit == "kW**2"


def test_an_affine_one_can_be_watched_or_held_as_ever():
    assert curves("T_bed <= 90", ", use: monitor")[0].use == "monitor"
    plant = constraints("T_bed <= 90", ", use: linearised")
    assert (len(plant.rows), plant.curves) == (1, ())


def test_a_corner_is_taken_apart():
    made = curves("max(flow_sp ** 2 / 1000, abs(power - gas ** 2 / 100)) <= min(30, power)", ", use: linearised")
    assert [each.variables for each in made] == [
        ("flow_sp",), ("flow_sp", "power"), *[("power", "gas")] * 4,
    ]  # fmt: skip


def test_two_comparisons_are_two_curves_with_a_number_each():
    assert [each.name for each in curves("4 <= flow * power <= 9", ", use: linearised")] == ["R (1)", "R (2)"]


@pytest.mark.parametrize(
    ("expr", "more", "code"),
    [
        ("hum <= 3", "", "E035"),
        ("power + 0.1 * T_bed_b <= 3", ", use: monitor", "E035"),
        ("rate(T_bed, 60) <= 3", ", use: monitor", "E034"),
        ("flow * power / 0 <= 3", ", use: linearised", "E034"),
        ("flow * power <= 3", ", use: both", "E013"),
    ],
)
def test_what_cannot_be(expr, more, code):
    with pytest.raises(PlantFileError) as caught:
        curves(expr, more)
    assert [each.code for each in caught.value.diagnostics if each.severity == "error"][:1] == [code], str(caught.value)


def test_a_transformed_variable_has_no_curves():
    text = GOOD.replace("  power: {limits:", "  power: {transform: {kind: log, at: 10}, limits:", 1)
    assert text != GOOD
    start, end = text.index("constraints:\n"), text.index("interlocks:\n")
    text = f'{text[:start]}constraints:\n  - {{name: R, expr: "power ** 2 <= 3"}}\n\n{text[end:]}'
    with pytest.raises(PlantFileError) as caught:
        load_text(text, "x")
    assert "E075" in {each.code for each in caught.value.diagnostics}
