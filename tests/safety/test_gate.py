from __future__ import annotations

import math
import pickle
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.encoding import Encoding
from safety.envelope import Track, Written
from safety.expressions import parse
from safety.gate import GateMemory, Situation, judge, settle, stand_still
from safety.handshake import HandshakeRule, move_set_crc
from safety.interlocks import Interlock
from safety.progress import Pending
from safety.signals import Candidate, Instant, Mode, Move, Snapshot, WriteOutcome, WriteReceipt
from tests.safety.words import (
    HI,
    LIFE_S,
    LO,
    candidate,
    clear,
    closed,
    envelope,
    gate_rules,
    link,
    mv_rule,
    snapshot,
    values,
)

NOW = 1000.0
UP, DOWN = math.inf, -math.inf


def rested(actual=180.0, *, since=900.0, **changes):
    """An MV that has stood still for a while; its account is open."""
    return Track(**{"writes": (Written(since, actual, actual),), "paid_until_s": since, "expected": actual, **changes})


def verdict(proposal, *, rules=None, tags=None, memory=None, mode=None, locks=None, shake=None, now=NOW, read=NOW):
    rules = rules or gate_rules()
    memory = memory or GateMemory({mv: rested() for mv in rules.mvs})
    situation = Situation(closed(Mode.CLOSED_LOOP if mode is None else mode), locks or clear(), shake or link())
    return judge(proposal, snapshot(tags or values(), now=read), situation, rules, memory, now)


def codes(*args, **kwargs):
    found, _ = verdict(*args, **kwargs)
    assert (found.approval is None) == bool(found.refusals) or not args[0].moves
    return sorted({refusal.code for refusal in found.refusals})


def subjects(*args, **kwargs):
    return [(refusal.code, refusal.subject) for refusal in verdict(*args, **kwargs)[0].refusals]


F32 = float(struct.unpack(">f", struct.pack(">f", 180.4))[0])


class TestApproval:
    def test_what_is_approved(self):
        found, memory = verdict(candidate(sp=180.4, fan=179.5))
        approval = found.approval
        assert (found.refusals, found.trips, found.action) == ((), (), "none")
        assert (approval.controller, approval.cycle, approval.epoch, approval.sequence) == ("dryer", 1, 7, 41)
        assert [(move.mv, move.value, move.payload) for move in approval.moves] == [
            ("fan", 179.5, struct.pack(">f", 179.5)),
            ("sp", F32, struct.pack(">f", 180.4)),
        ]
        assert (approval.mask, approval.crc) == (0b11, move_set_crc(7, 41, 0b11, [179.5, F32]))
        assert (approval.limits_hash, approval.config_hash) == ("L", "C")
        assert approval.deadline_s == NOW + LIFE_S
        assert memory.pending["sp"] == Pending(F32, 180.0, NOW, pytest.approx(912.0))
        assert memory.pending["fan"] == Pending(179.5, 180.0, NOW, 907.5)
        assert memory.judged_at_s == NOW

    def test_the_mask_follows_the_order(self):
        assert verdict(candidate(sp=180.5))[0].approval.mask == 0b10
        assert verdict(candidate(fan=180.5))[0].approval.mask == 0b01

    def test_lesser_plcs_get_no_crc_and_any_encoding(self):
        rules = gate_rules(
            handshake=HandshakeRule(kind="heartbeat", mv_order=("sp", "fan")),
            mvs={"sp": mv_rule(kind="float64"), "fan": mv_rule("fan")},
        )
        approval = verdict(candidate(sp=180.4), rules=rules)[0].approval
        assert (approval.crc, approval.mask, approval.moves[0].value) == (0, 1, 180.4)

    def test_nothing_asked_nothing_approved_nothing_refused(self):
        found, memory = verdict(Candidate("dryer", 1, ()))
        assert (found.approval, found.refusals, found.action) == (None, (), "none")
        assert memory.tracks == {mv: rested() for mv in ("sp", "fan")}
        assert memory.pending == {}

    def test_one_refusal_refuses_the_whole_set(self):
        found, memory = verdict(candidate(sp=300.0, fan=179.5))
        assert found.approval is None
        assert {refusal.subject for refusal in found.refusals} == {"sp"}
        assert found.action == "hold"
        assert memory.pending == {}

    def test_nothing_is_repaired(self):
        assert codes(candidate(sp=math.nextafter(HI, UP))) != []

    def test_after_a_refusal_the_account_is_closed(self):
        _, memory = verdict(candidate(sp=300.0))
        assert memory.tracks == {mv: rested(paid_until_s=None) for mv in ("sp", "fan")}
        assert codes(candidate(sp=180.4), memory=memory) == ["first_move"]
        assert codes(candidate(sp=180.0), memory=memory) == []


