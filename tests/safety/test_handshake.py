from __future__ import annotations

from dataclasses import replace

import pytest

from safety.handshake import HandshakeMemory
from safety.signals import Mode
from tests.safety.wire import CL, FOREIGN, OURS, RULE, Wire


class TestClaim:
    def test_before_anything_is_asked_nothing_is_sent(self):
        wire = Wire()
        found = wire.look()
        assert not found.permit
        assert [name for name, met in found.conditions.items() if not met] == ["plc_echo", "plc_epoch"]
        assert set(found.reasons) == {
            "plc_echo", "plc_epoch", "echo_missing", "epoch_unacknowledged", "sequence_unknown",
        }  # fmt: skip
        assert (found.epoch, found.sequence) == (0, 1)
        for mode in (Mode.TRIPPED, Mode.OFF, Mode.MONITOR, Mode.ADVISORY):
            assert wire.beat(mode) is None

    def test_the_first_beat_claims_the_next_epoch(self):
        wire = Wire()
        wire.look()
        frame = wire.beat()
        assert (frame.heartbeat, frame.epoch, frame.mode_request) == (OURS << 16 | 1, 7, CL)
        found = wire.look()
        assert (found.permit, found.reasons, found.cycle) == (True, (), 5)
        assert (found.epoch, found.sequence, found.unresolved) == (7, 41, frozenset())
        assert all(found.conditions.values())
        assert set(found.conditions) == {"plc_alone", "plc_echo", "plc_remote", "plc_probe", "plc_boot", "plc_epoch"}

    def test_an_unread_epoch_cannot_be_claimed(self):
        wire = Wire()
        wire.look(epoch_ack=None)
        assert wire.beat() is None

    def test_an_exhausted_epoch_cannot_be_claimed(self):
        wire = Wire()
        wire.look(epoch_ack=0xFFFFFFFE)
        assert replace(wire.beat(), heartbeat=0).epoch == 0xFFFFFFFF
        wire = Wire()
        wire.look(epoch_ack=0xFFFFFFFF)
        assert wire.beat() is None

    def test_the_epoch_must_be_acknowledged(self):
        wire = Wire()
        wire.look()
        wire.beat()
        found = wire.look(epoch_ack=6)
        assert set(found.reasons) == {"plc_epoch", "epoch_unacknowledged", "sequence_unknown"}
        assert wire.look(0.0, epoch_ack=7).permit

    def test_the_echo_must_come_back(self):
        wire = Wire()
        wire.look()
        wire.beat(heard=False)
        found = wire.look(epoch_ack=7)
        assert set(found.reasons) == {"plc_echo", "echo_missing"}

    def test_the_sequence_must_be_read(self):
        wire = Wire()
        wire.look()
        wire.beat()
        assert wire.look(sequence_ack=None).reasons == ("sequence_unknown",)
        assert wire.look(0.0, sequence_ack=40).permit

    def test_counter_and_sequence_wrap(self):
        wire = Wire(counter=0xFFFE)
        wire.plc["sequence_ack"] = 0xFFFFFFFF
        wire.look()
        assert wire.beat().heartbeat == OURS << 16 | 0xFFFF
        assert wire.look().sequence == 0
        assert wire.beat().heartbeat == OURS << 16
        assert wire.look().permit

    def test_a_fresh_plc_has_answered_nothing(self):
        wire = Wire()
        wire.look(sequence_ack=0, epoch_ack=0)
        wire.beat()
        assert (wire.look().permit, wire.link.epoch, wire.link.sequence) == (True, 1, 1)

    def test_a_new_claim_begins_with_nothing(self):
        """Soon after the last one, and another supervisor has written meanwhile."""
        wire = Wire().armed()
        wire.beat(Mode.ADVISORY)
        wire.look(sequence_ack=45)
        wire.beat(heard=False)
        found = wire.look(1.0)
        assert (found.conditions["plc_epoch"], found.conditions["plc_echo"]) == (False, False)
        assert wire.memory.epoch == 8
        wire.beat()
        assert (wire.look().permit, wire.link.sequence) == (True, 46)

    def test_letting_go_is_told_once(self):
        wire = Wire().armed()
        frame = wire.beat(Mode.ADVISORY)
        assert (frame.epoch, frame.mode_request) == (7, Mode.ADVISORY)
        assert wire.beat(Mode.ADVISORY) is None
        assert not wire.look().permit

    def test_tripped_is_told_as_off(self):
        assert Wire().armed().beat(Mode.TRIPPED).mode_request is Mode.OFF

    def test_a_new_claim_takes_a_new_epoch_and_forgets_old_echoes(self):
        wire = Wire().armed()
        wire.beat(Mode.ADVISORY)
        wire.look()
        frame = wire.beat(heard=False)
        assert frame.epoch == 8
        assert "plc_echo" in wire.look(epoch_ack=8).reasons
        wire.plc["heartbeat_echo"] = frame.heartbeat
        assert wire.look(0.0).permit

    def test_a_plc_that_forgot_its_epoch_gets_one_above_all_of_ours(self):
        wire = Wire().armed()
        wire.look(boot_count=4, epoch_ack=0, heartbeat_echo=0)
        wire.look(epoch_ack=0)
        assert wire.beat().epoch == 8

    @pytest.mark.parametrize("instance", [0, -1, 0x10000])
    def test_an_instance_has_16_bits(self, instance):
        with pytest.raises(ValueError, match="instance"):
            HandshakeMemory(instance)

    def test_instances_at_the_ends(self):
        assert HandshakeMemory(1)
        assert HandshakeMemory(0xFFFF)


