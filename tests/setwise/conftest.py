"""The demo's plant, one compiled controller for all tests, and one short run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import setwise
from controllers.controller import Controller

DEMO = Path(__file__).resolve().parents[2] / "hil" / "demo" / "plant.yaml"
INITIAL = {
    "T_in_sp": 180.0, "feed_sp": 2850.0, "fan_sp": 75.0, "T_out": 85.4, "moist": 3.3, "P_fan": 92.0, "gas": 209.0,
    "evap": 1450.0, "hum_amb": 8.0, "feed_moist": 52.0,
}  # fmt: skip
START = "2026-03-02 20:50"


@pytest.fixture(scope="session")
def path():
    return DEMO


@pytest.fixture(scope="session")
def plant():
    return setwise.load(DEMO)


@pytest.fixture(scope="session")
def engine(plant):
    return Controller(plant)


@pytest.fixture(scope="session")
def initial():
    return INITIAL


@pytest.fixture
def stepper(plant, engine):
    return setwise.Stepper(plant, engine)


@pytest.fixture(scope="session")
def run(plant, engine):
    """Twenty minutes over the night limit on fan power, with wetter concentrate and some noise."""
    wetter = pd.DataFrame({"feed_moist": [52.0, 54.0]}, index=pd.to_datetime([START, "2026-03-02 20:55"]))
    return setwise.simulate(
        plant, hours=1 / 3, start=START, initial=INITIAL, disturbances=wetter, noise={"T_out": 0.08}, engine=engine
    )
