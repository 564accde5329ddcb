"""What ``setwise check`` questions on the day of the check only."""

from __future__ import annotations

from constraints.plantfile import load
from supervisor.cli.check import of_date
from supervisor.cli.exits import Exit
from tests.supervisor.cli.calls import call
from tests.supervisor.tank import write_tank


def test_check_questions_a_tariff_that_has_not_begun(tmp_path):
    tariff = "tariffs: {grid: {versions: [{valid_from: 2099-01-01, energy: {all: 0.3 EUR/kWh}}]}}"
    plant = write_tank(tmp_path, **{"models:\n": f"{tariff}\nmodels:\n"})
    done = call("check", plant)
    assert done.exit_code == Exit.OK
    assert "warning[W127]: no version of tariff grid is in force before 2099-01-01" in done.stdout
    assert of_date(plant, load(plant).plant, 4_070_908_800.0) == ()  # 2099-01-01 in UTC, an hour later in Berlin