class TestPermit:
    @pytest.mark.parametrize(
        ("plc", "reason"),
        [
            ({"remote": 0}, "plc_remote"), ({"remote": None}, "plc_remote"),
            ({"probe": 1234.0}, "plc_probe"), ({"probe": None}, "plc_probe"),
            ({"boot_count": None}, "plc_boot"),
        ],
    )  # fmt: skip
    def test_what_must_hold_in_every_cycle(self, plc, reason):
        wire = Wire().armed()
        found = wire.look(**plc)
        assert (found.permit, found.reasons) == (False, (reason,))
        assert found.conditions[reason] is False

    def test_the_probe_is_compared_as_float32(self):
        wire = Wire(replace(RULE, probe=0.1))
        wire.look(probe=0.10000000149011612)
        assert wire.link.conditions["plc_probe"]
        wire.look(probe=0.1)
        assert not wire.link.conditions["plc_probe"]

    def test_a_plant_without_a_probe(self):
        wire = Wire(replace(RULE, probe=None))
        assert wire.look(probe=None).conditions["plc_probe"]

    def test_one_missing_answer_stops_writing_but_not_the_mode(self):
        wire = Wire().armed()
        for plc in ({"heartbeat_echo": None}, {"epoch_ack": None}):
            kept = dict(wire.plc)
            found = wire.look(5.0, **plc)
            assert not found.permit
            assert all(found.conditions.values())
            wire.plc = kept
            assert wire.look(0.0).permit

    def test_the_echo_may_be_missing_for_three_beats(self):
        wire = Wire()
        wire.look()
        wire.beat()  # at 1015
        wire.look()
        for _ in range(2):
            wire.beat(heard=False)
            wire.look()
        assert wire.now == 1060.0
        assert wire.link.conditions["plc_echo"]
        assert not wire.look(0.001).conditions["plc_echo"]

    def test_the_epoch_may_be_unread_for_three_beats(self):
        wire = Wire().armed()
        wire.look(45.0, epoch_ack=None)
        assert wire.link.conditions["plc_epoch"]
        assert not wire.look(0.001).conditions["plc_epoch"]

    def test_our_own_long_sleep_is_seen_in_the_echo(self):
        wire = Wire().armed()
        assert not wire.look(100.0).permit


