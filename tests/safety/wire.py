"""One supervisor's side of the handshake, and a PLC's registers that the test sets by hand."""

from __future__ import annotations

from safety.gate import GateMemory, Situation, judge, stand_still
from safety.handshake import HandshakeMemory, HandshakeRule, beat, observe, settle
from safety.signals import Mode, WriteOutcome, WriteReceipt
from tests.safety.words import calm, clear, closed, gate_rules, link, snapshot, values

RULE = HandshakeRule(kind="full", every_s=15.0, plc_timeout_s=90.0, probe=1234.5, mv_order=("fan", "sp"))
OURS, FOREIGN = 0xAB, 0xCD
CL = Mode.CLOSED_LOOP


class Wire:
    """One supervisor's side, and a PLC's registers that the test sets by hand."""

    def __init__(self, rule=RULE, **memory):
        self.rule, self.now = rule, 1000.0
        self.memory = HandshakeMemory(OURS, **memory)
        self.plc = {
            "heartbeat_echo": 0, "epoch_ack": 6, "sequence_ack": 40, "reject": 0, "remote": 1, "clamped": 0,
            "boot_count": 3, "probe": 1234.5,
        }  # fmt: skip
        self.tags = values()

    def look(self, wait=15.0, **plc):
        """One cycle later: read, observe."""
        self.now += wait
        self.plc |= plc
        tags = self.tags | {f"plc.{name}": value for name, value in self.plc.items()}
        self.link, self.memory = observe(snapshot(tags, cycle=5, now=self.now), self.rule, self.memory)
        return self.link

    def beat(self, mode=CL, *, heard=True):
        """Send one beat; a PLC that hears it answers at once."""
        frame, self.memory = beat(mode, self.rule, self.memory, self.now)
        if frame is not None and heard:
            self.plc |= {"heartbeat_echo": frame.heartbeat, "epoch_ack": max(frame.epoch, self.plc["epoch_ack"] or 0)}
        return frame

    def armed(self):
        self.look()
        self.beat()
        assert self.look().permit, self.link.reasons
        self.beat()
        return self

    def write(self, **outcomes):
        """Approve standing still, and settle it with these outcomes."""
        rules, now = gate_rules(handshake=RULE), snapshot(values(), cycle=5, now=self.now)
        its = link(cycle=5, epoch=self.link.epoch, sequence=self.link.sequence)
        here = Situation(closed(), clear(cycle=5), its, calm())
        approval = judge(stand_still("dryer", now, rules), now, here, rules, GateMemory(), self.now)[0].approval
        receipts = [WriteReceipt(mv, outcome, 180.0) for mv, outcome in outcomes.items()]
        self.memory = settle(self.memory, approval, receipts, self.now + 1.0)
        return approval


def both(outcome):
    return {"sp": outcome, "fan": outcome}


CONFIRMED, UNKNOWN, REJECTED, NOT_SENT = (
    both(each) for each in (WriteOutcome.CONFIRMED, WriteOutcome.UNKNOWN, WriteOutcome.REJECTED, WriteOutcome.NOT_SENT)
)
