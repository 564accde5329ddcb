from __future__ import annotations

import math

import pytest

from constraints.plant import Row
from constraints.ranks import RankedRow, by_rank
from constraints.stack import rank_rows
from tests.constraints.plants import cv, mv, plant

LOAD = Row(name="Load", coefficients={"y": 1.0, "u": -2.0}, hi=10.0, rank=3, concern=5.0)
PLANT = plant(
    mvs=(mv(),), cvs=(cv(rank_hi=1, rank_lo=4, concern=2.0), cv("z", target=55.0, rank_target=8)), rows=(LOAD,)
)


def test_one_row_per_side_of_each_constraint() -> None:
    rows = {row.name: row for row in rank_rows(PLANT, {"y": (30.0, 70.0), "z": (-math.inf, 60.0), "u": (1.0, 2.0)})}
    assert rows == {
        "cv.y.hi": RankedRow(name="cv.y.hi", coefficients={"y": 1.0}, hi=70.0, rank=1, concern=2.0),
        "cv.y.lo": RankedRow(name="cv.y.lo", coefficients={"y": -1.0}, hi=-30.0, rank=4, concern=2.0),
        "cv.z.hi": RankedRow(name="cv.z.hi", coefficients={"z": 1.0}, hi=60.0, rank=5, concern=1.0),
        "cv.z.target.hi": RankedRow(name="cv.z.target.hi", coefficients={"z": 1.0}, hi=55.0, rank=8, concern=1.0),
        "cv.z.target.lo": RankedRow(name="cv.z.target.lo", coefficients={"z": -1.0}, hi=-55.0, rank=8, concern=1.0),
        "row.Load": RankedRow(name="row.Load", coefficients={"y": 1.0, "u": -2.0}, hi=10.0, rank=3, concern=5.0),
    }


def test_without_active_limits_the_operators_hold() -> None:
    assert [row.hi for row in rank_rows(PLANT, {})][:2] == [80.0, -20.0]


def test_rank_1_comes_first() -> None:
    grouped = by_rank(rank_rows(PLANT, {}))
    assert [(rank, [row.name for row in rows]) for rank, rows in grouped] == [
        (1, ["cv.y.hi"]),
        (3, ["row.Load"]),
        (4, ["cv.y.lo"]),
        (5, ["cv.z.hi", "cv.z.lo"]),
        (8, ["cv.z.target.hi", "cv.z.target.lo"]),
    ]


def test_room_is_in_the_rows_unit() -> None:
    row = rank_rows(PLANT, {})[-1]
    assert row.room({"y": 20.0, "u": 4.0}) == pytest.approx(-2.0)
    with pytest.raises(KeyError):
        row.room({"y": 20.0})
