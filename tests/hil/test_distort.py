"""Sensor faults as functions, and the instruments that show them."""

from __future__ import annotations

import math

import pytest

from hil import distort
from hil.distort import Distortion, Instruments, Report

FIRST = Report(80.0, 1000.0)
LATER = Report(84.0, 1060.0)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (distort.frozen, Report(80.0, 1060.0)),
        (distort.stopped, FIRST),
        (distort.tiny, Report(1e-39, 1060.0)),
        (distort.bad_status, Report(80.0, 1060.0, "BadSensorFailure")),
        (distort.uncertain, Report(80.0, 1060.0, "UncertainLastUsableValue")),
        (distort.forced, Report(80.0, 1060.0, "GoodLocalOverride")),
        (distort.spiking, Report(252.0, 1060.0)),
        (distort.drifting, Report(84.8, 1060.0)),
        (distort.offset, Report(92.0, 1060.0)),
        (distort.wrong_scale, Report(840.0, 1060.0)),
        (distort.future, Report(84.0, 4660.0)),
    ],
)
def test_each_fault_shows_what_it_says(kind: Distortion, expected: Report) -> None:
    assert kind(FIRST, LATER) == expected


def test_nan_and_the_seconds_between_spikes() -> None:
    assert math.isnan(distort.not_a_number(FIRST, LATER).value)
    assert distort.spiking(FIRST, Report(84.0, 1061.0)).value == 84.0


def test_instruments_show_faults_and_heal() -> None:
    instruments = Instruments()
    instruments.look({"a": 1.0, "b": 2.0}, 10.0)
    instruments.distort("a", distort.frozen)
    instruments.look({"a": 1.5, "b": 2.5}, 20.0)
    assert instruments.reports == {"a": Report(1.0, 20.0), "b": Report(2.5, 20.0)}
    assert instruments.healthy["a"] == Report(1.5, 20.0)
    instruments.heal("a")
    assert instruments.reports["a"] == Report(1.5, 20.0)


def test_a_slow_analyser_renews_its_stamp_with_each_result_only() -> None:
    instruments = Instruments(every_s={"moist": 60.0})
    stamps = []
    for second in range(0, 200, 20):
        instruments.look({"moist": 3.5 if second < 120 else 3.6}, float(second))
        stamps.append(instruments.reports["moist"].source_utc_s)
    assert stamps == [0.0, 0.0, 0.0, 60.0, 60.0, 60.0, 120.0, 120.0, 120.0, 180.0]


def test_a_signal_that_was_never_measured_cannot_fail() -> None:
    with pytest.raises(KeyError):
        Instruments().distort("x", distort.frozen)
