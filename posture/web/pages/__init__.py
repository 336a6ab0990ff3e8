"""The pages. Each module has a router; a new one is named here."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from posture.web.pages import (
    audit,
    channels,
    checks,
    doctor,
    exemptions,
    findings,
    frameworks,
    jobs,
    operators,
    overview,
    plans,
    proposing,
    runs,
    schedules,
)

PAGES: Final[tuple[APIRouter, ...]] = (
    overview.router,
    findings.router,
    proposing.router,
    checks.router,
    frameworks.router,
    plans.router,
    exemptions.router,
    runs.router,
    schedules.router,
    jobs.router,
    channels.router,
    audit.router,
    operators.router,
    doctor.router,
)
"""Every router of pages. Whoever asks for one of their addresses must be signed in."""
