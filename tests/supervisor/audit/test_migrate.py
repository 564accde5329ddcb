"""The migrations make exactly the tables that the code declares."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from supervisor.audit import migrate
from supervisor.audit.engine import make_engine
from supervisor.audit.store import Store
from supervisor.audit.tables import OURS, metadata
from supervisor.audit.trouble import StoreError


def test_head_is_the_newest_revision():
    from pathlib import Path

    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    assert scripts.get_current_head() == migrate.HEAD


def test_migrated_tables_are_the_declared_ones(url):
    engine = make_engine(url)
    with engine.begin() as connection:
        migrate.upgrade(connection)
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": lambda thing, name, kind, *_: kind != "table" or name in {t.name for t in OURS},
            },
        )
        assert compare_metadata(context, metadata) == []
        assert migrate.version(connection) == migrate.HEAD


def test_upgrading_twice_changes_nothing(url):
    for _ in range(2):
        store = Store(url)
        store.append("note", {}, 1.0)
        store.close()


def test_a_database_of_a_newer_version_is_refused(url, execute):
    store = Store(url)
    store.append("note", {}, 1.0)
    store.close()
    execute(url, "UPDATE alembic_version SET version_num = 'r9999'")
    with pytest.raises(StoreError) as trouble:
        Store(url).append("note", {}, 2.0)
    assert trouble.value.reason == "schema"
    assert execute(url, "SELECT count(*) FROM audit") == [(2,)]


def test_an_upgrade_that_fails_leaves_nothing(url):
    engine = make_engine(url)
    with pytest.raises(RuntimeError, match="stop"), engine.begin() as connection:
        migrate.upgrade(connection)
        raise RuntimeError("stop")
    with engine.begin() as connection:
        assert migrate.version(connection) is None
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one() == 0
