"""A small PLC that obeys the contract (reference: the PLC side, 3.1) and keeps a log of all that it did.

It has the faults that a PLC has, and its own clock, which nothing that happens to the supervisor's can touch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from safety.signals import Quality, Reading

FAULTS = ("bad", "nan", "forced", "uncertain", "tiny", "out", "future", "comm", "stale")
MVS = ("fan", "sp")
TIMEOUT_S, PROBE = 90.0, 1234.5


@dataclass
class Plc:
    lo: float
    hi: float
    sp: dict = field(default_factory=lambda: dict.fromkeys(MVS, 180.0))
    clock: float = 0.0
    remote: bool = True
    cascade: dict = field(default_factory=lambda: dict.fromkeys(MVS, False))
    kept: set = field(default_factory=set)  # loops that the operator keeps for himself
    boot: int = 1
    epoch: int = 0
    sequence: int = 0
    first_of_epoch: bool = False
    shed_epoch: int = 0
    heard_at: float = -math.inf
    asked: int = 0
    beats: list = field(default_factory=lambda: [0, 0])
    echo_late: bool = False
    deaf: bool = False
    clamp: float = math.inf  # of sp
    log: list = field(default_factory=list)  # (clock, who, mv, value), in order
    applied: list = field(default_factory=list)  # (epoch, number of the cycle)

    def passes(self, seconds):
        """Let the PLC's own time pass; its timer sheds without being asked."""
        self.clock += seconds
        if self.clock - self.heard_at > TIMEOUT_S:
            self.shed()

    def shed(self):
        self.shed_epoch = self.epoch
        self.cascade = dict.fromkeys(MVS, False)

    def hear(self, heartbeat, epoch, mode):
        """Take a heartbeat; only the newest epoch counts."""
        if epoch < self.epoch or heartbeat == self.beats[-1]:
            return
        self.first_of_epoch |= epoch > self.epoch
        self.epoch, self.asked, self.heard_at = epoch, mode, self.clock
        self.beats = [self.beats[-1], heartbeat]
        if mode != 3 or not self.remote:
            self.shed()
        elif epoch > self.shed_epoch:
            self.cascade = {mv: mv not in self.kept for mv in MVS}

    def commit(self, epoch, sequence, moves, number=None):
        """Judge a set whole; return whether it was taken. ``number`` is ours: what it is known by in the log."""
        if self.deaf:
            return False
        fresh = self.clock - self.heard_at <= TIMEOUT_S and epoch > self.shed_epoch
        in_order = sequence == self.sequence + 1 or self.first_of_epoch
        ready = self.remote and self.asked == 3 and all(self.cascade[mv] for mv in moves)
        inside = all(self.lo <= value <= self.hi for value in moves.values())
        self.sequence = sequence
        if not (epoch == self.epoch and in_order and fresh and ready and inside):
            return False
        self.first_of_epoch = False
        if number is not None:
            self.applied.append((epoch, number))
        for mv, value in moves.items():
            self.put(mv, min(value, self.clamp) if mv == "sp" else value, "stranger" if number is None else "set")
        return True

    def put(self, mv, value, who):
        self.sp[mv] = value
        self.log.append((self.clock, who, mv, value))

    def local(self, *, remote):
        self.remote = remote
        if not remote:
            self.shed()

    def restart(self, *, forgets):
        """Start again: nothing is in cascade until somebody arms anew."""
        self.boot += 1
        self.beats, self.heard_at, self.asked = [0, 0], -math.inf, 0
        if forgets:
            self.epoch = self.sequence = 0
        self.shed()

    def tags(self):
        tags = {
            "plc.heartbeat_echo": self.beats[0 if self.echo_late else -1], "plc.epoch_ack": self.epoch,
            "plc.sequence_ack": self.sequence, "plc.remote": self.remote, "plc.boot_count": self.boot,
            "plc.probe": PROBE, "plc.reject": 0, "plc.clamped": self.clamp < self.hi,
        }  # fmt: skip
        for mv in MVS:
            tags |= {f"{mv}.actual": self.sp[mv], f"{mv}.available": self.cascade[mv]}
        return {tag: float(value) for tag, value in tags.items()}


def spoiled(was, kind, since_s, utc_s):
    """Return the reading as a device in trouble would give it; ``since_s`` is when the trouble began, monotonic."""
    return {
        "bad": replace(was, quality=Quality.BAD, why="bad_status"),
        "comm": Reading(math.nan, Quality.BAD, None, was.received_at_s, "comm"),
        "nan": replace(was, value=math.nan),
        "tiny": replace(was, value=2.4e-41),
        "out": replace(was, value=1e9),
        "forced": replace(was, why="forced"),
        "uncertain": replace(was, quality=Quality.UNCERTAIN),
        "future": replace(was, received_at_s=was.received_at_s + 5.0, source_utc_s=was.source_utc_s + 500.0),
        "stale": replace(was, received_at_s=since_s, source_utc_s=utc_s + since_s),
    }[kind]
