"""Check the record from outside: the chain, every gap, every signed head, every intent without outcome.

Stand-alone: the standard library's sqlite3 (or psycopg), the signature check, and the hash rule of ``audit.chain``;
nothing of the program that wrote the record. Rows are streamed. ``python -m supervisor.audit.verify DATABASE HEADS``.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from supervisor.audit.chain import EMPTY, Row, SignedHead, Tail, follow, head_message, parse_head

HEAD_OLD_S = 900.0
"""A newest head older than this is worth a word: what came after it is only chained."""
PROBLEMS_MAX = 100
BATCH = 2_000
_ROWS = "SELECT seq, utc_s, kind, epoch, body, prev_hash, hash FROM audit ORDER BY seq"
_HEADS = "SELECT number, line FROM audit_head ORDER BY number"
_GUARDS = {"audit_no_update", "audit_no_delete", "audit_no_replace"} | {
    "audit_head_no_update",
    "audit_head_no_delete",
    "audit_head_no_replace",
}
_GUARDS_POSTGRESQL = {("audit", "audit_append_only"), ("audit_head", "audit_head_append_only")}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that must not be."""

    seq: int | None
    """Row it is about; None where it is about heads or the database as a whole."""
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was found."""

    rows: int
    heads: int
    first_broken: int | None
    """Lowest row that is not as it was written; None where the chain is intact."""
    problems: tuple[Problem, ...]
    open_intents: tuple[int, ...]
    """Intents without an outcome: not tampering, but questions to be closed at the next start."""
    head_age_s: float | None
    """Seconds since the newest head; None where there is none."""
    notes: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether nothing contradicts the record."""
        return not self.problems

    def text(self) -> str:
        """Return the report as lines, the verdict first."""
        if self.intact:
            lines = [f"chain intact, {_spaced(self.rows)} rows, {_spaced(self.heads)} signed heads"]
        else:
            where = "" if self.first_broken is None else f" at row {_spaced(self.first_broken)}"
            lines = [f"CHAIN BROKEN{where}, {_spaced(self.rows)} rows read, {len(self.problems)} problems"]
            lines += [p.what if p.seq is None else f"row {_spaced(p.seq)}: {p.what}" for p in self.problems]
        if self.open_intents:
            shown = ", ".join(map(str, self.open_intents[:10])) + (" ..." if len(self.open_intents) > 10 else "")  # noqa: PLR2004
            lines.append(f"{len(self.open_intents)} intents without outcome: rows {shown}")
        return "\n".join([*lines, *self.notes])


@dataclass(slots=True)
class _Findings:
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    first_broken: int | None = None

    def broken(self, seq: int, what: str) -> None:
        if self.first_broken is None or seq < self.first_broken:
            self.first_broken = seq
        self.add(Problem(seq, what))

    def add(self, problem: Problem) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(problem)


def verify(database: str, heads: Path, now_utc_s: float) -> Report:
    """Check the record in ``database`` (path, ``sqlite:///`` or ``postgresql://`` URL) against the folder of heads.

    Never raises for what it finds in the record: an unreadable database is a problem in the report.
    """
    found = _Findings()
    key = _public_key(heads, found)
    # The file is read before the rows and again after: the record may grow meanwhile, but never behind a head.
    before = _file_heads(heads, key, found)
    rows, pending, kept = 0, dict[int, None](), dict[int, str]()
    try:
        with _opened(database) as source:
            found.problems += [Problem(None, what) for what in source.faults()]
            rows, pending = _chain(source.rows(), before, found)
            kept = dict(source.heads())
    except (sqlite3.Error, psycopg.Error, OSError) as error:
        found.add(Problem(None, f"database cannot be read: {error}"))
    after = {head.number: head for head in _file_heads(heads, key, _Findings())}
    _compare_heads(kept, after, found)
    newest = before[-1] if before else None
    age = None if newest is None else now_utc_s - newest.utc_s
    _say_age(age, newest, rows, found)
    return Report(rows, len(before), found.first_broken, tuple(found.problems), tuple(pending), age, tuple(found.notes))


def _chain(rows: Iterable[Row], heads: list[SignedHead], found: _Findings) -> tuple[int, dict[int, None]]:
    """Follow the chain; after a break go on from what stands there, so that every break is named."""
    signed: dict[int, list[SignedHead]] = {}
    for head in heads:
        signed.setdefault(head.seq, []).append(head)
    count, tail, pending = 0, EMPTY, dict[int, None]()
    for row in rows:
        count += 1
        if (fault := follow(row, tail)) is not None:
            seq = row.seq if type(row.seq) is int else tail.seq + 1
            found.broken(min(seq, tail.seq + 1), fault)
            tail = Tail(seq, str(row.hash))
        else:
            tail = Tail(row.seq, row.hash)
        for head in signed.pop(tail.seq, ()):
            if head.hash != tail.hash:
                found.broken(tail.seq, f"written anew: head {head.number} signed another hash for this row")
        _count_intent(row, pending, found)
    for missing in sorted(signed):
        if missing > 0:
            numbers = ", ".join(str(head.number) for head in signed[missing])
            what = f"cut off: head {numbers} signed row {missing}, which is not there"
            found.broken(min(missing, tail.seq + 1), what)
    return count, pending