class TestCircumstances:
    @pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.CLOSED_LOOP])
    @pytest.mark.parametrize("proposal", [candidate(sp=180.0), Candidate("dryer", 1, ())])
    def test_only_in_closed_loop(self, mode, proposal):
        assert subjects(proposal, mode=mode) == [("mode", mode.name)]

    @pytest.mark.parametrize(
        ("now", "read", "found"),
        [
            (NOW, NOW, []),
            (NOW + LIFE_S, NOW, []),
            (NOW + LIFE_S + 0.001, NOW, ["clock"]),
            (NOW - 0.001, NOW, ["clock"]),
            (math.nan, NOW, ["clock"]),
            (NOW, math.nan, ["clock"]),
        ],
    )
    def test_i06_evidence_must_be_fresh(self, now, read, found):
        memory = GateMemory({"sp": rested(since=0.0)})
        assert [
            code for code in codes(candidate(sp=180.0), now=now, read=read, memory=memory) if code == "clock"
        ] == found

    def test_time_does_not_go_back(self):
        assert codes(candidate(sp=180.0), memory=GateMemory({}, {}, NOW + 0.001)) == ["clock"]
        _, memory = verdict(candidate(sp=180.0), memory=GateMemory({}, {}, NOW + 1.0))
        assert memory.judged_at_s == NOW + 1.0
        assert codes(candidate(sp=180.0), memory=GateMemory({}, {}, NOW)) == []

    def test_everything_belongs_to_this_cycle(self):
        assert subjects(candidate(cycle=2, sp=180.0)) == [("cycle", "candidate")]
        assert subjects(candidate(sp=180.0), locks=clear(cycle=0)) == [("cycle", "interlocks")]
        assert subjects(candidate(sp=180.0), shake=link(cycle=0)) == [("cycle", "handshake")]

    def test_i20_every_interlock_was_evaluated(self):
        rules = gate_rules(
            interlocks=tuple(Interlock(name=name, when=parse("T > 1"), then="hold") for name in ("a", "b"))
        )
        locks = clear(states={"b": object()})
        assert subjects(candidate(sp=180.0), rules=rules, locks=locks) == [("not_evaluated", "a")]

    @pytest.mark.parametrize("action", ["shed", "off"])
    @pytest.mark.parametrize("proposal", [candidate(sp=180.0), Candidate("dryer", 1, ())])
    def test_a_shed_lets_nothing_through(self, action, proposal):
        locks = clear(action=action, acting=("hot", "x"), tripped=("hot",))
        assert subjects(proposal, locks=locks) == [("interlock", "hot")]
        found = verdict(proposal, locks=locks)[0]
        assert (found.action, found.trips) == (action, ("hot",))

    def test_the_plc_must_permit(self):
        shake = link(permit=False, reasons=("plc_remote", "plc_echo"))
        assert subjects(candidate(sp=180.0), shake=shake) == [("handshake", "plc_remote"), ("handshake", "plc_echo")]
        assert subjects(candidate(sp=180.0), shake=link(permit=False)) == [("handshake", "no_permit")]

    def test_what_was_approved_must_be_settled_first(self):
        _, memory = verdict(candidate(sp=180.4))
        assert subjects(candidate(sp=180.4), memory=memory) == [("unsettled", "sp")]


