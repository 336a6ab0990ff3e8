"""What people ask about acting: plans, journals, operators, stops."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from posture.domain.journal import JournalEntry
from posture.domain.operator import Operator
from posture.domain.page import Page
from posture.domain.plan import Plan, PlanState
from posture.domain.switch import Stop
from posture.store import acting_unit, operators, plans


class PlanReader:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def plans(
        self, *, tenant_ids: Sequence[str] = (), states: Sequence[PlanState] = (), limit: int | None = None
    ) -> Sequence[Plan]:
        """Return plans, the newest first; an empty sequence or None sets no condition."""
        return plans.listed(self._connection, tenant_ids=tenant_ids, states=states, limit=limit)

    def page(
        self,
        *,
        tenant_ids: Collection[str] | None,
        states: Collection[PlanState],
        cursor: str | None,
        limit: int,
    ) -> Page[Plan]:
        """Return one page of plans, the newest first: of these tenants, or with None of all; in any state if none is
        named.

        Raises:
            UsageError: the cursor is not of a list of plans.
        """
        return plans.page(self._connection, tenant_ids=tenant_ids, states=states, cursor=cursor, limit=limit)

    def by_id(self, plan_id: str) -> Plan | None:
        return plans.by_id(self._connection, plan_id)

    def by_prefix(self, prefix: str) -> Sequence[Plan]:
        """Return plans whose id begins like this, ten at most; the caller tells if there are several."""
        return plans.with_prefix(self._connection, prefix)

    def of_finding(self, fingerprint: str) -> Sequence[Plan]:
        """Return the plans that have a finding among their targets, the newest first."""
        return plans.of_finding(self._connection, fingerprint)

    def entries(self, plan_id: str) -> Sequence[JournalEntry]:
        """Return the journal of a plan, by target and number."""
        return acting_unit.entries(self._connection, plan_id)

    def operators(self) -> Sequence[Operator]:
        """Return all operators in the order they were added, those whose token has ended too."""
        return operators.every(self._connection)

    def operator_by_token(self, token_hash: str) -> Operator | None:
        """Return whose token it is, or was."""
        return operators.by_token(self._connection, token_hash)

    def stops(self) -> Sequence[Stop]:
        """Return the switches that are off now, the global one first."""
        return acting_unit.stops(self._connection)
