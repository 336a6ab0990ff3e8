"""The pages. Each module has a router; a new one is named here."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from posture.web.pages import checks, findings, frameworks, overview, proposing

PAGES: Final[tuple[APIRouter, ...]] = (
    overview.router,
    findings.router,
    proposing.router,
    checks.router,
    frameworks.router,
)
"""Every router of pages. Whoever asks for one of their addresses must be signed in."""
