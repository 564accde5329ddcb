"""Look through the chain from the newest row back, a page at a time: never the whole table in memory.

Rows are looked at in windows of their numbers, so a question that nothing answers reads no more than ``ROWS_MAX`` rows
before it says how far it got.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from supervisor.audit.chain import Row
from supervisor.audit.lines import Joined, Line, lines
from supervisor.history.read import SqlValue, read_rows

WINDOW: Final = 500
ROWS_MAX: Final = 20_000
"""Rows that one page looks through at most: some 20 MB of text, a tenth of a second."""
SLACK: Final = 50
"""An answer, or the outcome of a write, stands so many rows further on at the latest."""
_COLUMNS: Final = "seq, utc_s, kind, epoch, body, prev_hash, hash"
_NONE: Final = {name: f'%"{name}":[]%' for name in ("requests", "answers", "refusals", "trips")}
"""How canonical JSON says that there is none; in a text its quotes would be escaped, so nobody can write it there."""
_EMPTY: Final = "body LIKE ? AND body LIKE ?"
KINDS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "people": (f"kind IN ('cycle', 'spooled') AND NOT ({_EMPTY})", (_NONE["requests"], _NONE["answers"])),
    "writes": ("kind IN ('intent', 'outcome')", ()),
    "gate": (f"kind IN ('cycle', 'spooled') AND NOT ({_EMPTY})", (_NONE["refusals"], _NONE["trips"])),
    "record": ("kind NOT IN ('cycle', 'intent', 'outcome')", ()),
    "all": (f"(kind <> 'cycle' OR NOT ({_EMPTY} AND {_EMPTY}))", tuple(_NONE.values())),
}
"""What people look for, as SQL; ``all`` leaves out the cycles in which nobody asked and nothing was refused."""
_ACTIONS: Final = {
    "writes": frozenset({"write", "outcome"}),
    "gate": frozenset({"refusal", "trip"}),
    "record": frozenset({"opened", "resolved", "stored_late", "damaged"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; an empty text is anything."""

    kind: str = "people"
    """A key of ``KINDS``."""
    who: str = ""
    """Part of a name, in any case."""
    action: str = ""
    since_utc_s: float | None = None
    until_utc_s: float | None = None

    def has(self, line: Line) -> bool:
        """Return whether ``line`` is looked for."""
        of_kind = self.kind == "all" or (
            line.person or line.action == "answer" if self.kind == "people" else line.action in _ACTIONS[self.kind]
        )
        named = self.who.casefold() in line.who.casefold() and self.action in ("", line.action)
        late = self.since_utc_s is None or line.utc_s >= self.since_utc_s
        return of_kind and named and late and (self.until_utc_s is None or line.utc_s < self.until_utc_s)


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, the newest first."""

    lines: tuple[Line, ...]
    before: int | None
    """Go on before this row; None where nothing is left."""


class Browse:
    """The chain in the database at ``url``. Opens it anew for each question; raises HistoryError."""

    def __init__(self, url: str) -> None:
        self._url = url

    def newest(self) -> Row | None:
        """Return the last row."""
        return next(self._rows("1 = 1 ORDER BY seq DESC LIMIT 1"), None)

    def last(self, kind: str) -> Row | None:
        """Return the newest row of ``kind``."""
        return next(self._rows("kind = ? ORDER BY seq DESC LIMIT 1", kind), None)

    def head(self) -> str | None:
        """Return the newest signed head's line."""
        found = read_rows(self._url, "SELECT line FROM audit_head ORDER BY number DESC LIMIT 1")
        return next((str(line) for (line,) in found), None)

    def page(self, wanted: Wanted, before: int | None = None, most: int = 100) -> Page:
        """Return ``most`` lines, or somewhat more: a row is never torn."""
        found: list[Line] = []
        looked = 0
        for low, several in self.windows(wanted, before):
            looked += WINDOW
            for seq, of_row in several:
                found += of_row
                if len(found) >= most:
                    return Page(tuple(found), seq if seq > 1 else None)
            if low <= 1:
                return Page(tuple(found), None)
            if looked >= ROWS_MAX:
                return Page(tuple(found), low)
        return Page(tuple(found), None)

    def windows(self, wanted: Wanted, before: int | None = None) -> Iterator[tuple[int, list[tuple[int, list[Line]]]]]:
        """Yield the first row's number of each window, and the lines in it by row, the newest first."""
        end = self.after(wanted.until_utc_s) if wanted.until_utc_s is not None else self._end()
        high = min(end, before) if before is not None else end
        stop = self.after(wanted.since_utc_s) if wanted.since_utc_s is not None else 1
        where, values = KINDS[wanted.kind]
        while high > stop:
            low = max(high - WINDOW, stop, 1)
            rows = list(self._rows(f"seq >= ? AND seq < ? AND {where} ORDER BY seq", low, high + SLACK, *values))
            joined = Joined.of(rows)
            yield (
                low,
                [
                    (row.seq, kept)
                    for row in reversed(rows)
                    if row.seq < high and (kept := [line for line in lines(row, joined) if wanted.has(line)])
                ],
            )
            high = low

    def after(self, utc_s: float) -> int:
        """Return the number of the first row that is not before ``utc_s``.

        Found by halving: as long as the machine's clock was not set back, rows stand in the order of their times.
        """
        low, high = 1, self._end()
        while low < high:
            middle = (low + high) // 2
            row = next(self._rows("seq >= ? ORDER BY seq LIMIT 1", middle), None)
            if row is None or row.utc_s >= utc_s:
                high = middle
            else:
                low = middle + 1
        return low

    def _end(self) -> int:
        newest = self.newest()
        return newest.seq + 1 if newest is not None else 1

    def _rows(self, where: str, *values: SqlValue) -> Iterator[Row]:
        query = f"SELECT {_COLUMNS} FROM audit WHERE {where}"  # noqa: S608 - our own texts; what is asked for is bound
        for columns in read_rows(self._url, query, *values):
            yield Row(*columns)  # type: ignore[arg-type]  # ``lines`` takes nothing for granted