class TestSet:
    def test_duplicates(self):
        twice = Candidate("dryer", 1, (Move("sp", 180.0), Move("sp", 180.0), Move("fan", 180.0)))
        assert subjects(twice) == [("duplicate", "sp")]

    @pytest.mark.parametrize("mv", ["nowhere", "", "T", "sp.actual", "SP"])
    def test_i07_only_what_is_listed(self, mv):
        assert subjects(Candidate("dryer", 1, (Move(mv, 180.0),))) == [("not_listed", mv)]

    @pytest.mark.parametrize(("needed", "found"), [(0, []), (1, []), (2, ["min_active_mvs"])])
    def test_enough_mvs_must_be_at_work(self, needed, found):
        rules = gate_rules(min_active_mvs=needed)
        assert codes(candidate(sp=180.0), rules=rules, tags=values(fan__available=0.0)) == found

    def test_too_few_mvs_shed(self):
        found = verdict(candidate(sp=180.0), rules=gate_rules(min_active_mvs=2), tags=values(fan__available=0.0))[0]
        assert found.action == "shed"
        assert found.refusals[0].detail == {"active": 1, "needed": 2}

    @pytest.mark.parametrize("actual", [180.1, 179.9])
    def test_i24_somebody_elses_setpoint_stays(self, actual):
        found, _ = verdict(candidate(fan=180.0), tags=values(sp__actual=actual))
        assert [(each.code, each.subject, dict(each.detail)) for each in found.refusals] == [
            ("overridden", "sp", {"expected": 180.0, "actual": actual})
        ]
        assert found.action == "shed"

    def test_rounding_is_nobody(self):
        gap = 2.0**-16  # of float32 at 180
        assert codes(candidate(fan=180.0), tags=values(sp__actual=180.0 + gap / 2)) == []
        assert codes(candidate(fan=180.0), tags=values(sp__actual=180.0 + 0.51 * gap)) == ["overridden"]

    def test_an_unreadable_setpoint_is_not_compared(self):
        assert codes(candidate(fan=180.0), tags=values(sp__actual=None)) == []

    def test_what_cannot_be_encoded_must_be_equal(self):
        rules = gate_rules(mvs={"sp": mv_rule(kind="int16"), "fan": mv_rule("fan")})
        memory = GateMemory({"sp": rested(expected=40000.0)})
        assert codes(candidate(fan=180.0), rules=rules, memory=memory, tags=values(sp__actual=40000.0)) == []
        assert codes(candidate(fan=180.0), rules=rules, memory=memory, tags=values(sp__actual=40000.1)) == [
            "overridden"
        ]

    @pytest.mark.parametrize(("available", "kept"), [(0.0, False), (1.0, True), (None, True)])
    def test_what_the_operator_takes_is_forgotten(self, available, kept):
        _, memory = verdict(candidate(fan=180.0), tags=values(sp__available=available, sp__actual=180.0))
        assert ("sp" in memory.tracks) == kept

    def test_tracks_of_strangers_are_dropped_and_old_writes_too(self):
        old, stood, new = (Written(at, 180.0, 180.0) for at in (100.0, 600.0, 900.0))
        memory = GateMemory({"sp": rested(writes=(old, stood, new)), "gone": rested()})
        _, memory = verdict(candidate(fan=180.0), memory=memory)
        assert memory.tracks == {"sp": rested(writes=(stood, new))}


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
        memory = GateMemory({"sp": rested(expected=None)})
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
        (refusal,) = verdict(candidate(sp=arguments.pop("value", 180.0)), **arguments)[0].refusals
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


