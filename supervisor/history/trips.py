"""How often each interlock tripped: rising edges in the chain, looked for once and then only in what is new."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from supervisor.history.read import History
from supervisor.history.short import MARKS, cycles_of

DAY_S = 86_400.0
EDGES_MAX = 20_000
"""So many trips are remembered; a plant with more has other troubles."""


@dataclass(frozen=True, slots=True)
class Trips:
    """What is known of one interlock's trips in the time that is looked at."""

    count: int
    last_utc_s: float


class TripCount(History):
    """Counts the trips of the last ``days`` on record; threads may share one. Raises HistoryError."""

    def __init__(self, url: str, days: float = 30.0) -> None:
        super().__init__(url)
        self._days = days
        self._edges: deque[tuple[float, str]] = deque(maxlen=EDGES_MAX)
        self._seq: int | None = None
        """Last row that was looked at."""
        self._standing: tuple[int, frozenset[str]] = (-1, frozenset())
        """Number of the last cycle with trips, and which."""
        self._lock = threading.Lock()

    def trips(self, now_utc_s: float) -> Mapping[str, Trips]:
        """Return by interlock how often it tripped up to now and when last; those that never did are not in it."""
        start_utc_s = now_utc_s - self._days * DAY_S
        with self._lock:
            self._look(start_utc_s)
            while self._edges and self._edges[0][0] < start_utc_s:
                self._edges.popleft()
            found: dict[str, Trips] = {}
            for utc_s, name in self._edges:
                found[name] = Trips(found[name].count + 1 if name in found else 1, utc_s)
            return found

    def _look(self, start_utc_s: float) -> None:
        last = self._number("SELECT MAX(seq) FROM audit")
        if last is None:
            return
        after = self._seq if self._seq is not None else self._seq_before(start_utc_s, last)
        query = (
            "SELECT utc_s, body FROM audit WHERE kind IN ('cycle', 'spooled') AND seq > ? AND seq <= ? "
            "AND body LIKE ? ORDER BY seq"
        )
        for each in cycles_of(self._rows(query, after, last, MARKS["trip"])):
            before, standing = self._standing
            already = standing if each.cycle == before + 1 else frozenset()
            self._edges += [(each.utc_s, name) for name in sorted(set(each.trips) - already)]
            self._standing = (each.cycle, frozenset(each.trips))
        self._seq = last

    def _seq_before(self, utc_s: float, last: int) -> int:
        """Return a row at or before ``utc_s``, found by halving: the chain has no index by time."""
        low, high = 0, last
        while high - low > 1:
            middle = (low + high) // 2
            found = list(self._rows("SELECT utc_s FROM audit WHERE seq >= ? ORDER BY seq LIMIT 1", middle))
            if found and float(cast("float", found[0][0])) < utc_s:
                low = middle
            else:
                high = middle
        return low

    def _number(self, query: str) -> int | None:
        return next((int(cast("int", n)) for (n,) in self._rows(query) if n is not None), None)
