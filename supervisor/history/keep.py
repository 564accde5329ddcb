"""Keep the history in shape: roll up what is complete, forget what is old. For the calendar's thread.

Reads on a connection of its own that locks nothing; writes in transactions so short that an intent which waits behind
one keeps its deadline.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection, delete, insert, select

from supervisor.audit.engine import make_engine
from supervisor.audit.tables import HISTORY, ROLLUP
from supervisor.audit.trouble import STORE_ERRORS, StoreError, store_error
from supervisor.history.read import History, HistoryError
from supervisor.history.rollup import HOUR_S, MINUTE_S, Rollup, columns, hours, minutes, start_of

DAY_S = 86_400.0
AGAIN_S = 3_600
"""How far back a roll-up is made anew: cycles that came late out of the spool are counted then."""
BATCH = 200
BUSY_S = 5.0
"""How long a transaction here waits for the audit's, which are short and go first."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long each resolution is kept, days. The audit itself is never shortened."""

    raw_days: float = 7.0
    minute_days: float = 90.0
    hour_days: float = 3_650.0


class Keeper:
    """Rolls up and forgets in the database at ``url``. Raises StoreError; what was done before stays done."""

    def __init__(self, url: str) -> None:
        self._engine = make_engine(url, BUSY_S)
        self._history = History(url)

    def roll_up(self, now_utc_s: float) -> int:
        """Roll up every minute and hour that is over; return how many spans were written."""
        try:
            bounds = self._history.bounds()
            if bounds is None:
                return 0
            end = start_of(now_utc_s, MINUTE_S)
            rolled = self._history.rolled_until(MINUTE_S)
            start = start_of(bounds[0] if rolled is None else max(bounds[0], rolled - AGAIN_S), HOUR_S)
            written = sum(self._roll_hour(hour, end) for hour in range(start, end, HOUR_S))
        except HistoryError as error:
            raise StoreError("other", str(error)) from error
        return written

    def retain(self, now_utc_s: float, policy: Retention | None = None) -> int:
        """Delete what is older than ``policy`` says, raw cycles only once they are rolled up; return how many rows."""
        policy = policy or Retention()
        try:
            rolled = self._history.rolled_until(MINUTE_S)
        except HistoryError as error:
            raise StoreError("other", str(error)) from error
        raw_until = min(now_utc_s - policy.raw_days * DAY_S, float(rolled) if rolled is not None else 0.0)
        gone = self._delete_raw(raw_until)
        for span_s, days in ((MINUTE_S, policy.minute_days), (HOUR_S, policy.hour_days)):
            gone += self._delete_spans(span_s, int(now_utc_s - days * DAY_S))
        return gone

    def _roll_hour(self, start: int, end: int) -> int:
        parts = minutes(cycle.record for cycle in self._history.between(start, min(start + HOUR_S, end)))
        chunk: list[Rollup] = []
        for _, same_start in groupby(parts, key=lambda part: part.start_utc_s):
            chunk += same_start
            if len(chunk) >= BATCH:
                self._replace(chunk)
                chunk = []
        self._replace(chunk)
        whole = hours(parts) if start + HOUR_S <= end else []
        self._replace(whole)
        return len(parts) + len(whole)

    def _replace(self, parts: Sequence[Rollup]) -> None:
        if not parts:
            return
        starts = sorted({part.start_utc_s for part in parts})
        with self._transaction() as connection:
            old = delete(ROLLUP).where(ROLLUP.c.span_s == parts[0].span_s, ROLLUP.c.start_utc_s.in_(starts))
            connection.execute(old)
            connection.execute(insert(ROLLUP), [dict(columns(part)) for part in parts])

    def _delete_raw(self, until_utc_s: float) -> int:
        gone = 0
        while True:
            with self._transaction() as connection:
                old = select(HISTORY.c.seq).where(HISTORY.c.utc_s < until_utc_s).order_by(HISTORY.c.utc_s).limit(BATCH)
                count = connection.execute(delete(HISTORY).where(HISTORY.c.seq.in_(old))).rowcount
            gone += count
            if count < BATCH:
                return gone

    def _delete_spans(self, span_s: int, until_utc_s: int) -> int:
        with self._transaction() as connection:
            old = delete(ROLLUP).where(ROLLUP.c.span_s == span_s, ROLLUP.c.start_utc_s < until_utc_s)
            return connection.execute(old).rowcount

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except STORE_ERRORS as error:
            raise store_error(error) from error