class TestLoss:
    def check(self, wire, reason):
        assert reason in wire.link.reasons
        assert not wire.link.permit
        assert wire.memory.epoch is None
        assert wire.beat(Mode.ADVISORY) is None  # we do not talk into another's plant
        assert not wire.look(0.0).permit

    def test_i25_a_higher_epoch(self):
        wire = Wire().armed()
        wire.look(epoch_ack=8)
        assert not wire.link.conditions["plc_alone"]
        self.check(wire, "epoch_higher")

    def test_i25_a_foreign_heartbeat_in_our_place(self):
        wire = Wire().armed()
        wire.look(heartbeat_echo=FOREIGN << 16 | 9)
        assert not wire.link.conditions["plc_alone"]
        self.check(wire, "foreign_heartbeat")

    def test_i26_a_foreign_heartbeat_that_moves_before_we_claim(self):
        wire = Wire()
        assert wire.look(heartbeat_echo=FOREIGN << 16 | 9).conditions["plc_alone"]
        assert wire.look().conditions["plc_alone"]
        assert not wire.look(heartbeat_echo=FOREIGN << 16 | 10).conditions["plc_alone"]
        assert not wire.look(45.0).conditions["plc_alone"]
        assert wire.look(0.001).conditions["plc_alone"]

    def test_a_dead_mans_heartbeat_does_not_matter(self):
        wire = Wire()
        wire.look(heartbeat_echo=FOREIGN << 16 | 9)
        wire.beat(heard=False)
        assert wire.look().conditions["plc_alone"]
        assert wire.memory.epoch == 7

    def test_our_own_heartbeat_of_an_earlier_claim_is_foreign_only_when_it_moves(self):
        wire = Wire().armed()
        wire.beat(Mode.ADVISORY)
        wire.look()
        wire.beat(heard=False)
        assert wire.look().conditions["plc_alone"]
        assert not wire.look(heartbeat_echo=OURS << 16 | 99).conditions["plc_alone"]

    def test_an_echo_of_zero_is_nobody(self):
        wire = Wire().armed()
        found = wire.look(heartbeat_echo=0)
        assert found.conditions["plc_alone"]
        assert found.reasons == ("echo_missing",)

    def test_i25_a_foreign_sequence(self):
        wire = Wire().armed()
        wire.look(sequence_ack=41)
        assert not wire.link.conditions["plc_alone"]
        self.check(wire, "foreign_sequence")

    def test_a_plc_restart(self):
        wire = Wire().armed()
        wire.look(boot_count=4)
        assert not wire.link.conditions["plc_boot"]
        self.check(wire, "plc_restart")
        assert wire.look(0.0).conditions["plc_boot"]

    def test_after_a_restart_strange_echoes_are_watched_anew(self):
        wire = Wire().armed()
        wire.look(boot_count=4, heartbeat_echo=FOREIGN << 16 | 9)
        assert wire.look(0.0).conditions["plc_alone"]
        assert not wire.look(0.0, heartbeat_echo=FOREIGN << 16 | 10).conditions["plc_alone"]

    def test_right_after_a_restart_a_strange_echo_that_moves_is_seen(self):
        wire = Wire().armed()
        wire.look(boot_count=4, heartbeat_echo=FOREIGN << 16 | 9)
        assert not wire.look(0.0, heartbeat_echo=FOREIGN << 16 | 10).conditions["plc_alone"]

    def test_a_stranger_that_goes_on_stays_a_stranger(self):
        wire = Wire().armed()
        wire.look(heartbeat_echo=FOREIGN << 16 | 9)
        wire.look(40.0, heartbeat_echo=FOREIGN << 16 | 10)
        assert not wire.look(10.0).conditions["plc_alone"]

    def test_a_restart_while_nobody_looked(self):
        wire = Wire().armed()
        wire.look(boot_count=None)
        wire.look(boot_count=4)
        assert "plc_restart" in wire.link.reasons

    def test_an_epoch_that_goes_back(self):
        wire = Wire().armed()
        wire.look(epoch_ack=6)
        assert "epoch_back" in wire.link.reasons
        assert wire.memory.epoch is None

    def test_what_lost_the_claim_needs_a_new_claim(self):
        wire = Wire().armed()
        wire.look(boot_count=4)
        assert not wire.look().permit
        assert wire.beat().epoch == 8
        assert wire.look().permit
