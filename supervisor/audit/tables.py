"""The tables of the record, as SQLModel declares them. Alembic's migrations make them; a test compares the two."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, Double, Index, LargeBinary, SmallInteger, Table, Text
from sqlmodel import Field, SQLModel


class AuditRow(SQLModel, table=True):
    """One link of the chain (see ``chain.Row``). Triggers refuse UPDATE and DELETE."""

    __tablename__: ClassVar[str] = "audit"
    __table_args__ = (Index("audit_kind_seq", "kind", "seq"),)

    seq: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    utc_s: float = Field(sa_type=Double)
    kind: str = Field(sa_type=Text)
    epoch: int = Field(sa_type=BigInteger)
    body: str = Field(sa_type=Text)
    prev_hash: str = Field(sa_type=Text)
    hash: str = Field(sa_type=Text)


class AuditHead(SQLModel, table=True):
    """One signed head (see ``heads.SignedHead``), kept here as well as outside. Append-only too."""

    __tablename__: ClassVar[str] = "audit_head"

    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    line: str = Field(sa_type=Text)


class HistoryRow(SQLModel, table=True):
    """One cycle, packed (see ``history.pack``)."""

    __tablename__: ClassVar[str] = "history"
    __table_args__ = (Index("history_utc_s", "utc_s"), Index("history_cycle", "cycle"))

    seq: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    """Sequence number of the cycle's audit row."""
    utc_s: float = Field(sa_type=Double)
    cycle: int = Field(sa_type=BigInteger)
    packed: bytes = Field(sa_type=LargeBinary)


class RollupRow(SQLModel, table=True):
    """Smallest, mean and largest good value of one tag over one minute or hour."""

    __tablename__: ClassVar[str] = "rollup"

    span_s: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    tag: str = Field(primary_key=True, sa_type=Text)
    start_utc_s: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    count: int = Field(sa_type=BigInteger)
    low: float = Field(sa_type=Double)
    mean: float = Field(sa_type=Double)
    high: float = Field(sa_type=Double)


metadata = SQLModel.metadata


def _table(model: type[SQLModel]) -> Table:
    return metadata.tables[str(model.__tablename__)]


AUDIT = _table(AuditRow)
HEADS = _table(AuditHead)
HISTORY = _table(HistoryRow)
ROLLUP = _table(RollupRow)
OURS = (AUDIT, HEADS, HISTORY, ROLLUP)
