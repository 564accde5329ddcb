"""Pictures: what is on them, and that they need no global state."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.dates import date2num

import setwise
from setwise import plots


def lines(axes, label):
    return [each for each in axes.get_lines() if each.get_label() == label]


def titled(figure, name):
    return next(each for each in figure.axes if each.get_title(loc="left").split(":")[0] == name)


def test_a_run_shows_every_variable_with_its_unit(run, plant):
    figure = run.plot()
    assert [each.get_title(loc="left").split(":")[0] for each in figure.axes] == [
        *plant.mvs, *plant.cvs, *plant.dvs, "earnings",
    ]  # fmt: skip
    assert titled(figure, "gas").get_ylabel() == "[m**3/h]"
    assert titled(figure, "earnings").get_ylabel() == "[EUR/h]"
    assert "time (Europe/Berlin)" in figure.get_supxlabel()


def test_a_runs_picture_shows_the_numbers_of_its_table(run):
    axes = titled(run.plot(), "P_fan")
    (measured,) = lines(axes, "measured")
    assert np.asarray(measured.get_ydata()) == pytest.approx(run.frame["P_fan"].to_numpy())
    assert measured.get_xdata()[0] == date2num(run.frame.index[0].to_pydatetime())
    limit = next(each for each in lines(axes, "limit") if np.isfinite(each.get_ydata()).all())
    assert {120.0, 105.0} <= set(limit.get_ydata())


def test_a_plan_is_dashed_after_now(run):
    decision = run.decision("2026-03-02 20:56")
    axes = titled(run.plot("2026-03-02 20:56"), "T_in_sp")
    (ahead,) = lines(axes, "planned or predicted")
    assert ahead.get_linestyle() == "--"
    assert np.asarray(ahead.get_ydata()) == pytest.approx(decision.predictions["T_in_sp"].to_numpy())
    now = date2num(decision.time.to_pydatetime())
    assert [each.get_xdata()[0] for each in axes.get_lines() if to_hex(each.get_color()) == plots.NOW] == [now]
    (before,) = lines(axes, "setpoint")
    assert max(before.get_xdata()) == now
    assert (np.asarray(ahead.get_xdata()) >= now).all()


def test_the_room_between_limits_is_shaded_and_no_more(run):
    axes = titled(run.plot("2026-03-02 20:56"), "moist")
    (band,) = axes.collections
    assert to_hex(band.get_facecolor()[0]) == plots.ROOM
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (3.2, 4.0)


def test_a_picture_shows_itself(run):
    assert run.decisions[0].plot()._repr_png_().startswith(b"\x89PNG")


def test_no_picture_is_kept_by_pyplot():
    """It would hold every figure of the process, and its settings are everybody's."""
    texts = [file.read_text() for file in Path(setwise.__file__).parent.glob("*.py")]
    assert len(texts) > 10
    assert [text for text in texts if re.search(r"^\s*(from|import) .*pyplot", text, re.MULTILINE)] == []


def test_seconds_are_shown_in_a_unit_that_fits(plant, engine, initial):
    run = setwise.simulate(plant, hours=0.1, initial=initial, engine=engine)
    assert run.plot().get_supxlabel().startswith("time [s]")
    assert run.plot(180.0).get_supxlabel().startswith("time [min]")


def test_step_responses_stand_in_rows_and_columns(plant):
    figure = setwise.plot_step_responses(plant)
    assert len(figure.axes) == 5 * 5
    assert [each.get_title() for each in figure.axes[:5]] == [*plant.mvs, *plant.dvs]
    curve = figure.axes[1].get_lines()[-1]
    assert curve.get_ydata()[-1] == pytest.approx(-0.0184, rel=0.01)
