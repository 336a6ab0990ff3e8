"""Alembic's entry: run the steps on the connection and in the transaction that ``posture.store.migrate`` opened."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
