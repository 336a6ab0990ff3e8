"""Imports what a worker imports when it comes to it, and reads the checks, so that forked processes need not."""

from __future__ import annotations

from importlib import import_module

from posture.bootstrap import dictionary
from posture.definitions.catalog import load_catalog

from .execute_when_told import IMPORTED_BEFORE

for name in (*IMPORTED_BEFORE, "posture.web.app", "posture.web.serving", "alembic.command"):
    import_module(name)
load_catalog([], dictionary())  # checks whose text has not changed are not loaded again
