"""The gate and the guard, the same rules written twice: on a million random moments they agree."""

from __future__ import annotations

import inspect
from collections import Counter

import pytest

from safety.gate import judge
from supervisor.drivers import guard, guard_ledger, guard_moves, guard_numbers, guard_rules
from supervisor.drivers.guard import objections
from supervisor.drivers.guard_ledger import Entry
from supervisor.drivers.guard_words import sending_of
from tests.supervisor.drivers.guard_moment import Vector
from tests.supervisor.drivers.guard_vectors import vectors

COUNT = 20_000
LEAST = 15
"""How often each reason must come up on either side, so that agreement means something."""
APPROVED_SHARE = 0.1
GUARD_ALONE = {"telegram", "deadline", "hashes", "used"}
"""What only the guard looks at; none of these counts when the gate refuses."""
CUT_SHORT = {
    "encoding", "unavailable", "actual_bad", "readback_bad", "schedule_bad", "unresolved", "not_owner", "not_listed",
}  # fmt: skip
"""After one of these the gate asks nothing more about the MV."""
REASONS = {
    "mode", "clock", "cycle", "not_evaluated", "interlock", "watchdog", "handshake", "unsettled", "duplicate",
    "not_listed", "not_owner", "min_active_mvs", "overridden", "unavailable", "actual_bad", "readback_bad",
    "schedule_bad", "unresolved", "encoding", "no_limits", "range_lo", "range_hi", "scheduled_lo", "scheduled_hi",
    "step_up", "step_down", "window", "distance", "rate", "first_move", "blocked_up", "blocked_down", "windup_hi",
    "windup_lo",
}  # fmt: skip


def gate_says(vector: Vector):
    return judge(vector.candidate, vector.snapshot, vector.situation, vector.gate, vector.memory, vector.now_s)[0]


def gate_codes(verdict):
    """The gate names the way of a rate, and whether number or bytes broke a rule; the guard knows only bytes."""
    plain = {(refusal.code.removeprefix("sent_"), refusal.subject) for refusal in verdict.refusals}
    return {("rate" if code.startswith("rate_") else code, subject) for code, subject in plain}


def differs(vector: Vector, verdict, seen: tuple[Counter, Counter] | None = None) -> str:
    """Return what the two do not agree on; empty where they do."""
    sending = sending_of(verdict.approval) if verdict.approval is not None else vector.sending
    found = objections(sending, vector.evidence, vector.guard, vector.ledger, vector.now_s)
    if seen is not None:
        seen[0].update({code for code, _ in gate_codes(verdict)})
        seen[1].update({each.code for each in found})
    if verdict.approval is not None:
        return f"approved, but {[str(each) for each in found]}" if found else ""
    if not vector.candidate.moves:
        return "" if found else "nothing to send, and the guard lets it out"
    gate = gate_codes(verdict)
    ours = {(each.code, each.subject) for each in found if each.code not in GUARD_ALONE}
    if not ours:
        return f"refused for {sorted(gate)}, and the guard objects to nothing"
    if vector.situation.mode.actual.name != "CLOSED_LOOP":
        return ""  # there the guard has closed the accounts, and the gate has not yet
    codes, our_codes = {code for code, _ in gate}, {code for code, _ in ours}
    if missing := codes - our_codes:
        return f"the gate alone: {sorted(missing)}"
    cut = {mv for code, mv in gate if code in CUT_SHORT}
    alone = {(code, mv) for code, mv in ours if mv not in cut and code not in codes}
    return f"the guard alone: {sorted(alone)}" if alone else ""


def compare(seed: int, count: int):
    """Return the differences, the reasons of both sides, and how many sets were approved."""
    differences, reasons, approved = [], (Counter(), Counter()), 0
    for number, vector in enumerate(vectors(seed, count)):
        verdict = gate_says(vector)
        approved += verdict.approval is not None
        if why := differs(vector, verdict, reasons):
            differences.append((seed, number, why))
    return differences, reasons, approved


