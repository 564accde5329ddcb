"""What would make a plant file unsafe is refused, with its place, a caret and a hint. ``§`` marks the place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from constraints.plantfile import PlantFileError, load_text

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
HOT = '"max(T_bed, T_bed_b) > 100"'
SAFETY = "limits: {safety: [500, 4000]}"


@dataclass(frozen=True)
class Refused:
    """``old`` in the good file becomes ``new``, which must be refused with ``code`` where ``§`` is."""

    id: str
    code: str
    old: str
    new: str


def scheduled(points: str, by: str = "T_bed") -> str:
    return f"limits: {{safety: [500, 4000], scheduled: {{by: {by}, points: {points}}}}}"


def of_table(id_: str, code: str, points: str, by: str = "T_bed") -> Refused:
    return Refused(f"scheduled_{id_}", code, SAFETY, scheduled(points, by))


CASES = [
    # a connection that its driver would refuse
    Refused("security_outdated", "E013", "Basic256Sha256/SignAndEncrypt", "§Basic256/SignAndEncrypt"),
    Refused("security_without_mode", "E013", "Basic256Sha256/SignAndEncrypt", "§Basic256Sha256"),
    Refused("security_unpinned", "E016", "    server_certificate: pki/dcs.der\n", ""),
    Refused("security_without_our_key", "E016", "    private_key: pki/own.pem\n", ""),
    # limits that do not nest
    Refused("limits_engineering_outside_safety", "E040", "engineering: [110, 180]", "engineering: §[110, 191]"),
    Refused("limits_operator_outside_engineering", "E040", "operator: [383.15 K, 170]", "operator: §[109.9, 170]"),
    Refused("limits_operator_outside_safety", "E040", SAFETY, "limits: {safety: [500, 4000], operator: §[499, 900]}"),
    Refused("limits_in_another_unit_outside", "E040", "engineering: [110, 180]", "engineering: §[110, 470 K]"),
    Refused("limits_reversed", "E041", "safety: [100, 190]", "safety: §[190, 100]"),
    Refused("limits_empty", "E041", "safety: [100, 190]", "safety: §[190, 190]"),
    Refused("limits_of_a_cv_do_not_nest", "E040", "operator: [78, 92]", "operator: §[78, 98.5]"),
    Refused("limits_one_sided", "E012", "safety: [100, 190]", "safety: [100, §null]"),
    # an interlock that cannot do its work
    Refused("interlock_always_true", "E036", HOT, '§"max(T_bed, T_bed_b) > -1"'),
    Refused("interlock_always_true_by_or", "E036", HOT, '§"T_bed >= 0 or T_bed_b > 100"'),
    Refused("interlock_always_true_by_not", "E036", HOT, '§"not T_bed > 150"'),
    Refused("interlock_always_true_in_time", "E036", HOT, '§"for_time(T_bed > -1, 60)"'),
    Refused("interlock_always_true_age", "E036", HOT, '§"age(T_bed) >= 0"'),
    Refused("interlock_always_true_quality", "E036", HOT, '§"quality(T_bed) <= 192"'),
    Refused("interlock_never_clears_division_by_0", "E036", HOT, '§"T_bed / 0 > 3"'),
    Refused("interlock_never_false", "E036", HOT, '§"T_bed > 100 or T_bed / (3 - 3) > 1"'),
    Refused("interlock_without_a_tag", "E033", HOT, '§"3 > 2"'),
    Refused("interlock_of_an_unknown_tag", "E030", HOT, '"§T_bedd > 100"'),
    Refused("interlock_of_a_tag_like_no_other", "E030", HOT, '"§zzzz > 100"'),
    Refused("interlock_of_an_unknown_tag_in_quality", "E030", HOT, '"quality(§T_bedd) < 192"'),
    Refused("interlock_tag_on_no_connection", "E050", '"dcs:ns=2;s=TI3.PV"', '"§dsc:ns=2;s=TI3.PV"'),
    Refused("interlock_tag_at_no_address", "E055", '"dcs:ns=2;s=TI3.PV"', '"dcs:§ns=2;TI3.PV"'),
    Refused("interlock_negative_delay", "E014", "for: 15 s", "for: §-1 s"),
    Refused("interlock_same_name", "E054", 'name: Enough, when: "T_bed >', 'name: §Hot, when: "T_bed >'),
    Refused("interlock_blocks_no_mv", "E052", "block_up T_jacket_sp", "block_up §T_jacket_s"),
    Refused("interlock_does_nothing_known", "E013", "then: shed", "then: §stop"),
    Refused("interlock_ramps_nothing", "E016", "then: shed", "then: §ramp"),
    Refused("interlock_bypass_of_no_time", "E014", "alarm: high}", "alarm: high, bypass: {longest: §0}}"),
    Refused("interlock_bypass_by_nobody_known", "E013", "alarm: high}", "alarm: high, bypass: {role: §boss}}"),
    Refused("interlock_bypass_misspelt", "E012", "alarm: high}", "alarm: high, bypass: §nonne}"),
    Refused("interlock_bypass_for_ever", "E020", "alarm: high}", "alarm: high, bypass: {longest: §8 hours of work}}"),
    Refused("proof_test_on_no_date", "E081", "alarm: high}", "proof_test: {every: 365 d, last: §2026-02-30}}"),
    Refused("proof_test_on_no_calendar_date", "E081", "alarm: high}", 'proof_test: {every: 1 d, last: §"20260301"}}'),
    Refused("proof_test_too_often", "E014", "alarm: high}", "proof_test: {every: §5 min, last: 2026-03-01}}"),
    Refused("proof_test_never", "E014", "alarm: high}", "proof_test: {every: §9000 d, last: 2026-03-01}}"),
    # an MV without safety limits, or that could not be kept inside them
    Refused("mv_without_safety_limits", "E043", SAFETY, "§limits: {engineering: [500, 4000]}"),
    Refused("mv_without_limits", "E011", f"    {SAFETY}\n", ""),
    Refused("mv_safe_value_above", "E042", "safe_value: 120", "safe_value: §191"),
    Refused("mv_safe_value_below", "E042", "safe_value: 120", "safe_value: §99.9"),
    Refused("mv_safe_value_missing", "E016", "    safe_value: 120\n", ""),
    Refused("mv_rate_up_0", "E014", "up: 0.5 degC/min", "up: §0"),
    Refused("mv_rate_down_0", "E014", "down: 120 K/h", "down: §0 K/h"),
    Refused("mv_rate_up_negative", "E014", "up: 60 kg/h/min", "up: §-60"),
    Refused("mv_rate_down_negative", "E014", "down: 120}", "down: §-120}"),
    Refused("mv_rate_missing", "E011", "move: {up: 60 kg/h/min, down: 120}", "§move: {up: 60 kg/h/min}"),
    Refused("mv_rate_in_no_rate", "E021", "up: 0.5 degC/min", "up: §0.5 degC"),
    # the PLC's half
    Refused("shed_time_0", "E060", "plc_timeout: 0.5 min", "plc_timeout: §0"),
    Refused("shed_time_negative", "E060", "plc_timeout: 0.5 min", "plc_timeout: §-30 s"),
    Refused("shed_time_missing", "E011", ", plc_timeout: 0.5 min", ""),
    Refused("shed_time_shorter_than_the_beat", "E060", "every: 5 s, plc_timeout: 0.5 min", "plc_timeout: §9 s"),
    Refused("shed_time_of_two_beats", "E060", "plc_timeout: 0.5 min", "plc_timeout: §20 s"),
    Refused("beat_longer_than_shed_time", "E061", "every: 5 s,", "every: §40 s,"),
    Refused("beat_0", "E061", "every: 5 s,", "every: §0 s,"),
    Refused("beat_negative", "E061", "every: 5 s,", "every: §-5 s,"),
    Refused("probe_missing", "E062", ", probe: 1234.5", ""),
    Refused("handshake_without_places", "E062", 'root: "dcs:ns=2;s=APC.", ', ""),
    # what is written twice, or must not be written
    Refused("two_mvs_write_one_address", "E057", 'SP.flow_sp"\n    setpoint', 'SP.T_jacket_sp"\n    setpoint'),
    Refused("mv_writes_a_handshake_register", "E057", '"dcs:ns=2;s=APC.SP.flow_sp"', '§"dcs:ns=2;s=APC.COMMIT"'),
    Refused("mv_writes_to_a_safety_system", "E058", '"dcs:ns=2;s=APC.SP.flow_sp"', '§"dcs:ns=2;s=SIS.SP1"'),
    Refused("mv_writes_where_nobody_can", "E056", '"dcs:ns=2;s=APC.SP.flow_sp"', '§"meter:input/9:float32"'),
    Refused("mv_without_readback_of_its_setpoint", "E011", '    setpoint: "dcs:ns=2;s=FIC4.SP"\n', ""),
    # scheduled limits
    of_table("unknown_tag", "E051", "[[0, 600, 900], [150, 600, 900]]", "§T_bedd"),
    of_table("by_an_mv", "E051", "[[0, 600, 900], [9, 600, 900]]", "§T_jacket_sp"),
    of_table("by_its_readback", "E045", "[[0, 600, 900], [6e3, 600, 900]]", "§flow"),
    of_table("by_a_tag_without_range", "E045", "[[0, 600, 900], [9, 600, 900]]", "§power"),
    of_table("no_points", "E045", "§[]"),
    of_table("one_point", "E045", "§[[0, 600, 900]]"),
    of_table("two_numbers", "E045", "[[0, 600, 900], §[150, 600]]"),
    of_table("not_ascending", "E045", "[[0, 600, 900], [150, 600, 900], §[150, 601, 900]]"),
    of_table("reversed", "E041", "[[0, 600, 900], §[150, 900, 600]]"),
    of_table("outside_safety", "E040", "[[0, 600, 900], §[150, 600, 4001]]"),
    of_table("below_safety", "E040", "[§[0, 0.4 t/h, 900], [150, 600, 900]]"),
    of_table("begins_too_late", "E045", "[§[1, 600, 900], [150, 600, 900]]"),
    of_table("ends_too_early", "E045", "[[0, 600, 900], §[149.9, 600, 900]]"),
    of_table("in_another_unit", "E021", "[[§0 kg, 600, 900], [150, 600, 900]]"),
    Refused("scheduled_misspelt", "E010", SAFETY, SAFETY[:-1] + ", scheduled: {by: T_bed, §point: []}}"),
    Refused("scheduled_forbids_the_safe_value", "E042", "engineering: [110, 180], operator: [383.15 K, 170]}",
            "scheduled: {by: T_bed, points: [[0, 110, 150], [150, 130, 180]]}}"),
]  # fmt: skip
PLACES = {  # for changes that take away what the finding points at, or that are told elsewhere
    "security_unpinned": "security: §Basic256Sha256/SignAndEncrypt",
    "security_without_our_key": "security: §Basic256Sha256/SignAndEncrypt",
    "mv_without_limits": "  §flow_sp:\n    writes",
    "mv_safe_value_missing": "    shed: §safe",
    "shed_time_missing": "§heartbeat: {",
    "probe_missing": "§heartbeat: {",
    "handshake_without_places": "§heartbeat: {",
    "mv_without_readback_of_its_setpoint": "  §flow_sp:\n    writes",
    "two_mvs_write_one_address": 'writes: §"dcs:ns=2;s=APC.SP.T_jacket_sp"\n    setpoint: "dcs:ns=2;s=FIC4',
    "scheduled_forbids_the_safe_value": "safe_value: §120",
}
WITHOUT_HINT = {"limits_one_sided", "interlock_bypass_misspelt", "mv_without_limits", "mv_rate_missing"}
"""A key that is missing, or a kind of value: the message says already what is needed."""


def text_of(case: Refused) -> str:
    assert GOOD.count(case.old) == 1, f"{case.old!r} must occur once in the good file"
    text = GOOD.replace(case.old, case.new.replace("§", ""))
    if case.id == "interlock_ramps_nothing":
        text = text.replace("    shed: safe_value\n    safe_value: 120\n", "")
    return text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_refused_with_its_place_and_a_hint(case: Refused) -> None:
    text = text_of(case)
    with pytest.raises(PlantFileError) as caught:
        load_text(text, "bad.yaml")
    anchor = case.new if "§" in case.new else PLACES[case.id]
    assert text.count(anchor.replace("§", "")) == 1
    at = text.index(anchor.replace("§", "")) + anchor.index("§")
    line, column = text[:at].count("\n") + 1, at - (text[:at].rfind("\n") + 1) + 1
    found = [
        each for each in caught.value.diagnostics if (each.code, each.line, each.column) == (case.code, line, column)
    ]
    assert found, str(caught.value)
    assert found[0].severity == "error"
    assert bool(found[0].hint) == (case.id not in WITHOUT_HINT), found[0]
    shown = str(caught.value).split(f"error[{case.code}]: {found[0].message}\n")[1].splitlines()
    assert shown[0] == f"  --> bad.yaml:{line}:{column}"
    assert shown[2].endswith(text.splitlines()[line - 1])
    caret = shown[3].index("^")
    assert shown[2][caret:].startswith(text.splitlines()[line - 1][column - 1 :])
    assert (f"^ help: {found[0].hint}" in shown[3]) == bool(found[0].hint)


def test_the_same_texts_unbroken_are_not_refused() -> None:
    """The positive control: what the cases take apart does load."""
    good = scheduled("[[0, 600, 900], [150, 600, 4 t/h]]")
    text = GOOD.replace(SAFETY, good).replace("then: shed", "then: ramp")
    text = text.replace(HOT, '"for_time(T_bed > 100, 60) or quality(T_bed_b) < 64"')
    text = text.replace(
        "alarm: high}", "alarm: high, bypass: {longest: 8 h}, proof_test: {every: 1 d, last: 2026-03-01}}"
    )
    assert load_text(text, "x").warnings == ()


def test_one_mistake_of_a_table_is_one_finding() -> None:
    told = [case for case in CASES if case.id.startswith("scheduled_") and case.id != "scheduled_misspelt"]
    for case in told:
        with pytest.raises(PlantFileError) as caught:
            load_text(text_of(case), "bad.yaml")
        assert [each.code for each in caught.value.diagnostics] == [case.code], str(caught.value)


@pytest.mark.parametrize("when", ["T_bed > 150", "quality(T_bed) > 192", "for_time(T_bed < 0, 60)"])
def test_never_true_is_a_warning_only(when: str) -> None:
    (found,) = load_text(GOOD.replace(HOT, f'"{when}"'), "x").warnings
    assert (found.code, found.hint) == ("W104", "compare the limit with the tag's range")


def test_a_ramp_is_not_refused_for_an_mv_that_could_not_be_read() -> None:
    """One mistake, one finding: the broken MV may have a safe value."""
    text = GOOD.replace("then: shed", "then: ramp").replace(
        "    critical: true\n    on_bad", "    critical: 7\n    on_bad"
    )
    with pytest.raises(PlantFileError) as caught:
        load_text(text, "x")
    assert [each.code for each in caught.value.diagnostics if each.severity == "error"] == ["E012"]
