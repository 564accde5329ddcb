from __future__ import annotations

import math

from constraints.plant import NestedLimits, Row
from constraints.stack import BACK_OFF_RANK, MV_TARGET_RANK, rank_rows
from tests.constraints.plants import cv, mv, plant

LOAD = Row(name="Load", coefficients={"y": 1.0, "u": -2.0}, hi=10.0, rank=3, concern=5.0)
PLANT = plant(
    mvs=(mv(),), cvs=(cv(rank_hi=1, rank_lo=4, concern=2.0), cv("z", back_off_hi=1.0, rank_target=8)), rows=(LOAD,)
)


def sides(rows):
    return [(row.name("hi") if row.hi else "", row.name("lo") if row.lo else "", row.rank) for row in rows]


def test_rank_1_comes_first_and_sides_of_one_rank_are_one_row() -> None:
    assert sides(rank_rows(PLANT)) == [
        ("cv.y.hi", "", 1),
        ("row.Load", "", 3),
        ("", "cv.y.lo", 4),
        ("cv.z.hi", "cv.z.lo", 5),
        ("cv.z.target", "cv.z.target", 8),
        ("cv.y.target", "cv.y.target", 9),
        ("mv.u.target", "mv.u.target", MV_TARGET_RANK),
        ("cv.z.hi", "", BACK_OFF_RANK),
    ]


def test_a_row_knows_what_it_sums_and_what_hurts() -> None:
    rows = {(row.kind, row.variable): row for row in rank_rows(PLANT)}
    assert rows["row", "Load"].coefficients == {"y": 1.0, "u": -2.0}
    assert rows["row", "Load"].concern == 5.0
    assert rows["target", "y"].concern == 2.0
    lo, hi = PLANT.mvs["u"].limits.operator
    assert math.isclose(rows["mv_target", "u"].concern, 0.01 * (hi - lo))


def test_an_integrating_cv_is_balanced_instead_of_held() -> None:
    rows = [row for row in rank_rows(PLANT, ["y"]) if row.variable == "y"]
    assert [(row.kind, row.rank, row.name("lo")) for row in rows] == [("balance", 1, "cv.y.balance")]


def test_an_mv_without_a_range_has_its_unit_as_concern() -> None:
    nowhere = NestedLimits(safety=(0.0, 1.0), engineering=(0.0, 1.0), operator=(-math.inf, math.inf))
    (row,) = rank_rows(plant(mvs=(mv(limits=nowhere),)))
    assert row.concern == 1.0
