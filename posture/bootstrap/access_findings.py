"""Findings and exemptions, as an operator sees them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from posture.bootstrap.access_limits import LimitedAccess
from posture.bootstrap.access_now import Present
from posture.bootstrap.views import ExemptionLine, FindingDetail
from posture.domain.check import CheckId
from posture.domain.exemption import EVERY_TENANT, Exemption
from posture.domain.finding import Finding
from posture.domain.finding_pages import FindingPage, FindingQuery
from posture.domain.finding_view import FindingView
from posture.domain.page import LONGEST_PAGE
from posture.errors import NotThere
from posture.store.columns import is_storable
from posture.store.finding_conditions import FindingConditions


class AccessFindings(LimitedAccess):
    """Findings are named by their whole fingerprints."""

    def findings(self, query: FindingQuery) -> FindingPage:
        """Return one page of findings. Tenants that are not there for the operator are left out.

        Raises:
            UsageError: the cursor is not of a list in this order.
        """
        self._require("findings")
        with self._application.store.reading() as reader:
            present = Present(self._application, self._visible_tenants(), reader)
            found = reader.finding_pages.page(
                self._conditions(query, present),
                sort=query.sort,
                descending=query.descending,
                cursor=query.cursor,
                limit=query.limit,
                with_total=True,
            )
            return FindingPage(
                items=tuple(present.view(finding) for finding in found.findings),
                next_cursor=found.next_cursor,
                previous_cursor=found.previous_cursor,
                total=found.total,
                total_is_more=found.total_is_more,
            )

    @contextmanager
    def every_finding(self, query: FindingQuery) -> Iterator[Iterator[FindingView]]:
        """Give all findings that match, in their order and streamed; cursor and limit do not count.

        Which ones they are is settled at once, what each says when its turn comes: no connection is held while
        whoever asked takes their time.
        """
        self._require("every_finding")
        with self._application.store.reading() as reader:
            present = Present(self._application, self._visible_tenants(), reader)
            wanted = self._conditions(query, present)
            fingerprints = reader.finding_pages.fingerprints(wanted, sort=query.sort, descending=query.descending)
        yield self._streamed(fingerprints)

    def finding(self, fingerprint: str) -> FindingDetail:
        """Return one finding by its whole fingerprint.

        Raises:
            NotThere: there is none, or not for this operator.
        """
        self._require("finding")
        application = self._application
        with application.store.reading() as reader:
            present = Present(application, self._visible_tenants(), reader)
            wanted = [fingerprint] if is_storable(fingerprint) else []
            found = reader.finding_pages.of_fingerprints(wanted, tenant_ids=present.names.keys())
            if fingerprint not in found:
                raise NotThere(f"there is no finding {fingerprint}")
            finding = found[fingerprint]
            view, history = present.view(finding), reader.history(finding)
            plans = reader.acting.of_finding(fingerprint)
        tenant, check = present.names[finding.tenant_id], finding.check
        return FindingDetail(
            view=view,
            tenant=tenant,
            check=application.catalog.check(check) if check in application.catalog.ids else None,
            history=history,
            fitting=application.acting.fitting(view),
            plans=plans,
            exemptions=[one for one in application.exemptions() if _is_about(one, finding, tenant)],
        )

    def exemptions(self) -> Sequence[ExemptionLine]:
        """Return the exemptions on record, of the file and of the database, those that ended too. Those of all
        tenants are there for everybody, with the findings that the operator may see."""
        self._require("exemptions")
        application = self._application
        with application.store.reading() as reader:
            present = Present(application, self._visible_tenants(), reader)
            recorded = [one for one in reader.exemptions() if self._is_visible(one.exemption)]
            of_file = [one for one in application.exemptions_of_file() if self._is_visible(one)]
            covered = Counter(exemption for _, exemption in present.exempted.values())
            about = {one.resource_id for one in (*of_file, *(each.exemption for each in recorded))}
            names = reader.finding_pages.names_of(present.names.keys(), about)
        lines = [
            ExemptionLine(
                exemption=one,
                resource_name=names.get(one.resource_id),
                number=None,
                added_at=None,
                ended_at=None,
                is_in_force=present.now < one.ends_at,
                findings=covered[one],
            )
            for one in of_file
        ]
        lines += [
            ExemptionLine(
                exemption=one.exemption,
                resource_name=names.get(one.exemption.resource_id),
                number=one.number,
                added_at=one.added_at,
                ended_at=one.ended_at,
                is_in_force=present.now < one.exemption.ends_at,
                findings=covered[one.exemption],
            )
            for one in recorded
        ]
        return lines

    def _streamed(self, fingerprints: Sequence[str]) -> Iterator[FindingView]:
        for start in range(0, len(fingerprints), LONGEST_PAGE):
            batch = fingerprints[start : start + LONGEST_PAGE]
            with self._application.store.reading() as reader:
                present = Present(self._application, self._visible_tenants(), reader)
                found = reader.finding_pages.of_fingerprints(batch, tenant_ids=present.names.keys())
                views = [present.view(found[one]) for one in batch if one in found]
            yield from views

    def _conditions(self, query: FindingQuery, present: Present) -> FindingConditions:
        tenant_ids = tuple(id for id, name in present.names.items() if not query.tenants or name in query.tenants)
        return FindingConditions(
            tenant_ids=tenant_ids,
            checks=self._checks_of(query),
            severities=query.severities,
            standings=frozenset(query.standings),
            text=query.text.strip() or None if query.text else None,
            exempted=frozenset(present.exempted),
        )

    def _checks_of(self, query: FindingQuery) -> tuple[CheckId, ...] | None:
        """Return the checks that fit checks, tags and frameworks of a query; None if it names none of them."""
        if not (query.checks or query.tags or query.frameworks):
            return None
        if not (query.tags or query.frameworks):
            # One that left the catalog may have findings still.
            return tuple(check for check in query.checks if is_storable(check))
        return tuple(
            loaded.check.id
            for loaded in self._application.catalog.checks
            if (not query.checks or loaded.check.id in query.checks)
            and (not query.tags or not frozenset(query.tags).isdisjoint(loaded.check.tags))
            and (not query.frameworks or any(loaded.check.frameworks.get(name) for name in query.frameworks))
        )

    def _is_visible(self, exemption: Exemption) -> bool:
        return exemption.tenant == EVERY_TENANT or self._operator.sees(exemption.tenant)


def _is_about(exemption: Exemption, finding: Finding, tenant: str) -> bool:
    return (
        exemption.tenant in (EVERY_TENANT, tenant)
        and exemption.check in (None, finding.check)
        and exemption.resource_id.lower() == finding.resource.id.lower()
    )
