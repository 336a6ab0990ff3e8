"""What proposing, approving and executing need from the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from posture.definitions.compiled import CompiledCheck
from posture.domain.action import ActionId
from posture.domain.audit import AuditEvent
from posture.domain.check import ParameterValue
from posture.domain.finding import Finding
from posture.domain.job import Job
from posture.domain.journal import BeforeImage, JournalEntry
from posture.domain.judgement import Value
from posture.domain.notice import Notice
from posture.domain.operator import Operator
from posture.domain.plan import Plan, PlanState, Target
from posture.domain.reading import Page
from posture.domain.request import Answered, GraphRequest, Lost
from posture.domain.switch import Stop
from posture.tables.table import WantedTable


@dataclass(frozen=True, kw_only=True)
class PlanQuery:
    """Which plans to list, newest first; an empty tuple or None sets no condition."""

    tenant_ids: tuple[str, ...] = ()
    states: tuple[PlanState, ...] = ()
    limit: int | None = None


class ActingUnit(Protocol):
    """One transaction over plans, operators, switches and the audit; leaving it without an exception commits.

    Two units never overlap: what one read is still true when it writes.
    """

    def add_plan(self, plan: Plan) -> None: ...

    def plan(self, plan_id: str) -> Plan | None:
        """Return a plan by its whole id."""

    def plans_with_prefix(self, prefix: str) -> Sequence[Plan]: ...

    def plans(self, query: PlanQuery) -> Sequence[Plan]: ...

    def save_plan(self, plan: Plan, *, was: PlanState) -> bool:
        """Write state, approvals and times of a plan if it still is in the state ``was``; say whether it was.

        Targets are not touched.
        """

    def claim(self, plan: Plan, *, was: PlanState, worker: str) -> bool:
        """Write the plan, which now is executing, and that ``worker`` executes it, if it still is in state ``was``.

        A plan that was executing is taken over from its former worker, who can then write nothing more.
        """

    def require_claim(self, plan_id: str, *, worker: str) -> None:
        """Return if the worker still executes the plan.

        Raises:
            ClaimLost: another worker has taken it over.
        """

    def save_target(self, plan_id: str, target: Target) -> None: ...

    def acted_since(self, tenant_id: str, action: ActionId, since: datetime) -> int:
        """Count the targets of an action in a tenant that ended since then with something sent, and those that
        still wait in plans not ended yet."""

    def sent_since(self, tenant_id: str, action: ActionId, since: datetime) -> int:
        """Count the targets of an action in a tenant for which something was sent since then."""

    def write_entry(self, entry: JournalEntry) -> None:
        """Insert or update a journal entry, by plan, target and number."""

    def entries(self, plan_id: str) -> Sequence[JournalEntry]:
        """Return the journal of a plan, by target and number."""

    def save_image(self, image: BeforeImage) -> None: ...

    def image(self, plan_id: str, target: int) -> BeforeImage | None: ...

    def finding(self, fingerprint: str) -> Finding | None: ...

    def stops(self) -> Sequence[Stop]:
        """Return the switches that are off now, the global one first."""

    def set_stop(self, stop: Stop) -> None:
        """Stop all actions, or those of one tenant; does nothing if they are stopped already."""

    def clear_stop(self, tenant_id: str | None) -> None: ...

    def add_operator(self, operator: Operator, *, token_hash: str) -> None:
        """Record an operator.

        Raises:
            UsageError: there is an active operator of that name, in any case.
        """

    def operator_by_token(self, token_hash: str) -> Operator | None: ...

    def operator_by_subject(self, subject: str) -> Operator | None:
        """Return who signs in with an OpenID provider as ``issuer|sub``, active or not; of several the last added."""

    def change_operator(self, operator: Operator) -> None:
        """Write role, account, end, tenants and scopes of an operator on record, found by name and ``added_at``.

        Raises:
            ValueError: there is none.
        """

    def operators(self) -> Sequence[Operator]: ...

    def revoke_operator(self, name: str, *, at: datetime) -> bool:
        """End an operator's token; False if there is no active operator of that name."""

    def note_settings(self, digest: str, *, summary: Mapping[str, Value], at: datetime) -> None:
        """Record that the configuration is not the one of the last time, if it is not; at the first time as well.

        ``summary`` tells what is configured, without secrets.
        """

    def record(self, event: AuditEvent) -> None:
        """Append an event to the audit, chained to the one before."""

    def add_job(self, job: Job) -> None:
        """Record a job that waits, together with what it follows from; one that is on record is left alone."""

    def add_notices(self, notices: Sequence[Notice]) -> None:
        """Record what people may be told of; what is on record already is left alone."""


