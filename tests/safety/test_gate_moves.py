from __future__ import annotations

import math

import pytest

from safety.encoding import Encoding
from safety.envelope import Written
from safety.gate import GateMemory, settle
from safety.handshake import HandshakeRule
from safety.signals import Mode, WriteOutcome, WriteReceipt
from tests.safety.bench import NOW, codes, rested, subjects, verdict
from tests.safety.words import (
    HI,
    LO,
    candidate,
    clear,
    envelope,
    gate_rules,
    link,
    mv_rule,
    values,
)

UP, DOWN = math.inf, -math.inf


class TestMove:
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"sp__available": 0.0}, "unavailable"), ({"sp__available": None}, "unavailable"),
            ({"sp__actual": None}, "actual_bad"), ({"T": None}, "readback_bad"),
        ],
    )  # fmt: skip
    def test_the_loop_must_be_at_work(self, changes, code):
        assert subjects(candidate(sp=180.0), tags=values(**changes)) == [(code, "sp")]
        assert codes(candidate(fan=180.0), tags=values(**changes)) == []

    def test_i11_an_unresolved_write_comes_first(self):
        shake = link(unresolved=frozenset({"sp"}))
        assert subjects(candidate(sp=180.0), shake=shake) == [("unresolved", "sp")]
        assert codes(candidate(fan=180.0), shake=shake) == []

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_not_finite(self, value):
        assert subjects(candidate(sp=value)) == [("not_finite", "sp")]

    def test_all_reasons_are_given(self):
        shake = link(unresolved=frozenset({"sp"}))
        tags = values(sp__available=0.0, sp__actual=None, T=None)
        assert codes(candidate(sp=math.nan), shake=shake, tags=tags) == [
            "actual_bad", "not_finite", "readback_bad", "unavailable", "unresolved",
        ]  # fmt: skip

    @pytest.mark.parametrize(("value", "actual"), [(40000.0, 180.0), (180.0, 40000.0), (1e39, 180.0)])
    def test_what_has_no_bytes(self, value, actual):
        wide = envelope(hi=1e300, step_up=1e300, step_down=1e300, readback=None, distance_from_measured=UP)
        rules = gate_rules(mvs={"sp": mv_rule(kind="float32" if value > 1e6 else "int16", envelope=wide)})
        memory = GateMemory({"sp": rested(expected=None, writes=())})
        assert codes(candidate(sp=value), rules=rules, memory=memory, tags=values(sp__actual=actual)) == ["encoding"]

    @pytest.mark.parametrize(("value", "found"), [(180.5, []), (180.4, ["encoding"])])
    def test_the_full_contract_travels_as_float32(self, value, found):
        rules = gate_rules(mvs={"sp": mv_rule(kind="float64")})
        assert codes(candidate(sp=value), rules=rules) == found

    def test_a_value_beyond_float32_cannot_travel(self):
        wide = envelope(
            hi=1e300, step_up=1e300, rate_up_per_min=UP, readback=None, distance_from_measured=UP, window_delta=UP
        )
        rules = gate_rules(mvs={"sp": mv_rule(kind="float64", envelope=wide)})
        assert codes(candidate(sp=1e39), rules=rules) == ["encoding"]

    @pytest.mark.parametrize(
        ("value", "actual", "found"),
        [
            (HI, HI, []), (LO, LO, []),
            (math.nextafter(HI, UP), HI, ["range_hi"]), (math.nextafter(LO, DOWN), LO, ["range_lo"]),
            (HI + 1.0, HI, ["range_hi"]), (LO - 1.0, LO, ["range_lo"]),
        ],
    )  # fmt: skip
    def test_i01_range(self, value, actual, found):
        memory = GateMemory({"sp": rested(actual)})
        assert codes(candidate(sp=value), tags=values(sp__actual=actual, T=actual), memory=memory) == found

    @pytest.mark.parametrize(
        ("hi", "found"),
        [(200.1, ["sent_range_hi"]), (200.2, []), (200.5, [])],  # float32: 200.10000610, 200.19999695
    )
    def test_i03_the_bytes_count_too(self, hi, found):
        rules = gate_rules(mvs={"sp": mv_rule(envelope=envelope(hi=hi))})
        tags, memory = values(sp__actual=200.0, T=200.0), GateMemory({"sp": rested(200.0)})
        assert codes(candidate(sp=hi), rules=rules, tags=tags, memory=memory) == found

    def test_i04_a_coarse_encoding_may_not_round_over_a_step(self):
        coarse = mv_rule(encoding=Encoding("int16", scale=1.5))
        rules = gate_rules(mvs={"sp": coarse}, handshake=HandshakeRule(kind="heartbeat", mv_order=("sp",)))
        assert codes(candidate(sp=180.9), rules=rules) == ["sent_step_up"]  # would be sent as 181.5
        assert codes(candidate(sp=180.7), rules=rules) == []  # is sent as 180.0

    @pytest.mark.parametrize(
        ("value", "found"),
        [(181.0, []), (181.0 + 2.0**-16, ["step_up"]), (178.0, []), (178.0 - 2.0**-16, ["step_down"])],
    )
    def test_i08_step(self, value, found):
        assert codes(candidate(sp=value)) == found

    @pytest.mark.parametrize(
        ("value", "since", "found"),
        [
            (180.5, 985.0, []),  # 15 s at 2 per minute
            (180.5, 986.5, []),  # and one and a half early
            (180.5, 986.6, ["rate_up"]),
            (179.0, 985.0, []),
            (179.0, 986.5, []),
            (179.0, 986.6, ["rate_down"]),
            (180.0, 1000.0, []),
        ],
    )
    def test_i08_rate(self, value, since, found):
        memory = GateMemory({"sp": rested(since=since)})
        assert codes(candidate(sp=value), memory=memory) == found

    def test_i08_being_early_does_not_add_up(self):
        """A cycle that always starts 1.4 s early at full rate is found out in the second one."""
        rules, tags, memory, now, found = gate_rules(), values(), GateMemory({"sp": rested(since=985.0)}), NOW, []
        actual = 180.0
        for _ in range(4):
            verdict_now, memory = verdict(
                candidate(sp=actual + 0.5),
                rules=rules,
                tags=values(sp__actual=actual),
                memory=memory,
                now=now,
                read=now,
            )
            found.append(verdict_now.approval is not None)
            if verdict_now.approval:
                actual += 0.5
                memory = settle(memory, [WriteReceipt("sp", WriteOutcome.CONFIRMED, actual)], now)
            now += 15.0 - 1.4
        assert found[:2] == [True, True]
        assert not all(found)
        assert tags

    def test_i15_the_first_write_stands_still(self):
        for value, found in ((180.0, []), (180.0 + 2.0**-16, ["first_move"]), (180.0 - 2.0**-16, ["first_move"])):
            assert codes(candidate(sp=value), memory=GateMemory()) == found

    def test_i27_a_setpoint_between_two_bytes_is_left_as_near_as_can_be(self):
        below, above = 180.3999939, 180.4000092  # float32
        for value, found in ((below, []), (above, []), (above + 2e-5, ["first_move"]), (below - 2e-5, ["first_move"])):
            assert codes(candidate(sp=value), memory=GateMemory(), tags=values(sp__actual=180.4)) == found

    def test_between_two_bytes_a_closed_way_stays_closed(self):
        tags = values(sp__actual=180.4)
        for value, up, down in ((180.3999939, [], ["blocked_down"]), (180.4000092, ["blocked_up"], [])):
            assert codes(candidate(sp=value), tags=tags, locks=clear(blocked_up={"sp"}), memory=GateMemory()) == up
            assert codes(candidate(sp=value), tags=tags, locks=clear(blocked_down={"sp"}), memory=GateMemory()) == down
            assert codes(candidate(sp=value), tags=tags, locks=clear(action="hold"), memory=GateMemory()) == []

    def test_noise_in_the_last_place_is_no_way(self):
        """The device shows 15.1; we count 151 tenths, which is a little more."""
        rules = gate_rules(
            mvs={"sp": mv_rule(encoding=Encoding("int16", scale=0.1), envelope=envelope(lo=0.0, readback=None,
                               distance_from_measured=math.inf))},
            handshake=HandshakeRule(kind="heartbeat", mv_order=("sp",)),
        )  # fmt: skip
        tags = values(sp__actual=15.1)
        assert 151 * 0.1 > 15.1
        for action, value, found in (("hold", 15.1, []), ("hold", 15.0, ["interlock"]), ("hold", 15.2, ["interlock"])):
            locks = clear(action=action, acting=("x",))
            assert (
                codes(candidate(sp=value), rules=rules, tags=tags, locks=locks, memory=GateMemory({"sp": rested(15.1)}))
                == found
            )
        locks = clear(blocked_up={"sp"}, blocked_down={"sp"})
        for actual in (math.nextafter(15.0, UP), math.nextafter(15.0, DOWN)):
            tags_now = values(sp__actual=actual)
            assert codes(candidate(sp=15.0), rules=rules, tags=tags_now, locks=locks, memory=GateMemory()) == []
        assert codes(candidate(sp=15.1), rules=rules, tags=tags, locks=locks, memory=GateMemory()) == []

    def test_window(self):
        track = rested(writes=(Written(710.0, 172.0, 172.0), Written(900.0, 180.0, 180.0)))
        assert codes(candidate(sp=180.0), memory=GateMemory({"sp": track})) == []
        assert codes(candidate(sp=180.5), memory=GateMemory({"sp": track})) == ["window"]

    def test_distance_from_measured(self):
        assert codes(candidate(sp=180.5), tags=values(T=150.5)) == []
        assert codes(candidate(sp=180.5), tags=values(T=150.4)) == ["distance"]
        assert codes(candidate(sp=179.5), tags=values(T=209.6)) == ["distance"]

    def test_refusals_carry_their_numbers(self):
        memory = GateMemory({"sp": rested(since=1000.0)})
        refusal = verdict(candidate(sp=180.5), memory=memory)[0].refusals[0]
        assert (refusal.code, refusal.subject) == ("rate_up", "sp")
        assert dict(refusal.detail) == {"value": 180.5, "ahead_s": 15.0}

    def test_the_rate_of_standing_still(self):
        memory = GateMemory({"sp": rested(paid_until_s=NOW + 2.0)})
        assert codes(candidate(sp=180.0), memory=memory) == ["rate_down"]

    def test_the_bytes_keep_their_distance_too(self):
        coarse = mv_rule(encoding=Encoding("int16", scale=1.5))
        rules = gate_rules(mvs={"sp": coarse}, handshake=HandshakeRule(kind="heartbeat", mv_order=("sp",)))
        assert subjects(candidate(sp=180.7), rules=rules, tags=values(T=210.5)) == [("sent_distance", "sp")]

    @pytest.mark.parametrize(
        ("arguments", "found"),
        [
            ({"now": NOW + 20.0}, ("clock", "snapshot", {"age_s": 20.0})),
            ({"shake": link(cycle=0)}, ("cycle", "handshake", {"cycle": 0, "now": 1})),
            ({"rules": gate_rules(min_active_mvs=3)}, ("min_active_mvs", "plant", {"active": 2, "needed": 3})),
            ({"value": 1e39}, ("encoding", "sp", {"value": 1e39})),
            ({"memory": GateMemory(), "value": 180.5}, ("first_move", "sp", {"value": 180.5, "ahead_s": 0.0})),
            ({"locks": clear(blocked_up={"sp"}), "value": 180.5}, ("blocked_up", "sp", {})),
            ({"locks": clear(blocked_down={"sp"}), "value": 179.5}, ("blocked_down", "sp", {})),
        ],
    )
    def test_every_refusal_says_what_and_how_much(self, arguments, found):
        asked = {name: each for name, each in arguments.items() if name != "value"}
        (refusal,) = verdict(candidate(sp=arguments.get("value", 180.0)), **asked)[0].refusals
        assert (refusal.code, refusal.subject, dict(refusal.detail)) == found

    def test_what_float32_cannot_carry_says_how_much(self):
        rules = gate_rules(mvs={"sp": mv_rule(kind="float64")})
        (refusal,) = verdict(candidate(sp=180.4), rules=rules)[0].refusals
        assert (refusal.code, refusal.subject) == ("encoding", "sp")
        assert dict(refusal.detail) == {"value": 180.4, "sent": 180.4}

    def test_no_reason_hides_another(self):
        shake, locks = link(permit=False, reasons=("plc_echo",)), clear(action="shed", acting=("hot",))
        found = subjects(candidate(cycle=2, sp=180.0), mode=Mode.OFF, shake=shake, locks=locks, now=NOW + 20.0)
        assert found == [
            ("mode", "OFF"), ("clock", "snapshot"), ("cycle", "candidate"), ("interlock", "hot"),
            ("handshake", "plc_echo"),
        ]  # fmt: skip


