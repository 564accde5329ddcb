"""Alembic's entry: runs on the connection that the store hands over, inside the store's transaction."""

from __future__ import annotations

from alembic import context

from supervisor.audit.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
