"""The good file, number by number, written by hand a second time."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from constraints.plant import NestedLimits, Pair, Plant, Row, Tuning
from constraints.plantfile import load, load_text
from constraints.plantfile.loaded import Loaded
from constraints.terms import MoneyTerm, ScheduleEntry, TariffBand, TariffVersion
from safety.encoding import Encoding
from safety.envelope import Envelope
from safety.handshake import HandshakeRule
from safety.signals import Mode, ShedAction
from safety.validity import ValidityRule

FILE = Path(__file__).parent / "good.yaml"
DEMO = Path(__file__).parents[3] / "hil" / "demo" / "plant.yaml"
INF = math.inf


def plant() -> Plant:
    return load(FILE).plant


def test_the_plant_as_a_whole() -> None:
    found = plant()
    assert (found.name, found.site, found.timezone, found.currency) == ("Kettle", "Southmill", "Europe/Berlin", "EUR")
    assert (found.cycle_s, found.think_s, found.min_active_mvs, found.hysteresis_eur_per_h) == (10.0, 6.0, 2, 0.5)
    assert found.tuning == Tuning(solver="daqp", blocking=(1, 3, 6, 12), points=(2, 6, 12, 130), pull=0.5)
    assert (found.start_in, found.closed_loop_needs, found.max_unattended_s) == (
        Mode.ADVISORY,
        ("operator_confirm", "heartbeat_ok"),
        43_200.0,
    )
    assert found.source_path == str(FILE)


def test_connections() -> None:
    dcs, meter, site = (plant().connections[name] for name in ("dcs", "meter", "site"))
    assert (dcs.protocol, dcs.url) == ("opcua", "opc.tcp://10.0.0.1:4840")
    assert (dcs.user_secret, dcs.write_user_secret) == ("dcs", "dcs-write")
    assert (dcs.security, dcs.certificate, dcs.private_key, dcs.server_certificate) == (
        "Basic256Sha256/SignAndEncrypt",
        "pki/own.der",
        "pki/own.pem",
        "pki/dcs.der",
    )
    assert (dcs.timeout_s, dcs.reconnect_s_max, dcs.waive_security) == (0.25, 10.0, None)
    assert (meter.protocol, meter.host, meter.port, meter.unit_id) == ("modbus-tcp", "10.0.0.2", 502, 3)
    assert (meter.timeout_s, meter.reconnect_s_max, meter.security) == (0.5, 5.0, "None")
    assert (site.protocol, site.host, site.port) == ("mqtt", "broker.local", 1883)


def test_tags_and_their_points() -> None:
    tags = plant().tags
    assert list(tags) == ["T_jacket", "T_bed", "T_bed_b", "quality", "flow", "power", "gas", "loop_ma", "hum"]
    points = {name: (tag.point.connection, tag.point.address, tag.point.encoding) for name, tag in tags.items()}
    assert points["T_bed"] == ("dcs", "ns=2;s=TI2.PV", Encoding("float64"))
    assert points["quality"] == ("dcs", "ns=3;i=1021", Encoding("float64"))
    assert points["power"] == ("meter", "holding/3054", Encoding("float32", "CDAB"))
    assert points["gas"] == ("meter", "input/100", Encoding("int16", "ABCD", 0.1, -5.0))
    assert points["hum"] == ("site", "southmill/air#humidity", Encoding("float64"))
    assert (tags["flow"].unit, tags["flow"].description, tags["quality"].every_s) == ("kg/h", "Feed, wet", 60.0)


def test_what_makes_readings_valid() -> None:
    rules = plant().validity
    assert rules["T_jacket"] == ValidityRule(lo=0.0, hi=200.0, rate_per_s_max=0.5, stale_s=25.0)
    assert rules["T_bed"] == ValidityRule(lo=0.0, hi=150.0, hold_s=30.0, uncertain_as_good=True, stale_s=30.0)
    assert rules["quality"] == ValidityRule(stale_s=300.0, frozen_s=1800.0)
    assert rules["flow"] == ValidityRule(lo=0.0, hi=6000.0, stale_s=30.0)
    assert rules["loop_ma"] == ValidityRule(signal_4_20=True, stamp="ignore", stale_s=30.0)
    inner = ValidityRule(stale_s=20.0, stamp="ignore")
    for tag in ("T_jacket_sp.actual", "T_jacket_sp.available", "T_jacket_sp.windup_hi", "flow_sp.actual", "plc.reject"):
        assert rules[tag] == inner, tag
    assert set(rules) == {point.tag for point in plant().points_read()}


def test_mvs() -> None:
    jacket, flow = (plant().mvs[name] for name in ("T_jacket_sp", "flow_sp"))
    assert (jacket.writes.tag, jacket.writes.address) == ("T_jacket_sp", "ns=2;s=APC.SP.T_jacket_sp")
    assert jacket.writes.encoding == Encoding("float32")
    assert (jacket.setpoint.tag, jacket.setpoint.address) == ("T_jacket_sp.actual", "ns=2;s=TIC1.SP")
    assert jacket.available is not None
    assert (jacket.available.tag, jacket.available.equals) == ("T_jacket_sp.available", "CAS")
    assert jacket.windup_hi is not None
    assert jacket.windup_lo is not None
    assert (jacket.windup_hi.tag, jacket.windup_lo.address) == ("T_jacket_sp.windup_hi", "ns=2;s=TIC1.WL")
    assert jacket.limits == NestedLimits(safety=(100.0, 190.0), engineering=(110.0, 180.0), operator=(110.0, 170.0))
    assert (jacket.move_up_per_min, jacket.move_down_per_min) == (0.5, 2.0)
    assert (jacket.shed, jacket.safe_value, jacket.ideal, jacket.on_bad) == (
        ShedAction.SAFE_VALUE,
        120.0,
        140.0,
        "shed",
    )
    assert (jacket.cost, jacket.suppression, jacket.critical) == (0.25, 2.0, True)
    assert flow.limits == NestedLimits(safety=(500.0, 4000.0), engineering=(500.0, 4000.0), operator=(500.0, 4000.0))
    assert (flow.move_up_per_min, flow.move_down_per_min, flow.readback) == (60.0, 120.0, "flow")
    assert (flow.available, flow.windup_hi, flow.windup_lo, flow.shed, flow.on_bad) == (
        None,
        None,
        None,
        "hold",
        "hold",
    )


def test_envelopes_allow_one_cycle_of_movement() -> None:
    assert plant().envelopes == {
        "T_jacket_sp": Envelope(
            lo=100.0,
            hi=190.0,
            step_up=0.5 / 6 * 1.000001,
            step_down=2.0 / 6 * 1.000001,
            rate_up_per_min=0.5,
            rate_down_per_min=2.0,
            window_s=600.0,
            window_delta=6.0,
            distance_from_measured=15.0,
            readback="T_jacket",
        ),
        "flow_sp": Envelope(
            lo=500.0,
            hi=4000.0,
            step_up=10.00001,
            step_down=20.00002,
            rate_up_per_min=60.0,
            rate_down_per_min=120.0,
            readback="flow",
        ),
    }


def test_cvs_and_dvs() -> None:
    found = plant()
    bed, quality, power, gas = (found.cvs[name] for name in ("T_bed", "quality", "power", "gas"))
    assert bed.limits == NestedLimits(safety=(60.0, 105.0), engineering=(70.0, 98.0), operator=(78.0, 92.0))
    assert (bed.rank_hi, bed.rank_lo, bed.concern, bed.critical, bed.limit_ramp_per_min) == (1, 3, 1.5, True, 2.0)
    assert quality.limits == NestedLimits(safety=(-INF, INF), engineering=(-INF, INF), operator=(-INF, 4.0))
    assert (quality.target, quality.rank_target, quality.back_off_hi, quality.bad_cycles) == (3.8, 6, 0.04, 20)
    assert quality.limit_ramp_per_min == INF
    assert (power.disturbance, power.limit_ramp_per_min, power.rank_lo, power.rank_target) == ("ramp", 12.0, 5, 9)
    assert (power.filter_s, power.fade_s, bed.filter_s, bed.fade_s) == (20.0, 240.0, None, None)
    assert (power.funnel_s, power.slack, bed.funnel_s, bed.slack) == (180.0, "peak", None, "step")
    assert (gas.unit, gas.limits.operator, gas.limit_ramp_per_min) == ("m**3/h", (0.0, 300.0), 30.0)
    assert {name: dv.unit for name, dv in found.dvs.items()} == {"hum": "g/kg"}


def test_what_the_distance_from_an_ideal_costs() -> None:
    cv = _loaded("target: 3.8,", "target: 3.8, cost_quadratic: 2, ideal: 3.6,").plant.cvs["quality"]
    assert (cv.cost_quadratic, cv.ideal) == (2.0, 3.6)
    mv = _loaded("cost: 0.25", "cost: 0.25\n    cost_quadratic: 0.04").plant.mvs["T_jacket_sp"]
    assert (mv.cost_quadratic, mv.ideal) == (0.04, 140.0)
    assert plant().mvs["T_jacket_sp"].cost_quadratic == 0.0


def test_models() -> None:
    assert plant().pairs == (
        Pair(source="T_jacket_sp", cv="T_bed", gain=0.4, dead_time_s=30.0, lag1_s=240.0, lag2_s=60.0, lead_s=-10.0),
        Pair(source="flow_sp", cv="T_bed", gain=-0.02),
        Pair(source="hum", cv="T_bed", gain=-0.3),
        Pair(source="T_jacket_sp", cv="quality", gain=-0.05, lag1_s=300.0),
        Pair(source="flow_sp", cv="power", gain=1e-5),
        Pair(source="T_jacket_sp", cv="gas", gain=0.001, integrating=True),
    )


def test_rows_name_mvs_where_the_engineer_named_their_readbacks() -> None:
    assert plant().rows == (
        Row(
            name="Load",
            coefficients={"power": 1.0, "T_jacket_sp": -2.0, "T_bed": 2.0},
            hi=10.0,
            rank=6,
            concern=5.0,
            unit="kW",
        ),
        Row(name="Spread (1)", coefficients={"flow_sp": -1.0, "T_bed": 10.0}, hi=800.0, unit="kg/h"),
        Row(name="Spread (2)", coefficients={"flow_sp": -1.0, "T_bed": -10.0}, hi=-800.0, unit="kg/h"),
    )


def test_money_is_in_plain_quantities() -> None:
    assert plant().money == (
        MoneyTerm(name="powder", variable="flow_sp", per_unit=0.5, price=0.3),
        MoneyTerm(name="electricity", variable="power", per_unit=-1.0, price=None, tariff="grid"),
        MoneyTerm(name="gas", variable="gas", per_unit=-10.0, price=0.048),
    )


def test_tariffs_split_nights_at_midnight() -> None:
    week = frozenset(range(5))
    assert plant().tariffs["grid"] == (
        TariffVersion(
            valid_from="2026-01-01",
            bands=(
                TariffBand(name="peak", price=0.25, days=week, hours=((420, 720), (1020, 1200))),
                TariffBand(name="night", price=0.08, days=frozenset({0, 5, 6}), hours=((1320, 1440),)),
                TariffBand(name="night", price=0.08, days=frozenset({1, 6, 0}), hours=((0, 360),)),
                TariffBand(name="day", price=0.15),
            ),
        ),
        TariffVersion(valid_from="2026-07-01", bands=(TariffBand(name="all", price=0.2),)),
    )


def test_schedule() -> None:
    assert plant().schedule == (
        ScheduleEntry(
            name="Night",
            days=frozenset({4, 5, 6, 0}),
            start_min=1320,
            end_min=360,
            limits={("power", "hi"): 105.0},
        ),
        ScheduleEntry(name="Cleaning", days=frozenset({5}), start_min=360, end_min=600, mode=Mode.MONITOR),
    )


def test_interlocks() -> None:
    hot, enough = plant().interlocks
    assert (hot.name, hot.when.text, hot.for_s, hot.then) == ("Hot", "max(T_bed, T_bed_b) > 100", 15.0, "shed")
    assert (hot.latch, hot.reset_role, hot.alarm, hot.target) == (True, "engineer", "high", None)
    assert (enough.then, enough.target, enough.latch, enough.reset_role) == (
        "block_up",
        "T_jacket_sp",
        False,
        "operator",
    )


def test_handshake_and_its_registers() -> None:
    found = plant()
    assert found.handshake == HandshakeRule(
        kind="full", every_s=5.0, plc_timeout_s=30.0, probe=1234.5, mv_order=("T_jacket_sp", "flow_sp")
    )
    assert {
        name: (point.tag, point.connection, point.address, point.encoding.kind)
        for name, point in found.handshake_points.items()
    } == {
        "heartbeat": ("heartbeat", "dcs", "ns=2;s=APC.HB", "uint32"),
        "epoch": ("epoch", "dcs", "ns=2;s=APC.EPOCH", "uint32"),
        "mode_request": ("mode_request", "dcs", "ns=2;s=APC.MODE_REQ", "uint16"),
        "sequence": ("sequence", "dcs", "ns=2;s=APC.SEQ", "uint32"),
        "mask": ("mask", "dcs", "ns=2;s=APC.MASK", "uint32"),
        "crc": ("crc", "dcs", "ns=2;s=APC.CRC", "uint16"),
        "commit": ("commit", "dcs", "ns=2;s=APC.COMMIT", "uint32"),
        "heartbeat_echo": ("plc.heartbeat_echo", "dcs", "ns=2;s=APC.HB_ECHO", "uint32"),
        "epoch_ack": ("plc.epoch_ack", "dcs", "ns=2;s=APC.EPOCH_ACK", "uint32"),
        "sequence_ack": ("plc.sequence_ack", "dcs", "ns=2;s=APC.SEQ_ACK", "uint32"),
        "reject": ("plc.reject", "dcs", "ns=2;s=APC.REJECT", "uint16"),
        "remote": ("plc.remote", "dcs", "ns=2;s=APC.REMOTE", "bool"),
        "clamped": ("plc.clamped", "dcs", "ns=2;s=APC.CLAMPED", "uint32"),
        "boot_count": ("plc.boot_count", "dcs", "ns=2;s=APC.BOOT_COUNT", "uint32"),
        "probe": ("plc.probe", "dcs", "ns=2;s=APC.PROBE", "float32"),
    }


def _loaded(old: str, new: str) -> Loaded:
    text = FILE.read_text(encoding="utf-8")
    assert text.count(old) == 1
    return load_text(text.replace(old, new), str(FILE))


def test_hashes_follow_meaning_not_layout() -> None:
    first = plant()
    comment = _loaded("dvs: [hum]", "dvs:   # disturbances\n  - hum").plant
    assert (comment.config_hash, comment.limits_hash) == (first.config_hash, first.limits_hash)
    order = _loaded("name: Kettle, site: Southmill", "site: Southmill, name: Kettle").plant
    assert order.config_hash == first.config_hash
    named = _loaded("name: Kettle", "name: Kettle 2").plant
    assert named.config_hash != first.config_hash
    assert named.limits_hash == first.limits_hash
    for old, new in (
        ("safety: [500, 4000]", "safety: [500, 4001]"),
        ("T_bed > 96", "T_bed > 95"),
        ("plc_timeout: 0.5 min", "plc_timeout: 31 s"),
        ("down: 120}", "down: 119}"),
    ):
        changed = _loaded(old, new).plant
        assert changed.limits_hash != first.limits_hash, new
        assert changed.config_hash != first.config_hash, new


def test_warnings_do_not_keep_a_plant_from_loading() -> None:
    cases = {
        "W101": ("  quality: {T_jacket_sp: {gain: -0.05, lags: [300]}}\n", ""),
        "W104": ("T_bed > 96", "T_bed > 151"),
        "W107": ("    hum: {gain: -0.3}\n", ""),
        "W108": ("gas: {limits: {operator: [0, 300]}}", "gas: {}"),
        "W111": ("think: 6000 ms", "think: 0.02 ms"),
        "W109": ("  site: {type: mqtt", '  spare: {type: opcua, url: "opc.tcp://a:1"}\n  site: {type: mqtt'),
    }
    for code, (old, new) in cases.items():
        assert [each.code for each in _loaded(old, new).warnings if each.code < "W120"] == [code]  # test_lint: the rest


def test_a_plan_that_may_take_too_long_is_said_with_what_to_do() -> None:
    daqp = _loaded("think: 6000 ms", "think: 0.02 ms").warnings[0]
    assert daqp.message.startswith("moves of 2 MVs for 4 CVs may take 3.2e-05 s in a bad cycle, and have 2e-05 s")
    assert "solver: daqp" not in daqp.hint
    osqp = _loaded("think: 6000 ms, min_active_mvs: 2, hysteresis: 0.5 EUR/h, solver: daqp", "think: 0.1 ms").warnings
    assert [each.code for each in osqp] == ["W111"]
    assert "or solver: daqp" in osqp[0].hint


def test_a_written_connection_without_security_is_told_apart_from_a_waived_one() -> None:
    bare = _loaded("security: Basic256Sha256/SignAndEncrypt", "security: None")
    assert [each.code for each in bare.warnings] == ["W103"]
    waived = _loaded("security: Basic256Sha256/SignAndEncrypt", "security: None\n    waive_security: isolated cell")
    assert waived.warnings == ()
    assert waived.plant.connections["dcs"].waive_security == "isolated cell"


@pytest.mark.parametrize("write_user", ["", "    write_user: {secret: dcs}\n"])
def test_one_account_for_reading_and_writing_is_warned_of(write_user: str) -> None:
    assert [each.code for each in _loaded("    write_user: {secret: dcs-write}\n", write_user).warnings] == ["W110"]


def test_a_server_that_knows_nobody_has_one_account_too() -> None:
    anonymous = "    user: {secret: dcs}\n    write_user: {secret: dcs-write}\n"
    assert [each.code for each in _loaded(anonymous, "").warnings] == ["W110"]


def test_where_only_the_writer_logs_in_or_nothing_is_written_there_is_no_word_of_accounts() -> None:
    assert _loaded("    user: {secret: dcs}\n", "").warnings == ()
    spare = '  spare: {type: opcua, url: "opc.tcp://a:1", user: {secret: a}, waive_security: a cell of its own}\n'
    assert _loaded("  site: {type: mqtt", f"{spare}  site: {{type: mqtt").warnings == ()


def test_without_a_full_handshake_the_file_loads_and_says_what_is_lacking() -> None:
    none = _loaded("handshake: full", "handshake: none")
    assert [each.code for each in none.warnings] == ["W105"]
    assert none.plant.handshake_points == {}
    assert none.plant.handshake.kind == "none"
    beat = _loaded("handshake: full", "handshake: heartbeat")
    assert [each.code for each in beat.warnings] == ["W105"]
    assert list(beat.plant.handshake_points) == ["heartbeat"]


def test_an_mv_without_setpoint_reads_back_what_it_writes_where_there_is_no_handshake() -> None:
    text = FILE.read_text(encoding="utf-8").replace("handshake: full", "handshake: none")
    found = load_text(text.replace('    setpoint: "dcs:ns=2;s=FIC4.SP"\n', ""), "x").plant.mvs["flow_sp"]
    assert found.setpoint == replace(found.writes, tag="flow_sp.actual")


def test_a_handshake_on_modbus_names_every_register() -> None:
    names = "HB EPOCH MODE_REQ SEQ MASK CRC COMMIT HB_ECHO EPOCH_ACK SEQ_ACK REJECT REMOTE CLAMPED BOOT_COUNT PROBE"
    points = ", ".join(
        f'{name}: "meter:holding/{100 + 2 * i}:{"float32:CDAB" if name == "PROBE" else "uint32"}"'
        for i, name in enumerate(names.split())
    )
    found = _loaded('root: "dcs:ns=2;s=APC."', f"points: {{{points}}}")
    assert [each.code for each in found.warnings] == ["W103"]
    assert found.plant.handshake_points["commit"].address == "holding/112"
    assert found.plant.handshake_points["probe"].encoding == Encoding("float32", "CDAB")


def test_the_demonstration_plant_loads() -> None:
    found = load(DEMO)
    assert [each for each in found.warnings if each.severity == "error"] == []
    assert set(found.plant.mvs) == {"T_in_sp", "feed_sp", "fan_sp"}
    assert set(found.plant.envelopes) == set(found.plant.mvs)
    assert found.plant.handshake.kind == "full"
