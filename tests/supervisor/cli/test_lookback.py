"""``setwise check --history``: interlocks held against what is stored."""

from __future__ import annotations

import pytest

from constraints.plantfile import load_text
from supervisor.history.read import History
from supervisor.lookback import Told, looked_back
from tests.supervisor.cli.calls import call, one_object


def changed(site, old, new):
    text = site.plant_path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    site.plant_path.write_text(text.replace(old, new), encoding="utf-8")


async def test_sound_interlocks_were_false_at_some_time(site):
    done = call("check", site.plant_path, "--history", "1 d")
    assert done.exit_code == 0
    assert done.stdout == "4 interlocks over 14 cycles on record: each was false at some time\n"


async def test_an_interlock_that_would_have_acted_all_the_time_is_named(site):
    changed(site, '"T_out > 96"', '"T_out > 20"')
    done = call("check", site.plant_path, "--history", "1 d")
    assert "was true in all of 14 cycles: it would have acted all the time" in done.stdout
    counts = one_object(call("check", site.plant_path, "--history", "1 d", "--json"))
    assert sum(each["true"] == 14 for each in counts.values()) == 1
    assert sum(each["false"] == 14 for each in counts.values()) == 3


async def test_a_tag_that_nobody_read_is_unknown_all_the_time(site):
    """The new file watches a tag that the running one does not read yet."""
    changed(site, "  T_amb:", '  T_new: {source: "site:northmill/new#t", unit: degC, range: [0, 99]}\n  T_amb:')
    changed(site, '"T_out > 96"', '"T_new > 90"')
    done = call("check", site.plant_path, "--history", "1 d")
    assert "could not be evaluated in any of 14 cycles: are its tags read?" in done.stdout


async def test_delays_and_windows_are_counted_over_the_stored_cycles(site):
    text = site.plant_path.read_text(encoding="utf-8").replace('"T_out > 96"', '"rate(T_out, 30) > 1000"')
    plant = load_text(text, "plant.yaml").plant
    records = [cycle.record for cycle in History(site.database_url).between(0.0, 1e12)]
    (told,) = [each for each in looked_back(plant, records) if each.unknown]
    assert (told.true, told.unknown) == (0, 2)  # a rate over 30 s needs so much of a past


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Told("x"), ""),
        (Told("x", true=3, false=1, unknown=9), ""),
        (Told("x", true=3), "was true in all of 3 cycles"),
        (Told("x", unknown=3), "could not be evaluated in any of 3"),
        (Told("x", true=1, unknown=2), "was never false in 3 cycles: true in 1, else unknown"),
    ],
)
def test_what_is_doubtful(told, words):
    assert words in told.doubt
    assert bool(told.doubt) is bool(words)


@pytest.mark.parametrize("span", ["soon", "7 kg", "-1 d", "0 h", "nan"])
async def test_a_span_that_is_none(site, span):
    done = call("check", site.plant_path, "--history", span)
    assert done.exit_code == 2
    assert "such as 24 h or 7 d" in done.output


def test_without_a_record(tmp_path, site):
    (tmp_path / "new.yaml").write_bytes(site.plant_path.read_bytes())
    done = call("check", tmp_path / "new.yaml", "--history", "1 d", "--data", tmp_path / "nowhere")
    assert done.exit_code in (5, 7)
    assert "nowhere" in done.output
