"""What happens while a plan is executed, in the order in which it happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from posture.domain.journal import JournalEntry
from posture.domain.plan import Plan, Target


@dataclass(frozen=True, kw_only=True)
class ExecutionStarted:
    """``is_resumed``: an earlier execution of this plan ended without an end."""

    plan: Plan
    is_resumed: bool


@dataclass(frozen=True, kw_only=True)
class TargetStarted:
    target: Target


@dataclass(frozen=True, kw_only=True)
class RequestEnded:
    """One request was answered or lost."""

    target: Target
    entry: JournalEntry


@dataclass(frozen=True, kw_only=True)
class ShownOnce:
    """A code or a new password, told as soon as Graph has answered and before anything is written down about it: it
    is kept nowhere, so whatever goes wrong later, whoever executes has it. ``values`` are by name.
    """

    target: Target
    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Verifying:
    """The tenant does not show the change yet; it is looked at again after ``pause``."""

    target: Target
    pause: timedelta


@dataclass(frozen=True, kw_only=True)
class TargetEnded:
    """``revealed`` holds what was shown once, by name: codes and new passwords. It is kept nowhere."""

    target: Target
    revealed: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ExecutionEnded:
    plan: Plan


ExecutionEvent = (
    ExecutionStarted | TargetStarted | ShownOnce | RequestEnded | Verifying | TargetEnded | ExecutionEnded
)
