"""Many cycles at little cost: what the chain itself says of them, without unpacking; and the way from one to the next.

Every question is bounded by a number of rows, so that no page can make the record work for long.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from safety.signals import Mode
from supervisor.history.pack import PackError, StoredCycle, readings, unpack
from supervisor.history.read import History

Mark = Literal["refusal", "answer", "trip", "alarm", "alarm_step"]
MARKS: Mapping[Mark, str] = {
    "refusal": '%"refusals":[{%',
    "answer": '%"answers":[{%',
    "trip": '%"trips":["%',
    "alarm": '%"alarms":[{%',
    "alarm_step": '%"alarm_steps":[{%',
}
"""How the body of a cycle's row reads where it holds one: it is canonical JSON, without spaces."""
ROWS_MAX = 60_000
"""Rows of the chain that one search looks at: about four days of cycles of 15 s that all write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortCycle:
    """What the chain says of one cycle."""

    cycle: int
    utc_s: float
    requested: Mode
    actual: Mode
    limits: Mapping[str, tuple[float | None, float | None]]
    """None where there is none."""
    trips: tuple[str, ...]
    alarms: tuple[Mapping[str, str], ...]
    """Those that came or went: ``code``, ``subject``, ``priority``, ``state``, ``text``."""
    answers: tuple[Mapping[str, object], ...]
    """``id``, ``accepted``, ``why``."""


class ShortHistory(History):
    """The same record, read through its chain. Raises HistoryError."""

    def neighbours(self, utc_s: float) -> tuple[float | None, float | None]:
        """Return the times of the cycles before and after the one at ``utc_s``; None where there is none."""
        before = "SELECT utc_s FROM history WHERE utc_s < ? ORDER BY utc_s DESC LIMIT 1"
        after = "SELECT utc_s FROM history WHERE utc_s > ? ORDER BY utc_s LIMIT 1"
        return self._time(before, utc_s), self._time(after, utc_s)

    def last_with(self, mark: Mark, before_utc_s: float) -> float | None:
        """Return when the newest cycle before ``before_utc_s`` was that holds ``mark``; None where none does among the
        newest ``ROWS_MAX`` rows.
        """
        query = (
            "SELECT utc_s, body FROM audit WHERE kind IN ('cycle', 'spooled') AND utc_s < ? "
            "AND seq > (SELECT MAX(seq) FROM audit) - ? AND body LIKE ? ORDER BY seq DESC LIMIT 1"
        )
        found = cycles_of(self._rows(query, before_utc_s, ROWS_MAX, MARKS[mark]))
        return found[0].utc_s if found else None

    def marked(self, mark: Mark, start_utc_s: float, limit: int) -> list[ShortCycle]:
        """Return the newest ``limit`` cycles since ``start_utc_s`` that hold ``mark``, oldest first."""
        first = list(self._rows("SELECT seq FROM history WHERE utc_s >= ? ORDER BY utc_s LIMIT 1", start_utc_s))
        if not first:
            return []
        query = (
            "SELECT utc_s, body FROM audit WHERE kind IN ('cycle', 'spooled') AND seq >= ? "
            "AND seq > (SELECT MAX(seq) FROM audit) - ? AND body LIKE ? ORDER BY seq DESC LIMIT ?"
        )
        return cycles_of(self._rows(query, first[0][0], ROWS_MAX, MARKS[mark], limit))[::-1]

    def short(self, start_utc_s: float, end_utc_s: float, every: int = 1) -> list[ShortCycle]:
        """Return every ``every``-th cycle of [start, end), oldest first."""
        query = (
            "SELECT a.utc_s, a.body FROM history h JOIN audit a ON a.seq = h.seq WHERE h.utc_s >= ? AND h.utc_s < ? "
            "AND h.cycle - (h.cycle / ?) * ? = 0 ORDER BY h.utc_s, h.seq"
        )
        return cycles_of(self._rows(query, start_utc_s, end_utc_s, every, every))

    def count(self, start_utc_s: float, end_utc_s: float) -> int:
        """Return how many raw cycles there are in [start, end)."""
        query = "SELECT COUNT(*) FROM history WHERE utc_s >= ? AND utc_s < ?"
        return next((int(cast("int", n)) for (n,) in self._rows(query, start_utc_s, end_utc_s)), 0)

    def newest_first(self, before_utc_s: float, limit: int) -> Iterator[StoredCycle]:
        """Yield at most ``limit`` cycles before ``before_utc_s``, the newest first; a damaged one is left out."""
        query = "SELECT packed FROM history WHERE utc_s < ? ORDER BY utc_s DESC, seq DESC LIMIT ?"
        for (blob,) in self._rows(query, before_utc_s, limit):
            try:
                yield unpack(cast("bytes", blob))
            except PackError:
                continue

    def newest_readings(
        self, start_utc_s: float, end_utc_s: float, limit: int
    ) -> Iterator[tuple[float, Mapping[str, tuple[float | None, str, str]]]]:
        """Yield time and readings of the newest ``limit`` cycles of [start, end), the newest first."""
        query = "SELECT utc_s, packed FROM history WHERE utc_s >= ? AND utc_s < ? ORDER BY utc_s DESC, seq DESC LIMIT ?"
        yield from self._readings(query, start_utc_s, end_utc_s, limit)

    def first_readings(
        self, start_utc_s: float, end_utc_s: float, limit: int
    ) -> Iterator[tuple[float, Mapping[str, tuple[float | None, str, str]]]]:
        """Yield time and readings of the oldest ``limit`` cycles of [start, end), the oldest first."""
        query = "SELECT utc_s, packed FROM history WHERE utc_s >= ? AND utc_s < ? ORDER BY utc_s, seq LIMIT ?"
        yield from self._readings(query, start_utc_s, end_utc_s, limit)

    def cycles_with(self, mark: Mark, start_utc_s: float, end_utc_s: float, limit: int) -> list[StoredCycle]:
        """Return the newest ``limit`` cycles of [start, end) that hold ``mark``, oldest first; a damaged one is left
        out. It reads the chain of the whole span: ``count`` says how long that is.
        """
        query = (
            "SELECT h.packed FROM history h JOIN audit a ON a.seq = h.seq WHERE h.utc_s >= ? AND h.utc_s < ? "
            "AND a.body LIKE ? ORDER BY h.utc_s DESC, h.seq DESC LIMIT ?"
        )
        found = []
        for (blob,) in self._rows(query, start_utc_s, end_utc_s, MARKS[mark], limit):
            try:
                found.append(unpack(cast("bytes", blob)))
            except PackError:
                continue
        return found[::-1]

    def rows(self, after: int | None, limit: int) -> list[tuple[int, float, str, int, str, str, str]]:
        """Return rows of the chain, the oldest first: the ``limit`` after number ``after``, or the newest ones.

        Each: number, time, kind, epoch, body (canonical JSON), hash of the row before, hash.
        """
        columns = "SELECT seq, utc_s, kind, epoch, body, prev_hash, hash FROM audit"
        if after is not None:
            found = self._rows(f"{columns} WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)
            return cast("list[tuple[int, float, str, int, str, str, str]]", list(found))
        found = self._rows(f"{columns} ORDER BY seq DESC LIMIT ?", limit)
        return cast("list[tuple[int, float, str, int, str, str, str]]", list(found)[::-1])

    def _readings(
        self, query: str, *values: float
    ) -> Iterator[tuple[float, Mapping[str, tuple[float | None, str, str]]]]:
        for utc_s, blob in self._rows(query, *values):
            try:
                yield float(cast("float", utc_s)), readings(cast("bytes", blob))
            except PackError:
                continue

    def intent_hashes(self, seq: int) -> tuple[str, str]:
        """Return the hashes of plant file and limits that the intent in row ``seq`` was judged by; empty where it is
        no intent.
        """
        for (body,) in self._rows("SELECT body FROM audit WHERE seq = ? AND kind = 'intent'", seq):
            found = json.loads(str(body))
            return str(found.get("config_hash", "")), str(found.get("limits_hash", ""))
        return "", ""

    def _time(self, query: str, *values: float | str) -> float | None:
        found = [
            float(cast("float", utc_s)) for (utc_s,) in self._rows(query, *values)
        ]  # read to its end: it is closed
        return found[0] if found else None


def cycles_of(rows: Iterable[tuple[object, ...]]) -> list[ShortCycle]:
    """Return the cycles that rows (time, body) of the chain tell; one that came late out of the spool says when it was,
    and rows of other kinds say nothing here.
    """
    found = []
    for utc_s, text in rows:
        body = json.loads(str(text))
        if body.get("was") == "cycle":
            utc_s, body = body["at"], body["body"]  # noqa: PLW2901 - the row's own time is when it was taken in
        if "mode" in body:
            found.append(_cycle(float(cast("float", utc_s)), body))
    return found


def _cycle(utc_s: float, body: Mapping[str, object]) -> ShortCycle:
    mode = cast("Mapping[str, int]", body["mode"])
    limits = cast("Mapping[str, tuple[object, object]]", body.get("limits", {}))
    return ShortCycle(
        cycle=cast("int", body["cycle"]),
        utc_s=utc_s,
        requested=Mode(mode["requested"]),
        actual=Mode(mode["actual"]),
        limits={name: (_limit(lo), _limit(hi)) for name, (lo, hi) in limits.items()},
        trips=tuple(cast("list[str]", body.get("trips", []))),
        alarms=tuple(cast("list[Mapping[str, str]]", body.get("alarms", []))),
        answers=tuple(cast("list[Mapping[str, object]]", body.get("answers", []))),
    )


def _limit(raw: object) -> float | None:
    """Return a finite limit; those that JSON lacks travel as text."""
    return float(raw) if isinstance(raw, int | float) else None
