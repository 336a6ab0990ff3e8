"""The pages. Each module has a router; a new one is named here."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

PAGES: Final[tuple[APIRouter, ...]] = ()
"""Every router of pages. Whoever asks for one of their addresses must be signed in."""
