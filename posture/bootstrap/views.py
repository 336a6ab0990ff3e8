"""What a person or a script sees of posture: values that bring together the record, the catalog and the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from posture.config import TenantSettings
from posture.definitions.loaded import LoadedCheck
from posture.definitions.loaded_action import LoadedAction
from posture.domain.check import Check, ParameterValue
from posture.domain.delivery import ClosedChannel, Delivery
from posture.domain.exemption import Exemption
from posture.domain.finding_view import FindingEvent, FindingView
from posture.domain.journal import JournalEntry
from posture.domain.numbers import CheckInTenant
from posture.domain.plan import Plan, Target
from posture.domain.run import RunSummary
from posture.domain.run_line import RunLine
from posture.usecases.fitting import FittingAction
from posture.usecases.planned_requests import PlannedRequest


@dataclass(frozen=True, kw_only=True)
class FindingDetail:
    """One finding with everything about it. ``tenant`` is its tenant's name. ``check`` is None if it left the
    catalog. ``history`` has the oldest event first, ``plans`` the newest plan first. ``exemptions`` are all on
    record that are about it, those that ended too.
    """

    view: FindingView
    tenant: str
    check: LoadedCheck | None
    history: Sequence[FindingEvent]
    fitting: Sequence[FittingAction]
    plans: Sequence[Plan]
    exemptions: Sequence[Exemption]


@dataclass(frozen=True, kw_only=True)
class CheckLine:
    """A check of the catalog. ``permissions`` are the application permissions and ``licences`` the plans that it
    needs by itself. ``by_tenant`` maps a tenant's name to how the check stands there; tenants that never were asked
    about it are not in it.
    """

    check: Check
    permissions: tuple[str, ...]
    licences: tuple[str, ...]
    by_tenant: Mapping[str, CheckInTenant]


@dataclass(frozen=True, kw_only=True)
class CheckDetail:
    """``loaded`` has its SQL and texts. ``parameters`` maps a tenant's name to the values in force there."""

    line: CheckLine
    loaded: LoadedCheck
    parameters: Mapping[str, Mapping[str, ParameterValue]]


@dataclass(frozen=True, kw_only=True)
class TargetDetail:
    """``finding`` is what the target comes from, as it stands now; None if somebody named the resource itself, or it
    is not on record any more. ``requests`` are those that the action sends; ``journal`` those that were sent.
    """

    target: Target
    finding: FindingView | None
    requests: Sequence[PlannedRequest]
    journal: Sequence[JournalEntry]


@dataclass(frozen=True, kw_only=True)
class PlanDetail:
    """A plan as people read it before they decide. ``loaded`` is None if the action left the catalog or its file is
    wrong; ``is_changed`` tells that the file is not the one that was proposed. ``earlier`` is the plan that this one
    takes back. ``closed`` says why nothing can be done in the tenant now; None if something can.

    ``not_approve``, ``not_reject``, ``not_execute`` and ``not_undo`` each say why the person who looks may not; None
    if he or she may.
    """

    plan: Plan
    loaded: LoadedAction | None
    is_changed: bool
    targets: Sequence[TargetDetail]
    earlier: Plan | None
    closed: str | None
    not_approve: str | None
    not_reject: str | None
    not_execute: str | None
    not_undo: str | None


@dataclass(frozen=True, kw_only=True)
class ExemptionLine:
    """``number`` and ``added_at`` are None for an exemption of the file, which is taken back there.
    ``resource_name`` is what findings that the person may see call the resource; None if there is none.
    ``findings`` counts the open findings that it covers now.
    """

    exemption: Exemption
    resource_name: str | None
    number: int | None
    added_at: datetime | None
    ended_at: datetime | None
    is_in_force: bool
    findings: int


@dataclass(frozen=True, kw_only=True)
class RunDetail:
    """``before`` is the last run before it that came to its end, to compare with; None if there is none."""

    line: RunLine
    summary: RunSummary
    before: RunSummary | None


@dataclass(frozen=True, kw_only=True)
class AuditChain:
    """``events`` is how many are chained, ``hash`` that of the last: who keeps both elsewhere can tell later whether
    the end was cut off. ``broken`` says where the chain does not hold; None if it does.
    """

    events: int
    hash: str
    broken: str | None


@dataclass(frozen=True, kw_only=True)
class ChannelLine:
    """A channel and what is on record about it. Whether its secrets are there is the worker's to say.

    ``failing`` are deliveries that have failed and wait, and those of the last week that were refused or given up.
    ``waiting`` counts notices that are in no delivery yet.
    """

    name: str
    kind: str
    closed: ClosedChannel | None
    failing: Sequence[Delivery]
    waiting: int
    next_due_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class TenantLine:
    """A tenant of the settings. ``display_name`` is what the directory calls itself; None before the first run."""

    settings: TenantSettings
    display_name: str | None

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def tenant_id(self) -> str:
        return self.settings.tenant_id
