"""A good record, made once; every test that spoils one works on a copy."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.supervisor.audit.tampering import make_good


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """A good record; every test works on a copy."""
    folder = tmp_path_factory.mktemp("record")
    make_good(f"sqlite:///{folder / 'setwise.db'}", folder / "heads")
    connection = sqlite3.connect(folder / "setwise.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return folder


@pytest.fixture
def record(made, tmp_path) -> Path:
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy"
