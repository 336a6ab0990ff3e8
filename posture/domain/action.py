"""An action as the engine uses it: loaded, linted, its meaning fixed. What it changes in a tenant are its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import NewType

from posture.domain.check import Parameter
from posture.domain.judgement import Value
from posture.domain.operator import Role

ActionId = NewType("ActionId", str)


class Risk(StrEnum):
    """What is left to regret. It sets the least number of people who must approve."""

    REVERSIBLE = "reversible"
    DISRUPTIVE = "disruptive"
    DESTRUCTIVE = "destructive"

    @property
    def people(self) -> int:
        """The least number of people who must approve."""
        return 2 if self is Risk.DESTRUCTIVE else 1


@dataclass(frozen=True, kw_only=True)
class Guard:
    """A condition on live data that must be TRUE before acting. ``refuse`` is the sentence shown otherwise."""

    id: str
    require: str
    refuse: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One kind of Graph request.

    ``path`` is below the version root and may hold ``{resource_id}``, ``{name}`` of a parameter and, with
    ``for_each``, of its columns; all are percent-encoded. ``for_each`` is a SELECT over the live tables: the step is
    sent once for each row; None sends it once. In ``body`` a text that is just ``{name}`` stands for the value
    itself, and ``{name}`` inside a text for its text; ``{graph}`` is the version root.

    ``ok`` are the statuses that mean "it is as wished now". ``later`` are those that a later pass may heal:
    with ``passes`` above 1 the live tables are read again and what is left is sent again. ``may_repeat`` says that
    sending it twice does no more than sending it once. ``keep`` names properties of the answer that undoing needs;
    ``reveal`` the one that is shown once to whoever executes, and kept nowhere.
    """

    id: str
    method: str
    path: str
    for_each: str | None
    body: Mapping[str, Value] | None
    ok: frozenset[int]
    later: frozenset[int]
    passes: int
    may_repeat: bool
    keep: tuple[str, ...]
    reveal: str | None


@dataclass(frozen=True, kw_only=True)
class Verify:
    """What to read afterwards and for how long; exactly one of ``until`` and ``until_gone`` is set.

    ``until`` is a condition over the live tables, ``until_gone`` a table that must have no row left.
    """

    within: timedelta
    until: str | None
    until_gone: str | None


@dataclass(frozen=True, kw_only=True)
class Undo:
    """How to take an action back, from what was kept of it. ``within`` is how long that is possible.

    Its SQL may also read the tables of the schema ``before``, as they were just before acting, and the table
    ``answers`` (``step_id``, and one text column for each property that a step keeps).
    """

    within: timedelta
    guards: tuple[Guard, ...]
    done_when: str
    steps: tuple[Step, ...]
    verify: Verify


@dataclass(frozen=True, kw_only=True)
class ApprovalRule:
    """Whose yes is needed: how many people, of at least which role, and how long a yes counts."""

    people: int
    role: Role
    valid_for: timedelta


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much at once. ``share`` is of all resources of the kind in the tenant, 0 to 1.

    ``per_run`` bounds the targets of one plan, ``per_day`` those of the last 24 hours in the tenant. ``failures`` is
    how many targets may fail before a plan ends.
    """

    per_run: int
    per_day: int
    share: float
    failures: int


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action file. ``version`` is a hash of what it does: an edited file is another version.

    ``permissions`` are the application permissions that its steps need, all together; ``directory_role`` is the role
    that Graph wants of the caller besides, as a sentence, or None. ``home`` is the table whose one row is the
    resource; conditions are read over that row. ``reads`` maps each live table to what it is read for: None for the
    resource, else the parameter that holds the id. ``undo`` is None if ``undo_impossible_because`` says why.
    ``path`` is where the file was read; ``is_local`` tells a user's own directory from the shipped ones.
    """

    id: ActionId
    version: str
    title: str
    resource: str
    risk: Risk
    effect: str
    permissions: tuple[str, ...]
    directory_role: str | None
    parameters: tuple[Parameter, ...]
    secrets: tuple[str, ...]
    home: str
    reads: Mapping[str, str | None]
    guards: tuple[Guard, ...]
    done_when: str
    steps: tuple[Step, ...]
    verify: Verify
    undo: Undo | None
    undo_impossible_because: str | None
    approval: ApprovalRule
    limits: Limits
    path: Path
    is_local: bool

    @property
    def reveals(self) -> tuple[str, ...]:
        """The names of what it makes for a person: shown once to whoever executes it, and kept nowhere.

        Undoing it reveals nothing."""
        return (*(step.reveal for step in self.steps if step.reveal is not None), *self.secrets)
