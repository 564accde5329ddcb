from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from safety.handshake import HandshakeMemory, beat, fenced, observe
from safety.signals import Mode, WriteOutcome
from tests.safety.wire import CL, CONFIRMED, FOREIGN, NOT_SENT, OURS, REJECTED, RULE, UNKNOWN, Wire
from tests.safety.words import snapshot


class TestUnknown:
    def test_i11_no_write_until_read_back_under_a_new_epoch(self):
        wire = Wire().armed()
        wire.look()
        assert wire.write(**UNKNOWN).sequence == 41
        assert wire.beat(heard=False).epoch == 8
        found = wire.look()
        assert (found.unresolved, found.permit) == ({"sp", "fan"}, False)
        assert "epoch_unacknowledged" in found.reasons
        assert all(found.conditions.values())
        wire.beat()
        found = wire.look()  # acknowledged now; what was read in the same moment may be older
        assert (found.unresolved, found.permit, found.epoch, found.sequence) == ({"sp", "fan"}, True, 8, 41)
        wire.beat()
        assert wire.look().unresolved == frozenset()

    def test_i11_a_bad_read_back_resolves_nothing(self):
        wire = Wire().armed()
        wire.look()
        wire.write(**UNKNOWN)
        wire.tags["sp.actual"] = None
        for _ in range(4):
            wire.beat()
            wire.look()
        assert wire.link.unresolved == {"sp"}

    def test_only_what_is_unknown_is_unresolved(self):
        wire = Wire().armed()
        wire.look()
        wire.write(sp=WriteOutcome.UNKNOWN, fan=WriteOutcome.CONFIRMED)
        assert wire.memory.unresolved == {"sp": wire.now + 1.0}

    def test_no_receipt_is_an_unknown_outcome(self):
        wire = Wire().armed()
        wire.look()
        wire.write(fan=WriteOutcome.CONFIRMED)
        assert wire.memory.unresolved == {"sp": wire.now + 1.0}

    def test_what_is_resolved_stays_resolved(self):
        wire = Wire().armed()
        wire.look()
        wire.write(**UNKNOWN)
        for _ in range(2):
            wire.beat()
            wire.look()
        assert wire.link.unresolved == frozenset()
        assert wire.look(0.0, epoch_ack=None).unresolved == frozenset()

    def test_a_fenced_epoch_is_never_claimed_again(self):
        wire = Wire().armed()
        wire.memory = fenced(fenced(wire.memory))
        wire.look(boot_count=4, epoch_ack=0, heartbeat_echo=0)
        assert wire.beat().epoch == 10

    @pytest.mark.parametrize("answer", [40, 41])
    def test_the_late_packet_is_no_stranger(self, answer):
        wire = Wire().armed()
        wire.look()
        wire.write(**UNKNOWN)
        wire.beat()
        assert wire.look().permit
        wire.beat()
        found = wire.look(sequence_ack=answer)
        assert (found.permit, found.sequence) == (True, answer + 1)

    def test_the_epoch_must_follow_in_time(self):
        wire = Wire().armed()
        wire.look()  # acknowledged at this moment
        wire.write(**UNKNOWN)
        wire.beat(heard=False)
        wire.look(45.0)
        assert wire.link.conditions["plc_epoch"]
        assert not wire.look(0.001).conditions["plc_epoch"]

    def test_i15_a_reconnect_announces_a_higher_epoch(self):
        wire = Wire().armed()
        wire.memory = fenced(wire.memory)
        assert not wire.look().permit
        assert wire.beat().epoch == 8
        assert wire.look().permit

    def test_without_a_claim_there_is_nothing_to_fence(self):
        memory = HandshakeMemory(OURS)
        assert fenced(memory) is memory

    def test_the_last_epoch_cannot_be_fenced(self):
        wire = Wire()
        wire.look(epoch_ack=0xFFFFFFFE)
        wire.beat()
        assert fenced(wire.memory).epoch is None

    def test_orphans_of_an_earlier_run_wait_for_a_claim(self):
        wire = Wire(unresolved={"sp": 0.0})
        assert wire.look().unresolved == {"sp"}
        wire.beat()
        assert wire.look().unresolved == {"sp"}
        assert wire.look().unresolved == frozenset()