class TestDirection:
    @pytest.mark.parametrize(
        ("value", "locks", "tags", "found"),
        [
            (180.5, {"blocked_up": {"sp"}}, {}, "blocked_up"),
            (179.5, {"blocked_up": {"sp"}}, {}, None),
            (180.0, {"blocked_up": {"sp"}}, {}, None),
            (179.5, {"blocked_down": {"sp"}}, {}, "blocked_down"),
            (180.5, {"blocked_down": {"sp"}}, {}, None),
            (180.0, {"blocked_down": {"sp"}}, {}, None),
            (180.5, {"blocked_up": {"fan"}}, {}, None),
            (180.5, {}, {"sp__windup_hi": 1.0}, "windup_hi"),
            (180.5, {}, {"sp__windup_hi": None}, "windup_hi"),
            (180.5, {}, {"sp__windup_hi": 0.5}, "windup_hi"),
            (179.5, {}, {"sp__windup_hi": 1.0}, None),
            (180.0, {}, {"sp__windup_hi": 1.0}, None),
            (179.5, {}, {"sp__windup_lo": 1.0}, "windup_lo"),
            (179.5, {}, {"sp__windup_lo": None}, "windup_lo"),
            (180.5, {}, {"sp__windup_lo": 1.0}, None),
            (180.0, {}, {"sp__windup_lo": 1.0, "sp__windup_hi": 1.0}, None),
        ],
    )
    def test_a_closed_way(self, value, locks, tags, found):
        assert codes(candidate(sp=value), locks=clear(**locks), tags=values(**tags)) == ([found] if found else [])

    def test_the_smallest_way_is_a_way(self):
        assert codes(candidate(sp=180.0 + 2.0**-16), locks=clear(blocked_up={"sp"})) == ["blocked_up"]
        assert codes(candidate(sp=180.0 - 2.0**-16), locks=clear(blocked_down={"sp"})) == ["blocked_down"]

    def test_without_such_a_signal(self):
        rules = gate_rules(mvs={"sp": mv_rule(windup_hi=None, windup_lo=None)})
        for value in (180.5, 179.5):
            tags = values(sp__windup_hi=1.0, sp__windup_lo=1.0)
            assert codes(candidate(sp=value), rules=rules, tags=tags) == []

    @pytest.mark.parametrize(
        ("value", "found"), [(180.0, []), (180.0 + 2.0**-16, ["interlock"]), (179.0, ["interlock"])]
    )
    def test_hold(self, value, found):
        locks = clear(action="hold", acting=("differ",), tripped=())
        assert codes(candidate(sp=value), locks=locks) == found
        result = verdict(candidate(sp=value), locks=locks)[0]
        assert result.action == "hold"
        assert [each.subject for each in result.refusals] == (["differ"] if found else [])

    @pytest.mark.parametrize(
        ("value", "safe", "found"),
        [
            (180.5, 190.0, []), (179.5, 190.0, ["interlock"]), (180.0, 190.0, []), (180.5, 180.5, []),
            (180.5, 180.4, ["interlock"]), (179.5, 170.0, []), (180.5, 170.0, ["interlock"]),
            (179.5, 179.6, ["interlock"]), (179.5, 179.5, []),
            (180.5, None, ["interlock"]), (180.0, None, []), (180.5, 180.0, ["interlock"]), (180.0, 180.0, []),
        ],
    )  # fmt: skip
    def test_ramp(self, value, safe, found):
        rules = gate_rules(mvs={"sp": mv_rule(safe_value=safe)})
        locks = clear(action="ramp", acting=("co",), tripped=("co",))
        assert codes(candidate(sp=value), rules=rules, locks=locks) == found
        assert verdict(candidate(sp=value), rules=rules, locks=locks)[0].action == ("hold" if found else "ramp")
