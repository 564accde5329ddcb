from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from safety.approval import Approval, ApprovedMove, OnceOnly, SealError
from safety.gate import GateMemory, Situation, judge, stand_still
from tests.safety.words import calm, clear, closed, gate_rules, link, snapshot, values

FIELDS = {
    "controller": "x", "cycle": 1, "epoch": 1, "sequence": 1, "mask": 1, "crc": 0, "limits_hash": "", "config_hash": "",
    "moves": (ApprovedMove("sp", 1.0, b""),), "deadline_s": 1e9,
}  # fmt: skip


def approved(**changes):
    rules, now = gate_rules(), snapshot(values())
    situation = Situation(closed(), clear(), link(**changes), calm())
    return judge(stand_still("dryer", now, rules), now, situation, rules, GateMemory(), 1000.0)[0].approval


def test_i02_nobody_else_builds_one():
    with pytest.raises(SealError):
        Approval(**FIELDS, seal=object())
    with pytest.raises(SealError):
        Approval(**FIELDS, seal=None)
    with pytest.raises(TypeError):
        Approval(**FIELDS)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_i02_it_cannot_be_stored(protocol):
    with pytest.raises(SealError):
        pickle.dumps(approved(), protocol)


@pytest.mark.parametrize(
    "attempt",
    [
        copy.copy,
        copy.deepcopy,
        lambda it: dataclasses.replace(it, deadline_s=1e18),
        lambda it: setattr(it, "deadline_s", 1e18),
        lambda it: it.__dict__,
    ],
)
def test_i02_it_cannot_be_copied_or_altered(attempt):
    with pytest.raises((SealError, ValueError, TypeError, AttributeError)):
        attempt(approved())


def test_i02_it_has_no_subclasses():
    with pytest.raises(SealError):
        type("Forged", (Approval,), {})


def test_i02_one_put_together_around_the_constructor_is_not_genuine():
    forged = object.__new__(Approval)
    for name, value in FIELDS.items():
        object.__setattr__(forged, name, value)
    assert not forged.genuine
    object.__setattr__(forged, "_seal", object())
    assert not forged.genuine
    with pytest.raises(SealError):
        OnceOnly().use(forged)


def test_the_gates_own_is_genuine():
    assert approved().genuine


def test_i05_an_approval_is_used_once():
    approval = approved()
    once = OnceOnly().use(approval)
    with pytest.raises(SealError):
        once.use(approval)
    assert once.use(approved(sequence=42)).use(approved(epoch=8)).used == {(1, 7, 41), (1, 7, 42), (1, 8, 41)}


def test_the_set_of_used_ones_forgets_old_cycles():
    old = OnceOnly(frozenset({(-3, 7, 1), (-1, 7, 1), (0, 7, 1)}))
    assert old.use(approved()).used == {(0, 7, 1), (1, 7, 41)}


def test_an_approval_does_not_show_its_seal():
    assert "seal" not in repr(approved())


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda it: Approval(**FIELDS, seal=None), "only safety.gate approves"),
        (lambda it: type("Forged", (Approval,), {}), "an approval has no subclasses"),
        (copy.copy, "an approval cannot be copied or stored"),
        (lambda it: OnceOnly().use(object.__new__(Approval)), None),
        (lambda it: OnceOnly().use(it).use(it), "approval (1, 7, 41) was used before"),
    ],
)
def test_errors_say_what_is_wrong(attempt, message):
    with pytest.raises((SealError, AttributeError)) as error:
        attempt(approved())
    assert message is None or str(error.value) == message