def _count_intent(row: Row, pending: dict[int, None], found: _Findings) -> None:
    if row.kind == "intent":
        pending[row.seq] = None
    elif row.kind in ("outcome", "spooled"):
        closed = _closed(row)
        if closed is None:
            return
        if closed in pending:
            del pending[closed]
        else:
            found.add(Problem(row.seq, f"outcome of intent {closed}, which is not open"))


def _closed(row: Row) -> int | None:
    try:
        body = json.loads(row.body)
        if row.kind == "spooled":
            body = body["body"] if body["was"] == "outcome" else {}
        intent = body.get("intent_seq")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # the chain has said already that this row is not what was written
    return intent if isinstance(intent, int) else None


def _public_key(folder: Path, found: _Findings) -> Ed25519PublicKey | None:
    try:
        key = load_pem_public_key((folder / "signing.pub").read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        found.add(Problem(None, f"no public key in {folder}: {error}"))
        return None
    if not isinstance(key, Ed25519PublicKey):
        found.add(Problem(None, f"the public key in {folder} is not an Ed25519 key"))
        return None
    return key


def _file_heads(folder: Path, key: Ed25519PublicKey | None, found: _Findings) -> list[SignedHead]:
    """Return the file's heads whose signature holds; report the others and every gap between them."""
    try:
        lines = (folder / "heads.jsonl").read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        found.add(Problem(None, f"heads cannot be read: {error}"))
        return []
    heads: list[SignedHead] = []
    torn = 0
    for line in lines:
        head = parse_head(line)
        if head is None:
            torn += 1
        elif not _signed(head, key):
            found.add(Problem(None, f"head {head.number}: signature does not hold"))
        else:
            expected = (heads[-1].number + 1, heads[-1].signature) if heads else (1, "")
            if (head.number, head.previous) != expected:
                found.add(Problem(None, f"head {head.number}: expected head {expected[0]}; heads are missing"))
            heads.append(head)
    if torn:
        found.notes.append(f"{torn} unreadable lines among the heads (a power cut leaves one); none is missing between")
    return heads


def _signed(head: SignedHead, key: Ed25519PublicKey | None) -> bool:
    if key is None:
        return False
    try:
        key.verify(
            bytes.fromhex(head.signature),
            head_message(head.number, head.seq, head.hash, head.utc_s, head.previous),
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _compare_heads(kept: Mapping[int, str], outside: Mapping[int, SignedHead], found: _Findings) -> None:
    for number, line in kept.items():
        head = parse_head(line)
        if number not in outside:
            found.add(Problem(None, f"head {number} is in the database but not in the file: the file was cut off"))
        elif head != outside[number]:
            found.add(Problem(None, f"head {number} differs between the database and the file"))


def _say_age(age_s: float | None, newest: SignedHead | None, rows: int, found: _Findings) -> None:
    if newest is None or age_s is None:
        found.notes.append("no signed head yet: only the chain itself was checked")
    elif age_s > HEAD_OLD_S:
        found.notes.append(
            f"last signed head is {age_s / 60:.0f} min old; the {_spaced(max(rows - newest.seq, 0))} rows after it are "
            "chained but not signed"
        )


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


class _Sqlite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.text_factory = _text
        connection.execute("BEGIN")

    def rows(self) -> Iterator[Row]:
        cursor = self._connection.execute(_ROWS)
        while batch := cursor.fetchmany(BATCH):
            for columns in batch:
                yield Row(*columns)

    def heads(self) -> Iterator[tuple[int, str]]:
        yield from self._connection.execute(_HEADS)

    def faults(self) -> list[str]:
        guards = {name for (name,) in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        return [f"trigger {name} was dropped" for name in sorted(_GUARDS - guards)]


class _Postgresql:
    def __init__(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self._connection = connection

    def rows(self) -> Iterator[Row]:
        with self._connection.cursor("verify") as cursor:
            cursor.itersize = BATCH
            for columns in cursor.execute(_ROWS):
                yield Row(*columns)  # type: ignore[arg-type]  # ``follow`` checks every type

    def heads(self) -> Iterator[tuple[int, str]]:
        for number, line in self._connection.execute(_HEADS):
            yield int(str(number)), str(line)

    def faults(self) -> list[str]:
        query = (
            "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE NOT tgisinternal AND tgenabled <> 'D'"
        )
        guards = {(str(table), str(name)) for table, name in self._connection.execute(query)}
        return [f"trigger {name} was dropped" for _, name in sorted(_GUARDS_POSTGRESQL - guards)]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


@contextmanager
def _opened(database: str) -> Iterator[_Sqlite | _Postgresql]:
    if database.startswith(("postgresql", "postgres")):
        plain = "postgresql://" + database.partition("://")[2]
        with psycopg.connect(plain, connect_timeout=5, options="-c default_transaction_read_only=on") as server:
            server.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield _Postgresql(server)
        return
    path = Path(database.removeprefix("sqlite:///"))
    # Read-only: a verifier must not be able to change what it judges, nor make an empty file where there is none.
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5.0)) as file:
        file.isolation_level = None
        yield _Sqlite(file)


def main() -> None:
    """Entry of the command: exit 0 where the record is intact, 1 where it is not."""
    database = sys.argv[1] if sys.argv[1] != "-" else os.environ["SETWISE_DATABASE"]  # keeps a password out of ps
    report = verify(database, Path(sys.argv[2]), time.time())
    sys.stdout.write(report.text() + "\n")
    raise SystemExit(0 if report.intact else 1)


if __name__ == "__main__":
    main()
