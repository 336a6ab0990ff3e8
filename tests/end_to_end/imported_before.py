"""Imports what a worker imports when it comes to it, so that forked processes need not."""

from __future__ import annotations

from importlib import import_module

from .execute_when_told import IMPORTED_BEFORE

for name in (*IMPORTED_BEFORE, "posture.web.app", "posture.web.serving", "alembic.command"):
    import_module(name)