def test_i01_i08_i15_gate_and_guard_agree():
    differences, (gates, guards), approved = compare(seed=1, count=COUNT)
    assert differences == []
    assert approved >= APPROVED_SHARE * COUNT
    assert {code: gates[code] for code in REASONS if gates[code] < LEAST} == {}
    assert {code: guards[code] for code in REASONS if guards[code] < LEAST} == {}
    assert set(gates) <= REASONS
    assert set(guards) <= REASONS | GUARD_ALONE


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(100, 110))
def test_i01_i08_i15_gate_and_guard_agree_on_a_million(seed):
    differences, _, approved = compare(seed, 100_000)
    assert differences == []
    assert approved >= APPROVED_SHARE * 100_000


PLANTED = [
    (guard_moves, "_rates", "way.rise <= rule.step_up", "way.rise < rule.step_up"),
    (guard_moves, "_rates", "way.fall <= rule.step_down", "way.fall < rule.step_down"),
    (guard_moves, "_rates", "each <= rule.window_delta", "each < rule.window_delta"),
    (guard_moves, "_rates", "now_s + bench.rules.slack_s", "now_s"),
    (guard_moves, "_limits", "value >= rule.lo", "value > rule.lo"),
    (guard_moves, "_limits", "value <= rule.hi", "value < rule.hi"),
    (guard_moves, "_limits", " or value >= move.actual", ""),
    (guard_moves, "_limits", "distance <= rule.distance", "distance < rule.distance"),
    (guard_moves, "_ways", "move.entry.paid_until_s is None and not still", "False"),
    (guard_moves, "_ways", "snapshot.good(rule.windup_hi) != 0.0", "snapshot.good(rule.windup_hi) == 1.0"),
    (guard_moves, "_toward_safe", "move.value <= max(", "move.value < max("),
    (guard_moves, "_goes_down", "value < near.above", "value < near.below"),
    (guard_moves, "at_work", "!= YES", "== 0.0"),
    (guard_ledger, "way_to", "entry.writes[-1].lo, entry.writes[-1].hi", "entry.writes[-1].hi,"),
    (guard_ledger, "_cost_s", "size * 60.0", "size * 59.0"),
    (Entry, "counted", "write.at_s >= since_s", "write.at_s > since_s"),
    (Entry, "counted", "max(first - 1, 0)", "first"),
    (guard_rules.Schedule, "at", "x0 <= value <= x1", "x0 <= value < x1"),
    (guard, "_circumstances", "<= rules.life_s", "< rules.life_s"),
    (guard, "_circumstances", "ledger.used_at_s <= judged_at_s", "ledger.used_at_s < judged_at_s"),
    (guard, "_circumstances", "snapshot.at.mono_s <= judged_at_s <= now_s", "True"),
    (guard, "_overridden", "HALF *", "1.1 *"),
    (guard_numbers, "said", '("CDAB", "DCBA")', '("CDAB",)'),
    (guard_numbers, "around", "value - below < least", "value - below < 0.0"),
]  # fmt: skip


@pytest.fixture(scope="module")
def judged():
    return [(vector, gate_says(vector)) for vector in vectors(1, 8000)]


@pytest.mark.parametrize(("where", "name", "right", "wrong"), PLANTED)
def test_a_planted_difference_is_found(judged, monkeypatch, where, name, right, wrong):
    """Without this, agreement could mean that nothing is looked at."""
    source = inspect.cleandoc("\n" + inspect.getsource(getattr(where, name)))
    assert source.count(right) == 1
    module = where if inspect.ismodule(where) else inspect.getmodule(where)
    space = dict(vars(module))
    exec(compile("from __future__ import annotations\n" + source.replace(right, wrong), name, "exec"), space)  # noqa: S102
    planted = space[name]
    monkeypatch.setattr(where, name, planted)
    for user in (guard, guard_moves):
        if not inspect.isclass(where) and hasattr(user, name):
            monkeypatch.setattr(user, name, planted)
    assert any(differs(vector, verdict) for vector, verdict in judged)


def test_unplanted_they_agree(judged):
    assert [why for vector, verdict in judged if (why := differs(vector, verdict))] == []
