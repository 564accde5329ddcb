from __future__ import annotations

import base64
import re

import pytest

from hil.demo import pictures, report
from hil.demo.score import Reference, TraceRow

PNG = b"\x89PNG\r\n\x1a\n"
TRACE = [
    TraceRow(float(minute), {"moist": 3.5 + 0.01 * minute}, {"sp": 180.0 + minute}, 90.0 + minute, 3 <= minute < 8)
    for minute in range(10)
]
EVENTS = [(2.0, "Armed & <ready>"), (8.0, "Shed")]


def panels(count):
    values = [row.true["moist"] for row in TRACE]
    setpoints = [row.setpoints["sp"] for row in TRACE]
    return [
        pictures.Panel(f"Panel {index}", "percent", values, setpoints if index % 2 else None, [3.2] * 10, [4.0] * 10)
        for index in range(count)
    ]


@pytest.fixture
def drawn(tmp_path):
    paths = {name: tmp_path / f"{name}.png" for name in ("trends", "money", "cycles")}
    pictures.trends(paths["trends"], TRACE, panels(3), EVENTS)
    pictures.money(paths["money"], TRACE, [Reference(120.0, 80.0)] * 10, EVENTS)
    pictures.cycle_times(paths["cycles"], {"read": [3.0, 1.0, 2.0], "total": [9.0, 8.0, 7.0], "beat": []})
    return paths


def test_the_pictures_are_pictures(drawn):
    for path in drawn.values():
        data = path.read_bytes()
        assert data.startswith(PNG)
        assert len(data) > 5_000


@pytest.mark.parametrize("trace", [TRACE[:1], [row for row in TRACE if not row.in_cascade], TRACE[4:6]])
def test_a_short_trace_is_drawn_too(tmp_path, trace):
    values = [row.true["moist"] for row in trace]
    pictures.trends(tmp_path / "t.png", trace, [pictures.Panel("Moisture", "percent", values)], [])
    assert (tmp_path / "t.png").read_bytes().startswith(PNG)


def test_the_report_carries_its_pictures_and_quotes_what_it_is_told(tmp_path, drawn):
    page = tmp_path / "report.html"
    report.write(
        page,
        title="Dryer <2>",
        summary="From 80 to 110 EUR/h & more",
        figures=[("economic_gain_fraction", "0.95", "a <part>")],
        events=EVENTS,
        pictures=drawn,
        why=["Held back by T_in_sp < 191."],
    )
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    embedded = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    assert [base64.b64decode(each) for each in embedded] == [path.read_bytes() for path in drawn.values()]
    assert "Dryer &lt;2&gt;" in text
    assert "Armed &amp; &lt;ready&gt;" in text
    assert "T_in_sp &lt; 191" in text
    assert "economic_gain_fraction" in text
    assert "http" not in text  # it opens without a network
