"""Constraints become rows that hold exactly where the engineer's expression holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from constraints.plant import Row
from constraints.plantfile import PlantFileError, load_text
from safety.expressions import evaluate
from safety.grammar import parse
from safety.samples import History

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
VARIABLES = {"T_bed": "T_bed", "power": "power", "flow": "flow_sp", "T_jacket_sp": "T_jacket_sp"}


def rows(expr: str) -> tuple[Row, ...]:
    start = GOOD.index("constraints:\n")
    end = GOOD.index("interlocks:\n")
    text = f'{GOOD[:start]}constraints:\n  - {{name: R, expr: "{expr}"}}\n\n{GOOD[end:]}'
    return load_text(text, "x").plant.rows


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("T_bed <= 90", [({"T_bed": 1.0}, 90.0)]),
        ("T_bed < 90", [({"T_bed": 1.0}, 90.0)]),
        ("T_bed >= 80", [({"T_bed": -1.0}, -80.0)]),
        ("80 <= T_bed <= 90", [({"T_bed": -1.0}, -80.0), ({"T_bed": 1.0}, 90.0)]),
        ("T_bed == 85", [({"T_bed": 1.0}, 85.0), ({"T_bed": -1.0}, -85.0)]),
        ("-T_bed <= -80", [({"T_bed": -1.0}, -80.0)]),
        ("flow / 4 + 2 ** 3 <= (power - 1) * 2", [({"flow_sp": 0.25, "power": -2.0}, -10.0)]),
        ("max(T_bed, 2 * T_jacket_sp) <= 300", [({"T_bed": 1.0}, 300.0), ({"T_jacket_sp": 2.0}, 300.0)]),
        ("100 <= min(T_bed, T_jacket_sp)", [({"T_bed": -1.0}, -100.0), ({"T_jacket_sp": -1.0}, -100.0)]),
        ("abs(T_bed - 80) <= 5", [({"T_bed": 1.0}, 85.0), ({"T_bed": -1.0}, -75.0)]),
        ("avg(T_bed, T_jacket_sp) <= 100", [({"T_bed": 0.5, "T_jacket_sp": 0.5}, 100.0)]),
        ("T_bed <= 90 and flow <= 9", [({"T_bed": 1.0}, 90.0), ({"flow_sp": 1.0}, 9.0)]),
        ("flow <= flow_sp + 3 * T_bed", [({"T_bed": -3.0}, 0.0)]),
    ],
)
def test_rows(expr: str, expected: list[tuple[dict[str, float], float]]) -> None:
    found = rows(expr)
    assert [(dict(row.coefficients), row.hi) for row in found] == expected
    assert [row.name for row in found] == (
        ["R"] if len(expected) == 1 else [f"R ({i + 1})" for i in range(len(expected))]
    )


@pytest.mark.parametrize(
    "expr",
    [
        "T_bed / 0 <= 3",
        "T_bed <= 3 or power <= 3",
        "not T_bed <= 3",
        "T_bed != 3",
        "rate(T_bed, 60) <= 3",
        "good(T_bed)",
        "T_bed <= 1e200 * 1e200",
    ],
)
def test_what_is_not_affine_is_refused(expr: str) -> None:
    with pytest.raises(PlantFileError) as caught:
        rows(expr)
    assert [each.code for each in caught.value.diagnostics] == ["E034"], str(caught.value)
    assert caught.value.diagnostics[0].hint


def test_too_many_cases_are_refused_and_not_worked_out() -> None:
    with pytest.raises(PlantFileError) as caught:
        rows(" + ".join(["abs(T_bed - 80)"] * 12) + " <= 100")
    assert [each.code for each in caught.value.diagnostics] == ["E034"]


NUMBERS = st.integers(-20, 20).map(float)
TERMS = st.tuples(NUMBERS, st.sampled_from(["T_bed", "T_jacket_sp"])).map(lambda t: f"({t[0]:g}) * {t[1]}")
SUMS = st.lists(TERMS, min_size=1, max_size=3).map(" + ".join)
CONVEX = st.one_of(
    SUMS, SUMS.map(lambda s: f"abs({s})"), st.lists(SUMS, min_size=1, max_size=3).map(lambda p: f"max({', '.join(p)})")
)


@settings(max_examples=60, deadline=None)
@given(CONVEX, NUMBERS, st.lists(st.tuples(NUMBERS, NUMBERS), min_size=5, max_size=5))
def test_rows_hold_exactly_where_the_expression_does(
    left: str, right: float, places: list[tuple[float, float]]
) -> None:
    expr = f"{left} <= {right:g}"
    try:
        found = rows(expr)
    except PlantFileError as error:
        assume({each.code for each in error.diagnostics} != {"E033"})  # the variables cancelled out
        raise
    for bed, jacket in places:
        values = {"T_bed": bed, "T_jacket_sp": jacket}
        mine = all(sum(c * values[v] for v, c in row.coefficients.items()) <= row.hi for row in found)
        assert mine == evaluate(parse(expr), values, History())
