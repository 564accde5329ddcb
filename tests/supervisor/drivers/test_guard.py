"""What the guard asks of the moment, of the set as a whole, and of its telegram."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from safety.signals import Mode
from supervisor.drivers.guard import sent, witnessed
from supervisor.drivers.guard_ledger import Entry, Waiting, Write
from supervisor.drivers.guard_rules import Schedule
from supervisor.drivers.guard_words import Evidence, Objection
from tests.supervisor.drivers.guard_bench import (
    CYCLE,
    EPOCH,
    INF,
    NOW_S,
    SEQUENCE,
    codes,
    down,
    evidence,
    ledger,
    rules,
    seen,
    sending,
    snapshot,
    up,
    with_entry,
)  # fmt: skip


def test_with_everything_in_order_there_is_no_objection():
    assert codes() == []
    assert codes(sending({"t": 181.0, "f": 49.0})) == []


def test_evidence_that_was_left_out_counts_against():
    bare = Evidence(snapshot=snapshot())
    assert {each.split()[0] for each in codes(given=bare)} == {
        "mode", "clock", "cycle", "not_evaluated", "interlock", "watchdog", "handshake", "rate", "first_move",
        "telegram",
    }  # fmt: skip


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.CLOSED_LOOP])
def test_only_in_closed_loop(mode):
    assert f"mode {mode.name}" in codes(given=evidence(mode=mode))


@pytest.mark.parametrize(
    ("at_s", "spoilt"),
    [
        (NOW_S, False), (NOW_S - 12.0, False), (up(NOW_S - 12.0), False),
        (down(NOW_S - 12.0), True), (up(NOW_S), True), (math.nan, True), (-INF, True), (INF, True),
    ],
)  # fmt: skip
def test_i06_evidence_lives_its_time_and_comes_from_the_past(at_s, spoilt):
    assert codes(given=seen(at_s=at_s)) == (["clock"] if spoilt else [])


@pytest.mark.parametrize(
    ("judged_at_s", "spoilt"),
    [(NOW_S - 0.5, False), (NOW_S, False), (down(NOW_S - 0.5), True), (up(NOW_S), True)],
)
def test_i06_it_was_judged_between_the_snapshot_and_now(judged_at_s, spoilt):
    assert codes(given=evidence(judged_at_s=judged_at_s)) == (["clock"] if spoilt else [])


@pytest.mark.parametrize(("used_at_s", "spoilt"), [(NOW_S, False), (up(NOW_S), True), (math.nan, True)])
def test_time_does_not_go_back(used_at_s, spoilt):
    assert codes(known=ledger(used_at_s=used_at_s)) == (["clock"] if spoilt else [])


def test_a_now_that_is_no_number_passes_nothing():
    assert codes(now_s=math.nan) == ["clock", "deadline"]
    assert codes(given=evidence(judged_at_s=math.nan)) == ["clock", "rate t"]


@pytest.mark.parametrize("change", [{"interlocks_cycle": 6}, {"link_cycle": 8}, {"interlocks_cycle": None}])
def test_everything_is_of_one_cycle(change):
    assert codes(given=evidence(**change)) == ["cycle"]


def test_the_set_is_of_this_cycle():
    assert codes(sending(cycle=CYCLE - 1)) == ["cycle"]


def test_i20_every_interlock_was_evaluated():
    assert codes(given=evidence(evaluated=frozenset({"hot", "more"}))) == ["not_evaluated wet"]


@pytest.mark.parametrize("action", ["shed", "off", "something new", ""])
def test_i21_an_interlock_that_lets_go_stops_everything(action):
    assert "interlock" in codes(sending({"t": 180.0}), given=evidence(action=action))


@pytest.mark.parametrize("action", ["shed", "off", "something new", ""])
def test_a_watchdog_that_lets_go_stops_everything(action):
    assert "watchdog" in codes(sending({"t": 180.0}), given=evidence(watchdog=action))


def test_the_handshake_permits():
    assert codes(given=evidence(permit=False)) == ["handshake"]


def test_nothing_follows_a_set_without_receipt():
    waiting = {mv: Waiting(50.0, 50.0, 980.0, 980.0) for mv in ("t", "f")}
    assert codes(known=ledger(waiting=waiting)) == ["unsettled f"]


def test_an_mv_once():
    twice = sending()
    assert "duplicate t" in codes(replace(twice, moves=twice.moves * 2))


def test_i07_only_what_is_listed():
    assert "not_listed x" in codes(sending({"t": 181.0, "x": 5.0}))


def test_only_by_its_owner():
    assert codes(sending(controller="other")) == ["not_owner t"]
    owned = rules(t={"owner": "other"})
    assert codes(sending({"t": 181.0, "f": 50.0}, owned, controller="other"), by=owned) == ["not_owner f"]


AT_WORK = [
    ({"t_available": 0.0}, "unavailable"), ({"t_available": None}, "unavailable"),
    ({"t_available": 0.5}, "unavailable"),
    ({"t_available": up(1.0)}, "unavailable"), ({"t_actual": None}, "actual_bad"), ({"T_x": None}, "readback_bad"),
    ({"X_x": None}, "schedule_bad"), ({"X_x": 10.5}, "schedule_bad"), ({"X_x": down(0.0)}, "schedule_bad"),
]  # fmt: skip
TABLE = Schedule("X.x", ((0.0, 0.0, 400.0), (10.0, 0.0, 400.0)))


@pytest.mark.parametrize(("values", "code"), AT_WORK)
def test_only_what_is_at_work_is_moved(values, code):
    by = rules(t={"readback": "T.x", "schedule": TABLE})
    given = seen(**{"T_x": 180.0, "X_x": 5.0, **values})
    assert codes(by=by, given=seen(T_x=180.0, X_x=5.0)) == []
    assert f"{code} t" in codes(by=by, given=given)


@pytest.mark.parametrize(("values", "code"), AT_WORK)
def test_and_only_that_counts_as_active(values, code):
    by = rules(t={"readback": "T.x", "schedule": TABLE}, min_active_mvs=2)
    given = seen(**{"T_x": 180.0, "X_x": 5.0, **values})
    assert codes(sending({"f": 50.5}, by), by=by, given=seen(T_x=180.0, X_x=5.0)) == []
    assert codes(sending({"f": 50.5}, by), by=by, given=given) == ["min_active_mvs"]
    assert codes(sending({"f": 50.5}, by), by=replace(by, min_active_mvs=1), given=given) == []


def test_an_mv_without_an_available_tag_is_never_ours():
    by = rules(t={"available": ""})
    assert codes(by=by) == ["unavailable t"]


HALF_F32 = 2.0**-17  # half of what float32 resolves at 180


@pytest.mark.parametrize(
    ("actual", "moved"),
    [
        (180.0, False), (180.0 + HALF_F32, False), (180.0 - HALF_F32, False), (up(180.0 + HALF_F32), True),
        (down(180.0 - HALF_F32), True), (181.0, True),
    ],
)  # fmt: skip
def test_i24_somebody_elses_setpoint_stays_even_of_an_mv_that_is_not_moved(actual, moved):
    found = codes(sending({"f": 50.0}), given=seen(t_actual=actual))
    assert found == (["overridden t"] if moved else [])


def test_i24_a_whole_number_is_moved_when_it_is_another_one():
    by = rules(t={"encoding": replace(rules().mvs["t"].encoding, kind="int16", scale=0.5)})
    assert codes(sending({"f": 50.0}), by=by, given=seen(t_actual=180.25)) == []
    assert codes(sending({"f": 50.0}), by=by, given=seen(t_actual=up(180.25))) == ["overridden t"]


def test_i24_what_cannot_be_read_or_was_never_known_is_no_override():
    assert codes(sending({"f": 50.0}), given=seen(t_actual=None)) == []
    assert codes(sending({"f": 50.0}), given=seen(t_actual=190.0), known=with_entry(expected=None, writes=())) == []
    assert codes(sending({"f": 50.0}), given=seen(t_actual=190.0), known=with_entry(expected=math.nan)) == [
        "overridden t"
    ]


@pytest.mark.parametrize(("actual", "found"), [(179.0, []), (180.5, []), (182.0, []), (178.5, True), (182.5, True)])
def test_i24_what_an_unknown_write_left_is_expected_once_it_was_read_back(actual, found):
    known = with_entry(expected=None, writes=(Write(900.0, 179.0, 182.0),))
    given = seen(t_actual=actual)
    assert codes(sending({"f": 50.0}), given=given, known=known) == (["overridden t"] if found else [])
    left = witnessed(known, given, rules()).entry("t")
    assert left.expected == min(max(actual, 179.0), 182.0)
    unresolved = replace(given, unresolved=frozenset({"t"}))
    assert witnessed(known, unresolved, rules()).entry("t").expected is None
    assert codes(sending({"f": 50.0}), given=unresolved, known=known) == []


def test_i24_a_loop_that_operators_took_is_forgotten():
    assert codes(sending({"f": 50.0}), given=seen(t_actual=190.0, t_available=0.0)) == []
    assert codes(sending({"f": 50.0}), given=seen(t_actual=190.0, t_available=None)) == ["overridden t"]
    left = witnessed(ledger(), seen(t_actual=190.0, t_available=0.0), rules())
    assert left.entry("t") == Entry()
    assert left.entry("f") == ledger().entry("f")
    assert codes(sending({"t": 190.0}), given=seen(t_actual=190.0), known=left) == []
    assert codes(sending({"t": 191.0}), given=seen(t_actual=190.0), known=left) == ["first_move t"]


def test_what_operators_took_here_is_not_sent_and_they_may_set_it():
    taken = replace(seen(t_actual=190.0), by_hand=frozenset({"t"}))
    assert codes(sending({"f": 50.0}), given=taken) == []
    assert codes(sending({"t": 190.0}), given=taken) == ["by_hand t"]


def test_i15_after_a_refusal_and_outside_closed_loop_every_account_is_closed():
    for spoilt in (evidence(refused=True), evidence(mode=Mode.ADVISORY)):
        left = witnessed(ledger(), spoilt, rules())
        assert [entry.paid_until_s for entry in left.entries.values()] == [None, None]
        assert left.entry("t").writes == ledger().entry("t").writes
    assert codes(given=evidence(refused=True)) == ["first_move t"]
    assert witnessed(ledger(), evidence(), rules()) == ledger()


@pytest.mark.parametrize("change", [
    {"epoch": EPOCH + 1}, {"epoch": EPOCH - 1}, {"sequence": SEQUENCE + 1}, {"sequence": SEQUENCE - 1},
])  # fmt: skip
def test_i25_the_telegram_bears_the_links_numbers(change):
    for handshake in (True, False):
        assert f"telegram {next(iter(change))}" in codes(sending(**change), by=rules(full=handshake))


@pytest.mark.parametrize("mask", [0b01, 0b11, 0b110, 0])
def test_the_mask_is_that_of_the_moves(mask):
    assert "telegram mask" in codes(sending(mask=mask))


def test_moves_lie_in_the_order_of_their_bits():
    both = sending({"t": 181.0, "f": 49.0})
    assert [name for name, _ in both.moves] == ["f", "t"]
    assert "telegram order" in codes(replace(both, moves=both.moves[::-1]))


def test_an_mv_without_a_bit_cannot_be_sent_with_a_mask():
    by = rules(mv_order=("f",))
    assert "telegram mask" in codes(sending({"t": 181.0}, by), by=by)
    plain = replace(by, full=False)
    assert codes(sending({"t": 181.0}, plain), by=plain) == []


def test_a_set_has_moves():
    assert codes(sending({})) == ["telegram empty"]


@pytest.mark.parametrize("bit", range(16))
def test_the_sum_fits_in_every_bit(bit):
    good = sending()
    assert codes(replace(good, crc=good.crc ^ 1 << bit)) == ["telegram crc"]


def test_without_the_full_handshake_nobody_reads_the_sum():
    assert codes(sending(crc=0), by=rules(full=False)) == []


@pytest.mark.parametrize(
    ("deadline_s", "spoilt"),
    [
        (NOW_S, False), (NOW_S + 12.0, False), (down(NOW_S), True), (up(NOW_S + 12.0), True), (math.nan, True),
        (INF, True), (-INF, True),
    ],
)  # fmt: skip
def test_i06_a_set_has_a_deadline_and_not_a_late_one(deadline_s, spoilt):
    assert codes(sending(deadline_s=deadline_s)) == (["deadline"] if spoilt else [])


def test_it_was_judged_by_these_rules():
    assert codes(sending(limits_hash="other")) == ["hashes limits"]
    assert codes(sending(config_hash="other")) == ["hashes config"]


def test_i05_a_set_is_used_once():
    after = sent(sending(), evidence(), rules(), ledger(), NOW_S)
    assert after.used == {(CYCLE, EPOCH, SEQUENCE)}
    assert codes(known=replace(after, waiting={})) == ["used"]


def test_every_broken_rule_is_named():
    found = codes(sending(limits_hash="x", cycle=1), given=evidence(permit=False, watchdog="hold"))
    assert found == ["cycle", "handshake", "watchdog t", "hashes limits"]


def test_an_objection_reads_as_a_word_or_two():
    assert (str(Objection("clock", "")), str(Objection("range_hi", "t", {"value": 1.0}))) == ("clock", "range_hi t")