class OpenActingUnit(Protocol):
    def __call__(self) -> AbstractContextManager[ActingUnit]: ...


class PlanLocks(Protocol):
    """Locks that end with the process that holds them, however it ends."""

    def hold(self, plan_id: str) -> AbstractContextManager[None]:
        """Hold a plan.

        Raises:
            PlanInProgress: another process holds it.
        """


class LiveRows(Protocol):
    """What was read live about one resource, open for questions. SQL runs without access to anything else."""

    def judge(self, compiled: CompiledCheck) -> Sequence[Mapping[str, Value]]:
        """Return every row of a check, with ``_verdict`` and ``_severity``.

        Raises:
            CheckBroken: the SQL failed.
        """

    def truth(self, condition: str, *, over: str, parameters: Mapping[str, ParameterValue | datetime | None]) -> bool:
        """Say whether a condition over the one row of the table ``over`` is TRUE; no row, or two, is not.

        With a parameter ``resource_id`` only the row with that id counts: a small table is read with all its rows.

        Raises:
            ActionBroken: the SQL failed.
        """

    def select(
        self, sql: str, *, parameters: Mapping[str, ParameterValue | datetime | None]
    ) -> Sequence[Mapping[str, Value]]:
        """Return the rows of a SELECT as JSON values.

        Raises:
            ActionBroken: the SQL failed.
        """


class LiveDesk(Protocol):
    """Where rows are laid out and asked about, those read live and made-up ones alike."""

    def typed_rows(self, wanted: WantedTable, pages: Sequence[Page]) -> Sequence[Mapping[str, Value]]:
        """Return the rows that Graph's items make, as JSON values, one for each key.

        Raises:
            LiveDataUnfit: an item does not fit its columns: nothing can be said about the resource.
        """

    def open_rows(
        self,
        rows_by_table: Mapping[str, Sequence[Mapping[str, Value]]],
        *,
        now: datetime,
        before: Mapping[str, Sequence[Mapping[str, Value]]] | None = None,
        answers: Sequence[Mapping[str, Value]] = (),
    ) -> LiveRows:
        """Lay out rows and return them open for questions, until the next ones are laid out.

        A source table that is not named is empty; a derived one that is not named is derived. ``before`` fills the
        schema ``before`` in the same way, ``answers`` the table ``answers``.

        Raises:
            LiveDataUnfit: rows that were kept from before do not fit the tables of today.
        """


class Actuator(Protocol):
    """The remediator of one tenant: the only way to change it."""

    def granted(self) -> frozenset[str] | None:
        """Return the application permissions in the token; None if it cannot be decoded.

        Raises:
            TokenRefused: the token endpoint said no.
            TenantUnreachable: nothing answered.
        """

    def own_ids(self) -> frozenset[str]:
        """Return the client id and object id of the remediator, in lower case: it never acts on itself."""

    def send(self, request: GraphRequest) -> Answered | Lost:
        """Send one request that changes something, and wait out 429 and, if it may be repeated, lost answers."""


class Pause(Protocol):
    """Time that passes while nothing is done."""

    def wait(self, duration: timedelta) -> None: ...


class Passwords(Protocol):
    def make(self) -> str:
        """Return a new random password that Microsoft Entra ID accepts."""
