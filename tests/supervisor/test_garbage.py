"""Garbage is collected between the cycles, and only there."""

from __future__ import annotations

import gc
import weakref

import pytest

from supervisor import garbage


class Knot:
    """Something that only the collector can free."""

    def __init__(self):
        self.itself = self


@pytest.fixture(autouse=True)
def as_it_was():
    yield
    garbage.end()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def knots(number):
    found = [Knot() for _ in range(number)]
    return [weakref.ref(knot) for knot in found]


def test_i49_nothing_is_collected_within_a_cycle_and_everything_after_it():
    garbage.begin()
    assert not gc.isenabled()
    assert gc.get_freeze_count() > 0
    lost = knots(20_000)
    assert all(ref() is not None for ref in lost)
    garbage.between_cycles(1)
    assert not any(ref() is not None for ref in lost)


def test_i49_what_grew_old_is_collected_once_in_a_while():
    garbage.begin()
    knot = Knot()
    lost = weakref.ref(knot)
    gc.collect(1)
    gc.collect(1)  # old by now
    del knot
    garbage.between_cycles(1)
    assert lost() is not None
    garbage.between_cycles(garbage.FULL_CYCLES)
    assert lost() is None
