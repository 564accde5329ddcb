"""Bring the schema up to this version's. Alembic, slow to import, is imported only when there is something to do."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from supervisor.audit.trouble import StoreError

HEAD = "r0001"
"""Newest revision under ``migrations/versions``; a test compares."""


def upgrade(connection: Connection) -> None:
    """Upgrade the database behind ``connection`` inside its transaction, where it is not current.

    Raises StoreError("schema") for a database that a newer Setwise made, and sqlalchemy errors.
    """
    if connection.dialect.name == "postgresql":  # SQLite: BEGIN IMMEDIATE has let in one opener only
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('setwise.migrate'))"))
    if version(connection) == HEAD:
        return
    # About 0.9 s on a plant PC, paid once in the life of a database.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError("schema", str(error)) from error


def version(connection: Connection) -> str | None:
    """Return the revision that the database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)
