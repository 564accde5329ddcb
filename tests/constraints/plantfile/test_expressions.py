"""Units in expressions: what may be added and compared, and what is said where it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints.plantfile import PlantFileError, load_text

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
MORE = """  power_w: {source: "dcs:ns=2;s=JI1.PV", unit: W}
  p_gauge: {source: "dcs:ns=2;s=PI1.PV", unit: barg}
  p_abs: {source: "dcs:ns=2;s=PI2.PV", unit: bar}
  T_K: {source: "dcs:ns=2;s=TI9.PV", unit: K}
  length: {source: "dcs:ns=2;s=LI1.PV", unit: m}
  area: {source: "dcs:ns=2;s=LI2.PV", unit: m2}
mvs:
"""


def findings(when: str) -> list[str]:
    text = GOOD.replace('"T_bed > 96"', f'"{when}"').replace("mvs:\n", MORE, 1)
    try:
        return [each.message for each in load_text(text, "x").warnings if each.code != "W104"]
    except PlantFileError as error:
        assert {each.code for each in error.diagnostics} <= {"E031", "W104"}, str(error)
        return [each.message for each in error.diagnostics if each.code == "E031"]


@pytest.mark.parametrize(
    "when",
    [
        "T_bed > 96",
        "T_bed - T_bed_b > 6",
        "abs(T_bed - T_bed_b) > 6",
        "avg(T_bed, T_bed_b, T_jacket) > 100",
        "T_bed + 3 > T_bed_b",
        "T_bed > T_bed_b + (T_jacket - T_bed)",
        "rate(T_bed, 60) > 3",
        "rate(T_bed, 60) > rate(T_bed_b, 60)",
        "delta(T_bed, 60) > T_bed - T_bed_b",
        "age(T_bed) > age(flow)",
        "power / flow > 0.5",
        "flow * 0.7 > power",
        "power / flow > gas / flow * 3",
        "length * length > area",
        "length ** 2 > area",
        "quality(T_bed) < 192 or T_bed > 96",
        "quality(T_bed) < quality(T_bed_b)",
        "for_time(T_bed > T_bed_b, 60) and quality(T_bed) == 64",
        "good(T_bed) and flow > 3",
        "min(T_bed, 90) < 20",
    ],
)
def test_what_fits(when: str) -> None:
    assert findings(when) == []


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("T_bed + flow > 3", "adds degC (T_bed) and kg/h (flow)"),
        ("T_bed - flow > 3", "subtracts degC (T_bed) and kg/h (flow)"),
        ("max(T_bed, flow) > 3", "mixes degC (T_bed) and kg/h (flow)"),
        ("T_bed > flow", "compares degC (T_bed) and kg/h (flow)"),
        ("1 < T_bed < flow", "compares degC (T_bed) and kg/h (flow)"),
        ("power > power_w", "compares kW (power) and W (power_w)"),
        ("T_bed > T_K", "compares degC (T_bed) and K (T_K)"),
        ("p_gauge > p_abs", "compares barg (p_gauge) and bar (p_abs)"),
        ("rate(T_bed, 60) > T_bed", "compares delta_degC/min (T_bed) and degC (T_bed)"),
        ("power / flow > flow", "compares kW/kg/h (power) and kg/h (flow)"),
        ("age(T_bed) > flow", "compares s (T_bed) and kg/h (flow)"),
        ("quality(T_bed) > T_bed", "compares quality (T_bed) and degC (T_bed)"),
        ("for_time(T_bed > flow, 60)", "compares degC (T_bed) and kg/h (flow)"),
        ("quality > hum", "compares percent (quality) and g/kg (hum)"),
    ],
)
def test_what_does_not(when: str, message: str) -> None:
    assert findings(when) == [message]
