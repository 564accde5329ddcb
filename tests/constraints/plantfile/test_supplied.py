"""What others supply, from text to the plant: laboratory values, external targets, forecasts."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from constraints.plant import Plant
from constraints.plantfile import PlantFileError, load_text
from constraints.supplied import ExternalRule, ForecastRule, LabRule, Source

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
TAGS = """\
  lab: {source: "dcs:ns=2;s=LAB.V", unit: percent, stamp: ignore}
  lab_at: {source: "dcs:ns=2;s=LAB.T", unit: s, stamp: ignore}
  lab_n: {source: "meter:holding/10:uint16", unit: "1"}
  want: {source: "site:want", unit: degC, stale_after: 1 h}
  hum_1h: {source: "site:air#in1h", unit: g/kg, stale_after: 2 h}
  hum_4h: {source: "site:air#in4h", unit: g/kg, stale_after: 2 h}
"""


def plant(*changes: tuple[str, str]) -> Plant:
    text = GOOD.replace("  quality: {source", f"{TAGS}  quality: {{source")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return load_text(text, "plant.yaml").plant


LAB = "[null, 4]}, lab: {limits: [0, 9], max_difference: 1, "
STEAM = "    suppression: 2\n"


def test_a_laboratory_with_everything() -> None:
    keys = "sdev: 0.1, agree: 3, ramp: 1 h, max_age: 4 h, share: 0.3, steady: {sdev: 0.2, over: 20 min}, "
    made = plant(("[null, 4]}, target", LAB + keys + "value: lab, sampled: lab_at}, target"))
    assert made.cvs["quality"].lab == LabRule(
        lo=0.0, hi=9.0, difference_max=1.0, age_s_max=14_400.0, share=0.3, ramp_s=3_600.0, sdev=0.1, agree=3,
        steady_sdev=0.2, steady_s=1_200.0, source=Source(tags=("lab",), time_tag="lab_at"),
    )  # fmt: skip
    assert made.tags["lab_at"].point.moment
    assert not made.tags["lab"].point.moment


def test_a_laboratory_with_nothing_more_takes_values_from_persons() -> None:
    rule = plant(("[null, 4]}, target", LAB.rstrip(", ") + "}, target")).cvs["quality"].lab
    assert rule is not None
    assert (rule.source, rule.ramp_s, rule.sdev, rule.steady_sdev) == (None, 600.0, math.inf, math.inf)


def test_a_count_dates_what_has_no_stamp() -> None:
    made = plant(("[null, 4]}, target", LAB + "value: lab, count: lab_n, delay: 45 min}, target"))
    rule = made.cvs["quality"].lab
    assert rule is not None
    assert (rule.source, rule.delay_s) == (Source(tags=("lab",), count_tag="lab_n"), 2_700.0)


def test_external_targets() -> None:
    made = plant(
        (STEAM, f"{STEAM}    external: {{tag: want, max_age: 30 min, max_rate: 0.5 degC/min}}\n"),
        ("[null, 4]}, target", "[null, 4]}, external: {}, target"),
    )
    want = Source(tags=("want",), on_arrival=True)
    assert made.mvs["T_jacket_sp"].external == ExternalRule(rank=9, per_s_max=0.5 / 60, age_s_max=1_800.0, source=want)
    assert made.cvs["quality"].external == ExternalRule(rank=6)  # the rank of the CV's own target
    assert made.cvs["T_bed"].external is None
    made = plant((STEAM, f"{STEAM}    external: {{rank: 3}}\n"))
    assert made.mvs["T_jacket_sp"].external == ExternalRule(rank=3)


def test_dvs_by_name_with_and_without_a_forecast() -> None:
    made = plant(("dvs: [hum]", "dvs: {hum: {}}"))
    assert made == replace(plant(), config_hash=made.config_hash)
    assert plant(("dvs: [hum]", "dvs: {hum: {forecast: hold}}")).dvs["hum"].forecast is None
    made = plant(("dvs: [hum]", "dvs: {hum: {forecast: {tags: {hum_1h: 1 h, hum_4h: 4 h}, max_age: 2 h}}}"))
    assert made.dvs["hum"].forecast == ForecastRule(
        age_s_max=7_200.0, ahead_s=(3_600.0, 14_400.0), source=Source(tags=("hum_1h", "hum_4h"), on_arrival=True)
    )
    made = plant(("dvs: [hum]", "dvs: {hum: {forecast: {file: weather.csv, column: x, max_age: 6 h}}}"))
    assert made.dvs["hum"].forecast == ForecastRule(age_s_max=21_600.0, file="weather.csv", column="x")


def found(*changes: tuple[str, str]) -> list[tuple[str, str, str]]:
    with pytest.raises(PlantFileError) as caught:
        plant(*changes)
    (text,) = caught.value.source.values()
    lines = text.splitlines()
    return [(each.code, lines[each.line - 1][each.column - 1 :].split(":")[0], each.hint)
            for each in caught.value.diagnostics]  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "keys", "hint"),
    [
        (('LAB.V", unit: percent, stamp: ignore', 'LAB.V", unit: percent'), "value: lab, sampled: lab_at",
         "add stamp: ignore; max_age judges its age"),
        (('LAB.T", unit: s, stamp: ignore', 'LAB.T", unit: s, stale_after: 2 h'), "value: lab, sampled: lab_at",
         "add stamp: ignore; max_age judges its age"),
    ],
)  # fmt: skip
def test_a_result_that_would_be_stale_before_it_served(tag, keys, hint) -> None:
    name = "lab" if "LAB.V" in tag[0] else "lab_at"
    assert found(tag, ("[null, 4]}, target", f"{LAB}{keys}}}, target")) == [("E064", name, hint)]


def test_a_message_that_would_be_stale_before_it_served() -> None:
    change = (STEAM, f"{STEAM}    external: {{tag: want, max_age: 90 min}}\n")
    assert found(change) == [("E064", "want", "add stale_after: 5400 s")]


def test_a_broken_dv_is_still_known_by_its_name() -> None:
    assert [code for code, _, _ in found(("dvs: [hum]", "dvs: {hum: {forecast: 5}}"))] == ["E013"]


HOME = Path(__file__).parents[3]
ALL_TAGS = "tags:\n" + "".join(
    f'  {name}: {{source: "dcs:ns=2;s={name}", unit: {unit}, stamp: ignore}}\n'
    for name, unit in [
        ("moist_lab", "percent"), ("moist_lab_time", "s"), ("moist_aim", "percent"), ("moist_aim_time", "s"),
        ("T_amb_now", "degC"), ("T_amb_in_1h", "degC"), ("T_amb_in_4h", "degC"), ("weather_time", "s"),
    ]
)  # fmt: skip


def test_what_the_documentation_shows_can_be_written_like_that() -> None:
    """Its examples, put into the demo's plant."""
    page = (HOME / "docs" / "controller.md").read_text(encoding="utf-8")
    shown = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (lab,) = [each for each in shown if "lab:" in each]
    (dvs,) = [each for each in shown if each.startswith("dvs:")]
    (external,) = re.findall(r"`(external: \{tag: .*?\})`", page)
    text = (HOME / "hil" / "demo" / "plant.yaml").read_text(encoding="utf-8").replace("tags:\n", ALL_TAGS, 1)
    own = text[text.index("  moist: {limits") :].partition("\n")[0]
    head = f"  moist:\n    limits: {{operator: [3.2, 4.0]}}\n    {external}\n"
    text = text.replace(own, head + lab.partition("  moist:\n")[2].rstrip())
    made = load_text(text.replace("dvs: [hum_amb, feed_moist]\n", dvs), "shown.yaml").plant
    assert made.cvs["moist"].lab is not None
    assert made.cvs["moist"].external == ExternalRule(
        rank=5, per_s_max=0.1 / 60, age_s_max=1_800.0, source=Source(tags=("moist_aim",), time_tag="moist_aim_time")
    )
    assert {name: dv.forecast is not None for name, dv in made.dvs.items()} == {
        "hum_amb": True, "T_amb": True, "feed_moist": False,
    }  # fmt: skip
