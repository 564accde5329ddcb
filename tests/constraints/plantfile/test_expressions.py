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
  p_gauge2: {source: "dcs:ns=2;s=PI3.PV", unit: barg}
  p_abs2: {source: "dcs:ns=2;s=PI4.PV", unit: bar}
  p_a: {source: "dcs:ns=2;s=PI5.PV", unit: bara}
  gas_n: {source: "dcs:ns=2;s=FI8.PV", unit: Nm3/h}
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
        "(T_bed + T_bed_b) / 2 > 90",
        "T_bed + T_bed_b > T_bed_b + T_jacket",
        "0.3 * T_bed > 20",
        "flow * (T_bed - T_jacket) > 3000",
        "flow * T_K > 3000",
        "(p_gauge - 3) * 2 > 1",
        "p_abs2 / p_abs > 3",
        "p_gauge - p_gauge2 > p_abs2 - p_abs",
        "area ** 0.5 > length",
        "length ** 3 / area > length",
        "gas_n / flow > 2",
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
        ("flow * T_bed > 3", "multiplies degC (T_bed): a temperature in degC is no factor"),
        ("T_bed / flow > 3", "divides degC (T_bed): a temperature in degC is no factor"),
        ("100 / T_bed > 3", "divides by degC (T_bed): a temperature in degC is no factor"),
        ("T_bed ** 2 > 3", "raises to a power degC (T_bed): a temperature in degC is no factor"),
        ("p_gauge2 / p_gauge > 3", "divides barg (p_gauge2): a gauge pressure in barg is no factor"),
        ("p_gauge - p_a > 3", "subtracts barg (p_gauge) and bara (p_a)"),
        ("T_bed + T_bed_b > T_jacket", "compares a sum of 2 degC (T_bed) and degC (T_jacket)"),
        ("T_bed - T_bed_b > T_jacket", "compares delta_degC (T_bed) and degC (T_jacket)"),
        ("gas_n > gas", "compares Nm3/h (gas_n) and m**3/h (gas)"),
        ("(T_bed + flow) * power > hum and length > area", "adds degC (T_bed) and kg/h (flow)"),
        ("area ** 0.5 > area", "compares m2**1/2 (area) and m2 (area)"),
        ("quality > hum", "compares percent (quality) and g/kg (hum)"),
    ],
)
def test_what_does_not(when: str, message: str) -> None:
    assert findings(when)[0] == message
    assert len(findings(when)) == 1 + when.count(" and ")
