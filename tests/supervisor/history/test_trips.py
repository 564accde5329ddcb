"""Rising edges of trips, counted once."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from supervisor.history.trips import DAY_S, TripCount, Trips


@pytest.fixture
def chain(tmp_path):
    """Return the address of a chain, and a function that adds a cycle with trips to it, a minute after the last one."""
    path = tmp_path / "chain.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE audit (seq INTEGER PRIMARY KEY, utc_s DOUBLE, kind TEXT, body TEXT)")
    cycles = []

    def add(*trips, after_s=60.0):
        cycles.append(after_s)
        body = json.dumps(
            {"cycle": len(cycles), "mode": {"requested": 3, "actual": 3}, "trips": trips}, separators=(",", ":")
        )
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("INSERT INTO audit VALUES (?, ?, 'cycle', ?)", (3 * len(cycles), sum(cycles), body))
        return sum(cycles)

    return f"sqlite:///{path}", add


def test_what_stays_tripped_counts_once_and_what_comes_again_twice(chain):
    url, add = chain
    first = add("hot")
    add("hot", "fan")
    add("hot")
    add()
    last = add("hot")
    assert TripCount(url).trips(last) == {"hot": Trips(2, last), "fan": Trips(1, first + 60.0)}


def test_what_is_new_is_added_to_what_was_counted(chain):
    url, add = chain
    count = TripCount(url)
    assert count.trips(add("hot"))["hot"].count == 1
    assert count.trips(add("hot"))["hot"].count == 1
    add()
    assert count.trips(add("hot"))["hot"].count == 2


def test_trips_of_long_ago_are_forgotten_and_not_searched_for(chain):
    url, add = chain
    add("hot")
    for _ in range(50):
        add()
    count = TripCount(url, days=1.0)
    assert count.trips(add("fan", after_s=2.0 * DAY_S)).keys() == {"fan"}
    assert count.trips(add(after_s=2.0 * DAY_S)) == {}


def test_an_empty_chain_has_none(chain):
    assert TripCount(chain[0]).trips(0.0) == {}
