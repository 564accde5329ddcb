"""The handshake before anything was said, at the end of its counters, and with words that only look like ours."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from safety.handshake import HandshakeMemory, beat, fenced
from safety.plc import UINT32_MAX, HandshakeRule
from safety.signals import PlcState
from tests.safety.wire import CL, OURS, RULE, Wire

HEARTBEAT = HandshakeRule(kind="heartbeat", mv_order=("fan", "sp"))
NONE = HandshakeRule(kind="none", mv_order=("fan", "sp"))


def test_i16_nothing_is_claimed_at_start():
    """No epoch, no echo, no acknowledgement: all of it has to be heard from the PLC first."""
    assert HandshakeMemory(171) == HandshakeMemory(
        instance=171, counter=0, beats=(), epoch=None, epoch_top=0, held=False, acked=False, acked_at_s=-math.inf,
        echoed_at_s=-math.inf, last_echo=None, foreign_at_s=-math.inf, sequence=None, sent=(), boot_count=None,
        unresolved={}, plc=PlcState(),
    )  # fmt: skip


def test_without_a_handshake_everything_about_it_is_missing():
    assert Wire(NONE).look().reasons == (
        "plc_echo", "plc_epoch", "handshake_none", "echo_missing", "epoch_unacknowledged", "sequence_unknown",
    )  # fmt: skip


def test_a_plc_of_which_only_the_heartbeat_is_used_may_show_any_epoch():
    wire = Wire(HEARTBEAT)
    wire.look()
    wire.beat()
    link = wire.look(epoch_ack=9)
    assert (link.permit, link.reasons) == (True, ())
    assert not wire.memory.acked


@pytest.mark.parametrize(("since_s", "left"), [(10.0, set()), (905.0, set()), (925.0, set()), (925.1, {"sp"})])
def test_i11_without_epochs_an_unknown_write_is_settled_when_the_plc_must_have_shed(since_s, left):
    """The look is at 1015 s and the PLC's time-out 90 s: from then on nothing sent before can be in force."""
    wire = Wire(HEARTBEAT, unresolved={"sp": since_s})
    assert wire.look(15.0).unresolved == left


def test_a_bare_number_is_no_mode():
    """3 equals CLOSED_LOOP; it claims nothing, and whoever sends it lets go."""
    ready = HandshakeMemory(OURS, plc=PlcState(epoch_ack=6))
    assert beat(3, RULE, ready, 0.0) == (None, ready)
    frame, claimed = beat(CL, RULE, ready, 0.0)
    assert frame.epoch == 7
    assert beat(3, RULE, claimed, 15.0)[1].epoch is None


def test_a_receipt_in_bare_text_does_not_prove_that_nothing_was_sent():
    wire = Wire().armed()
    approval = wire.write(sp="not_sent", fan="not_sent")
    assert wire.memory.sent == (approval.sequence,)


@pytest.mark.parametrize("top", [UINT32_MAX, UINT32_MAX + 1])
def test_no_epoch_beyond_the_register(top):
    ready = HandshakeMemory(OURS, epoch_top=top, plc=PlcState(epoch_ack=6))
    assert beat(CL, RULE, ready, 0.0) == (None, ready)
    assert fenced(replace(ready, epoch=top)).epoch is None


@pytest.mark.parametrize("epoch", [6, 7])
def test_i15_a_fence_is_one_epoch_higher_than_all_before(epoch):
    after = fenced(HandshakeMemory(OURS, epoch=epoch, epoch_top=epoch))
    assert (after.epoch, after.epoch_top) == (epoch + 1, epoch + 1)


def test_epochs_are_compared_as_numbers():
    """Beyond the small integers, of which Python keeps one object each."""
    wire = Wire()
    wire.plc["epoch_ack"] = 70_000
    assert wire.armed().link.epoch == 70_001


def test_soon_after_boot_no_echo_is_not_an_echo_at_zero():
    """The monotonic clock starts at 0; with a limit of 45 s something heard at 0 would still count."""
    wire = Wire()
    wire.now = 0.0
    wire.look(5.0)
    wire.beat(heard=False)
    assert wire.look(15.0).conditions["plc_echo"] is False