def test_a_cycle_as_the_shell_does_it():
    rules, now = gate_rules(), snapshot(values())
    here = Situation(closed(), clear(), link())
    found, memory = judge(candidate(sp=180.4), now, here, rules, GateMemory(), NOW)
    assert [refusal.code for refusal in found.refusals] == ["first_move"]
    found, memory = judge(stand_still("dryer", now, rules), now, here, rules, memory, NOW)
    assert [move.value for move in found.approval.moves] == [180.0, 180.0]
    receipts = [WriteReceipt(mv, WriteOutcome.CONFIRMED, 180.0, 180.0) for mv in ("sp", "fan")]
    memory = settle(memory, receipts, NOW + 0.5)
    assert memory.pending == {}
    later = snapshot(values(), cycle=2, now=NOW + 15.0)
    here = Situation(closed(), clear(cycle=2), link(cycle=2, sequence=42))
    found, memory = judge(candidate(cycle=2, sp=180.4), later, here, rules, memory, NOW + 15.0)
    assert found.approval.sequence == 42
    assert pickle.loads(pickle.dumps(memory)) == memory  # noqa: S301


NUMBERS = st.one_of(
    st.floats(140.0, 215.0), st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([LO, HI, 180.0])
)
ENCODINGS = st.builds(
    Encoding,
    st.sampled_from(["float32", "float64", "int16", "uint16", "int32"]),
    scale=st.sampled_from([1.0, 0.1, 0.5, 0.01, -0.25]),
    offset=st.sampled_from([0.0, 100.0, -7.3]),
)


@given(NUMBERS, NUMBERS, NUMBERS, ENCODINGS, st.floats(0.0, 5.0), st.floats(0.0, 5.0))
def test_i01_i03_i04_whatever_is_proposed_and_measured_what_is_approved_is_inside(
    value, actual, measured, encoding, step_up, step_down
):
    limits = envelope(step_up=step_up, step_down=step_down)
    rules = gate_rules(
        mvs={"sp": mv_rule(envelope=limits, encoding=encoding)},
        handshake=HandshakeRule(kind="heartbeat", mv_order=("sp",)),
    )
    tags = values(sp__actual=actual, T=measured)
    for each in ("sp.actual", "T"):
        tags[each] = tags[each] if math.isfinite(tags[each]) else None
    memory = GateMemory({"sp": Track(paid_until_s=0.0)})
    found, _ = verdict(candidate(sp=value), rules=rules, tags=tags, memory=memory)
    if found.approval is not None:
        (move,) = found.approval.moves
        assert LO <= value <= HI
        assert LO <= move.value <= HI
        assert move.value - actual <= step_up
        assert actual - move.value <= step_down
        assert abs(move.value - measured) <= 30.0


@given(
    value=st.sampled_from([179.0, 180.0, 180.5]),
    lists=st.tuples(st.sets(st.sampled_from(["sp", "fan"])), st.sets(st.sampled_from(["sp", "fan"]))),
    extra=st.tuples(st.sets(st.sampled_from(["sp", "fan"])), st.sets(st.sampled_from(["sp", "fan"]))),
    actions=st.tuples(st.sampled_from(range(5)), st.sampled_from(range(5))),
    unresolved=st.tuples(st.sets(st.sampled_from(["sp", "fan"])), st.sets(st.sampled_from(["sp", "fan"]))),
    permits=st.tuples(st.booleans(), st.booleans()),
)
def test_i22_adding_a_condition_never_makes_it_laxer(value, lists, extra, actions, unresolved, permits):
    ladder = ("none", "ramp", "hold", "shed", "off")
    rules = gate_rules(mvs={"sp": mv_rule(safe_value=190.0), "fan": mv_rule("fan")})

    def approved(action, up, down, open_, permit):
        locks = clear(action=ladder[action], blocked_up=up, blocked_down=down, acting=("x",))
        shake = link(unresolved=frozenset(open_), permit=permit)
        return verdict(candidate(sp=value), rules=rules, locks=locks, shake=shake)[0].approval is not None

    laxer = approved(actions[0], lists[0], lists[1], unresolved[0], permits[0])
    stricter = approved(
        max(actions), lists[0] | extra[0], lists[1] | extra[1], unresolved[0] | unresolved[1], all(permits)
    )
    assert laxer or not stricter


def test_a_snapshot_of_nothing_approves_nothing():
    empty = Snapshot(1, Instant(NOW, 0.0), {})
    found, _ = judge(candidate(sp=180.0), empty, Situation(closed(), clear(), link()), gate_rules(), GateMemory(), NOW)
    assert found.approval is None
