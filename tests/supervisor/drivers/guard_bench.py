"""A plant of two MVs in the guard's words, at rest and with everything in order; each test spoils one thing."""

from __future__ import annotations

import math
from dataclasses import replace

from safety.encoding import Encoding
from safety.signals import Instant, Mode, Quality, Reading, Snapshot
from supervisor.drivers.guard import objections
from supervisor.drivers.guard_ledger import Entry, Ledger, Write
from supervisor.drivers.guard_numbers import Ladder, move_set_sum, said
from supervisor.drivers.guard_rules import GuardedMv, GuardRules
from supervisor.drivers.guard_words import Evidence, Sending
from tests.supervisor.drivers.guard_moment import pack

NOW_S, CYCLE, EPOCH, SEQUENCE = 1000.0, 7, 3, 41
F32, F64 = Encoding("float32"), Encoding("float64")
INF = math.inf


def up(number: float) -> float:
    return math.nextafter(number, INF)


def down(number: float) -> float:
    return math.nextafter(number, -INF)


def mv(name: str, **changes) -> GuardedMv:
    """Wide limits: a test that is about one of them narrows it."""
    fields = {
        "encoding": F32, "actual": f"{name}.actual", "available": f"{name}.available", "lo": 0.0, "hi": 500.0,
        "step_up": 100.0, "step_down": 100.0, "rate_up_per_min": 6000.0, "rate_down_per_min": 6000.0,
        "window_s": 300.0, "window_delta": INF, "readback": None, "distance": INF,
    }  # fmt: skip
    return GuardedMv(**{**fields, **changes})


def rules(*, t: dict | None = None, f: dict | None = None, **changes) -> GuardRules:
    """MV ``t`` stands at 180, MV ``f`` at 50; the guard's own default is the full handshake."""
    fields = {
        "mvs": {"t": mv("t", **(t or {})), "f": mv("f", **(f or {}))},
        "interlocks": frozenset({"hot", "wet"}), "full": True, "mv_order": ("f", "t"), "limits_hash": "L",
        "config_hash": "C", "life_s": 12.0, "slack_s": 1.5,
    }  # fmt: skip
    return GuardRules(**{**fields, **changes})


def snapshot(at_s: float = NOW_S - 0.5, cycle: int = CYCLE, **values) -> Snapshot:
    """Values by tag with ``_`` for ``.``; None is a bad reading."""
    told = {"t_actual": 180.0, "f_actual": 50.0, "t_available": 1.0, "f_available": 1.0, **values}
    readings = {
        tag.replace("_", ".", 1): Reading(
            math.nan if value is None else value, Quality.BAD if value is None else Quality.GOOD, None, at_s
        )
        for tag, value in told.items()
    }
    return Snapshot(cycle, Instant(at_s, 1.8e9), readings)


def evidence(**changes) -> Evidence:
    fields = {
        "snapshot": snapshot(), "judged_at_s": NOW_S, "mode": Mode.CLOSED_LOOP, "refused": False, "action": "none",
        "evaluated": frozenset({"hot", "wet"}), "interlocks_cycle": CYCLE, "watchdog": "none", "permit": True,
        "epoch": EPOCH, "sequence": SEQUENCE, "link_cycle": CYCLE,
    }  # fmt: skip
    return Evidence(**{**fields, **changes})


def seen(**values) -> Evidence:
    return evidence(snapshot=snapshot(**values))


def ledger(**changes) -> Ledger:
    """Both MVs were written to long ago, and their accounts are open."""
    entries = {
        "t": Entry((Write(500.0, 180.0, 180.0),), 0.0, 180.0),
        "f": Entry((Write(500.0, 50.0, 50.0),), 0.0, 50.0),
    }
    return Ledger(**{"entries": entries, "used_at_s": NOW_S - 15.0, **changes})


def with_entry(**changes) -> Ledger:
    """A ledger in which MV ``t`` is changed."""
    plain = ledger()
    return replace(plain, entries={**plain.entries, "t": replace(plain.entries["t"], **changes)})


def nearest(value: float, encoding: Encoding) -> bytes:
    ladder = Ladder(encoding)
    return pack(ladder.raw(ladder.nearest(value)), encoding)


def sending(moves: dict[str, float | bytes] | None = None, by: GuardRules | None = None, **changes) -> Sending:
    """A set as the gate would have made it."""
    by = by or rules()
    moves = moves if moves is not None else {"t": 181.0}
    order = sorted(moves, key=lambda each: by.mv_order.index(each) if each in by.mv_order else 99)
    encodings = {name: by.mvs[name].encoding if name in by.mvs else F32 for name in moves}
    payloads = {
        name: value if isinstance(value, bytes) else nearest(value, encodings[name]) for name, value in moves.items()
    }
    mask = sum(1 << by.mv_order.index(name) for name in order if name in by.mv_order)
    values = [said(payloads[name], encodings[name]) for name in order]
    total = move_set_sum(EPOCH, SEQUENCE, mask, [value for value in values if value is not None])
    fields = {
        "controller": "main", "cycle": CYCLE, "epoch": EPOCH, "sequence": SEQUENCE, "mask": mask,
        "crc": total if total is not None else 0, "moves": tuple((name, payloads[name]) for name in order),
        "limits_hash": "L", "config_hash": "C", "deadline_s": NOW_S + 5.0,
    }  # fmt: skip
    return Sending(**{**fields, **changes})


def codes(set_: Sending | None = None, *, by=None, given=None, known=None, now_s=NOW_S) -> list[str]:
    """What the guard says, each objection as ``code subject``."""
    by = by or rules()
    found = objections(set_ or sending(by=by), given or evidence(), by, known or ledger(), now_s)
    return [str(each) for each in found]
