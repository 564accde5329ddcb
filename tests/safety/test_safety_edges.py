"""What holds for every record of safety/: nobody alters one, and a misspelt field is an error."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil

import pytest

import safety

MODULES = [importlib.import_module(f"safety.{module.name}") for module in pkgutil.iter_modules(safety.__path__)]
RECORDS = [
    kind
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__
]


WORKING = {"_Passed"}
"""Collects what one judgement found out; never leaves it."""
BY_NAME = {
    "BypassRule", "Envelope", "Facts", "GateRules", "HandshakeRule", "Interlock", "ModeRequest", "ModeRules", "MvRule",
    "Trial", "ValidityRule", "WatchdogRule",
}  # fmt: skip
"""Many numbers side by side: a change of two places would not be noticed."""


def test_there_are_records():
    assert len(RECORDS) > 40


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
def test_a_record_is_frozen_and_has_no_room_for_other_fields(kind):
    """What was judged must be what is written: no room changes a record of another, and none slips a field in."""
    blank = object.__new__(kind)
    for field in dataclasses.fields(kind) if kind.__name__ not in WORKING else ():
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(blank, field.name, None)
    assert not hasattr(blank, "__dict__")


def test_rules_are_filled_in_by_name():
    named = {kind.__name__ for kind in RECORDS if any(field.kw_only for field in dataclasses.fields(kind))}
    assert named == BY_NAME
