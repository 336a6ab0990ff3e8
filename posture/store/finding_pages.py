"""Pages of findings, quick however many there are: the page is found in an index, and only its rows are read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, func, select

from posture.domain.check import CheckId
from posture.domain.finding import Finding, FindingState
from posture.domain.finding_pages import COUNTED_UP_TO, FindingSort
from posture.domain.finding_view import Standing
from posture.domain.open_finding import OpenFinding
from posture.domain.severity import Severity
from posture.store import open_findings
from posture.store.batches import in_batches
from posture.store.finding_conditions import COUNTED_BY, FindingConditions, conditions, listed, passed_over, together
from posture.store.finding_order import ORDERS, Order, Place, cursor_of, is_beyond, place_of
from posture.store.rows import finding_from, resource_key
from posture.store.tables import FINDINGS

_Key = Row[Any]
"""Begins with the columns of the order."""

_QUICKLY_SORTED: Final = 300
"""So many findings are found and sorted in less time than it takes to find them along an index among many others."""
_SEVERITIES: Final = tuple(Severity)
_IN_SHORT: Final = (
    FINDINGS.c.fingerprint,
    FINDINGS.c.tenant_id,
    FINDINGS.c.check_id,
    FINDINGS.c.resource_id,
    FINDINGS.c.severity_rank,
)


@dataclass(frozen=True, kw_only=True)
class FoundPage:
    """One page as it is on record. ``total`` and ``total_is_more`` are as in ``FindingPage``."""

    findings: tuple[Finding, ...]
    next_cursor: str | None
    previous_cursor: str | None
    total: int | None
    total_is_more: bool


class FindingPages:
    """One view of the findings: all its answers are of the same moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_resources(self, tenant_ids: Collection[str], resource_ids: Collection[str]) -> Sequence[OpenFinding]:
        """Return the open findings about resources of these ids, in any case, for the tenants."""
        keys = {resource_key(id) for id in resource_ids}
        about = select(together(self._connection, _IN_SHORT)).where(
            FINDINGS.c.resource_key.in_(listed(self._connection, keys)),
            passed_over(self._connection, FINDINGS.c.state) == FindingState.OPEN.value,
            passed_over(self._connection, FINDINGS.c.tenant_id).in_(tenant_ids),
        )
        return [
            OpenFinding(
                fingerprint=fingerprint,
                tenant_id=tenant_id,
                check=CheckId(check),
                resource_id=resource_id,
                severity=_SEVERITIES[rank],
            )
            for fingerprint, tenant_id, check, resource_id, rank in self._connection.execute(about).scalar() or ()
        ]

    def names_of(self, tenant_ids: Collection[str], resource_ids: Collection[str]) -> Mapping[str, str]:
        """Return what findings of these tenants, open or not, call the resources of these ids, in any case.

        It is by id; those that no finding is about, or that have no name there, are not in it.
        """
        ids = {resource_key(id): id for id in resource_ids}
        named = select(FINDINGS.c.resource_key, func.max(FINDINGS.c.resource_name)).where(
            FINDINGS.c.resource_key.in_(listed(self._connection, ids.keys())),
            passed_over(self._connection, FINDINGS.c.tenant_id).in_(tenant_ids),
            FINDINGS.c.resource_name.is_not(None),
        )
        found = self._connection.execute(named.group_by(FINDINGS.c.resource_key))
        return {ids[key]: name for key, name in found}

    def of_fingerprints(
        self, fingerprints: Collection[str], *, tenant_ids: Collection[str] | None
    ) -> Mapping[str, Finding]:
        """Return those findings that are on record, by fingerprint: of these tenants, or with None of any."""
        found: dict[str, Finding] = {}
        for batch in in_batches(list(fingerprints)):
            wanted = select(FINDINGS).where(FINDINGS.c.fingerprint.in_(batch))
            for row in self._connection.execute(wanted).mappings().all():
                if tenant_ids is None or row["tenant_id"] in tenant_ids:
                    found[row["fingerprint"]] = finding_from(row)
        return found

    def fingerprints(self, wanted: FindingConditions, *, sort: FindingSort, descending: bool) -> Sequence[str]:
        """Return the fingerprints of all findings that match, in their order: 80 bytes of memory for each."""
        columns = ORDERS[sort].columns
        found = select(FINDINGS.c.fingerprint).where(*conditions(self._connection, wanted, by=()))
        found = found.order_by(*(column.desc() if descending else column for column in columns))
        return self._connection.execute(found).scalars().all()

    def page(
        self,
        wanted: FindingConditions,
        *,
        sort: FindingSort,
        descending: bool,
        cursor: str | None,
        limit: int,
        with_total: bool,
    ) -> FoundPage:
        """Return one page, and how many match on all pages if ``with_total``.

        Raises:
            UsageError: the cursor is not of a list in this order.
        """
        place = None if cursor is None else place_of(cursor, sort, descending=descending)
        downward = descending != (place is not None and place.is_backward)
        keys, total = self._keys(wanted, ORDERS[sort], place, downward=downward, limit=limit + 1)
        is_more, shown = len(keys) > limit, keys[:limit]
        if place is not None and place.is_backward:
            shown = shown[::-1]
            has_previous, has_next = is_more, True
        else:
            has_previous, has_next = place is not None, is_more
        return FoundPage(
            findings=self._rows([key.fingerprint for key in shown]),
            next_cursor=_cursor(shown[-1:], sort, descending, is_backward=False) if has_next else None,
            previous_cursor=_cursor(shown[:1], sort, descending, is_backward=True) if has_previous else None,
            total=min(total, COUNTED_UP_TO) if with_total else None,
            total_is_more=with_total and total > COUNTED_UP_TO,
        )

    def _keys(
        self, wanted: FindingConditions, order: Order, place: Place | None, *, downward: bool, limit: int
    ) -> tuple[Sequence[_Key], int]:
        """Return the keys of a page, and how many findings match on all pages."""
        most = self._counted(replace(wanted, text=None))
        if most <= _QUICKLY_SORTED or self._is_told_by_rows(wanted, order, most):
            # A look at every row in turn is quicker than at as many, one by one, along an index.
            by = COUNTED_BY if most <= COUNTED_UP_TO else ()
            found = self._sorted(wanted, order, place, downward=downward, limit=limit, by=by)
            if found is not None:
                return found
        keys = self._walk(wanted, order, place, downward=downward, limit=limit)
        # What is looked for in texts and is not in few findings was found in more than are counted.
        return keys, most if wanted.text is None else COUNTED_UP_TO + 1

    def _is_told_by_rows(self, wanted: FindingConditions, order: Order, most: int) -> bool:
        """Say whether no walk along the index of the order tells what matches before the rows do, and the rows that
        are to be looked at are not too many."""
        if wanted.text is not None:
            return True
        is_without_index = order.index is None or wanted.standings == {Standing.EXEMPTED}
        return is_without_index and most <= COUNTED_UP_TO

    def _sorted(
        self,
        wanted: FindingConditions,
        order: Order,
        place: Place | None,
        *,
        downward: bool,
        limit: int,
        by: Collection[str],
    ) -> tuple[Sequence[_Key], int] | None:
        """Find everything that matches, and sort it; return the keys of a page and how many match. None if more match
        than are counted."""
        by = {"fingerprint"} if wanted.standings == {Standing.EXEMPTED} else by
        matching = select(*order.columns).where(*conditions(self._connection, wanted, by=by))
        found = matching.limit(COUNTED_UP_TO + 1).cte("matching")
        columns: list[ColumnElement[Any]] = [found.c[column.name] for column in order.columns]
        total = select(func.count()).select_from(found).scalar_subquery()
        page = select(*[*columns, total]).order_by(*(column.desc() if downward else column for column in columns))
        if place is not None:
            page = page.where(is_beyond(place, columns, downward=downward))
        keys = self._connection.execute(page.limit(limit)).all()
        matches: int = keys[0][-1] if keys else self._connection.execute(select(total)).scalar_one()
        return (keys, matches) if matches <= COUNTED_UP_TO else None

    def _walk(
        self, wanted: FindingConditions, order: Order, place: Place | None, *, downward: bool, limit: int
    ) -> Sequence[_Key]:
        found = select(*order.columns).where(*conditions(self._connection, wanted, by=()))
        if place is not None:
            found = found.where(is_beyond(place, order.columns, downward=downward))
        found = found.order_by(*(column.desc() if downward else column for column in order.columns)).limit(limit)
        return self._connection.execute(found).all()

    def _counted(self, wanted: FindingConditions) -> int:
        """Count what matches, whatever its text; one more than are counted, or above, stands for all above."""
        if Standing.OPEN in wanted.standings and Standing.RESOLVED not in wanted.standings:
            return self._counted_open(wanted)
        by = {"fingerprint"} if wanted.standings == {Standing.EXEMPTED} else COUNTED_BY
        matching = select(FINDINGS.c.fingerprint).where(*conditions(self._connection, wanted, by=by))
        counted = matching.limit(COUNTED_UP_TO + 1).subquery()
        return self._connection.execute(select(func.count()).select_from(counted)).scalar_one()

    def _counted_open(self, wanted: FindingConditions) -> int:
        """Count what is open where that is kept, less what is exempted of it: to count it anew takes longer the more
        there is."""
        total = open_findings.total(
            self._connection, wanted.tenant_ids, checks=wanted.checks, severities=wanted.severities
        )
        if Standing.EXEMPTED in wanted.standings or not wanted.exempted:
            return total
        return total - self._counted(replace(wanted, standings=frozenset({Standing.EXEMPTED})))

    def _rows(self, fingerprints: Sequence[str]) -> tuple[Finding, ...]:
        found = self.of_fingerprints(fingerprints, tenant_ids=None)
        return tuple(found[fingerprint] for fingerprint in fingerprints)


def _cursor(keys: Sequence[_Key], sort: FindingSort, descending: bool, *, is_backward: bool) -> str | None:
    return cursor_of(keys[0], sort, descending=descending, is_backward=is_backward) if keys else None