class TestSequence:
    @pytest.mark.parametrize("outcome", [CONFIRMED, REJECTED])
    @pytest.mark.parametrize("answer", [40, 41])
    def test_an_answered_set_counts_as_ours(self, outcome, answer):
        wire = Wire().armed()
        wire.look()
        wire.write(**outcome)
        wire.beat()
        assert wire.look(sequence_ack=answer).sequence == answer + 1
        assert wire.link.permit
        assert wire.memory.unresolved == {}

    def test_a_set_that_was_not_sent_is_not_expected(self):
        wire = Wire().armed()
        wire.look()
        wire.write(**NOT_SENT)
        assert "foreign_sequence" in wire.look(sequence_ack=41).reasons

    def test_not_sent_for_one_is_not_not_sent_for_all(self):
        wire = Wire().armed()
        wire.look()
        wire.write(sp=WriteOutcome.NOT_SENT, fan=WriteOutcome.CONFIRMED)
        assert wire.look(sequence_ack=41).permit

    def test_what_is_remembered_stays_short(self):
        wire = Wire().armed()
        for answer in range(41, 81):
            wire.look()
            wire.write(**CONFIRMED)
            wire.beat()
            assert wire.look(0.0, sequence_ack=answer).permit
        assert len(wire.memory.sent) == 16
        assert len(wire.memory.beats) == 16
        assert wire.memory.sent[-1] == 80


class TestLesserPlcs:
    def wire(self, kind):
        wire = Wire(replace(RULE, kind=kind))
        wire.plc = dict.fromkeys(wire.plc) | {"heartbeat_echo": 0}
        return wire

    def test_heartbeat_only(self):
        wire = self.wire("heartbeat")
        assert not wire.look().permit
        assert wire.beat().epoch == 1
        found = wire.look()
        assert (found.permit, found.epoch, found.sequence) == (True, 1, 0)
        assert all(found.conditions.values())
        assert not wire.look(100.0).conditions["plc_echo"]

    def test_heartbeat_with_a_switch(self):
        wire = self.wire("heartbeat")
        wire.look()
        wire.beat()
        assert wire.look(remote=1).permit
        assert wire.look(0.0, remote=0).reasons == ("plc_remote",)

    def test_heartbeat_sees_strangers(self):
        wire = self.wire("heartbeat")
        wire.look()
        wire.beat()
        wire.look()
        assert "foreign_heartbeat" in wire.look(heartbeat_echo=FOREIGN << 16 | 1).reasons

    def test_without_a_fence_time_must_pass(self):
        wire = self.wire("heartbeat")
        wire.look()
        wire.beat()
        wire.look()
        wire.write(**UNKNOWN)
        wire.memory = replace(wire.memory, unresolved=dict.fromkeys(wire.memory.unresolved, wire.now))
        assert wire.look(89.9).unresolved == {"sp", "fan"}
        assert wire.look(0.1).unresolved == frozenset()

    def test_no_handshake_no_permit(self):
        wire = self.wire("none")
        found = wire.look()
        assert not found.permit
        assert "handshake_none" in found.reasons
        assert not found.conditions["plc_echo"]
        assert wire.beat() is None


def test_i26_of_two_that_start_together_one_arms():
    """Both claim in the same cycle; the PLC keeps whichever beat came last."""
    memories = [HandshakeMemory(1), HandshakeMemory(2)]
    plc = {"heartbeat_echo": 0, "epoch_ack": 6, "sequence_ack": 40, "remote": 1, "boot_count": 3, "probe": 1234.5}
    permits = []
    for cycle in range(6):
        now = snapshot({f"plc.{name}": value for name, value in plc.items()}, cycle=cycle, now=1000.0 + 15.0 * cycle)
        links = []
        for n in range(2):
            found, memories[n] = observe(now, RULE, memories[n])
            links.append(found)
            mode = CL if found.conditions["plc_alone"] else Mode.ADVISORY
            frame, memories[n] = beat(mode, RULE, memories[n], now.at.mono_s)
            if frame is not None:
                plc |= {"heartbeat_echo": frame.heartbeat, "epoch_ack": max(plc["epoch_ack"], frame.epoch)}
        permits.append([found.permit for found in links])
    assert all(sum(each) <= 1 for each in permits)
    assert permits[-1] == [False, True]


def test_the_memory_can_be_stored():
    memory = Wire().armed().memory
    assert pickle.loads(pickle.dumps(memory)) == memory  # noqa: S301
