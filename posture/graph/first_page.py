"""One small request for each table, to learn whether it can be read at all."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial

from posture.domain.outcome import TableOutcome
from posture.domain.reading import Page, Restart
from posture.graph.addresses import table_url, url_of
from posture.graph.answers import Answer
from posture.graph.collector import Tenancy
from posture.graph.failures import Trouble
from posture.graph.group_members import ROLE_GROUPS
from posture.graph.paging import RawPage, single_object, split_page
from posture.graph.pursuit import Ask, Spending
from posture.graph.refusals import COMPLETE, Ending, ending_of, ending_without_asking, is_absent
from posture.tables.table import SourceKind, WantedTable

_FEW = 1


async def read_first_page(
    wanted: WantedTable, tenancy: Tenancy
) -> AsyncGenerator[Page | Restart | TableOutcome, None]:
    """Yield the table's outcome as if its first item were all of it."""
    started, started_at = tenancy.timing.now(), tenancy.timing.monotonic()
    spending = Spending()
    rows = 0
    ending = ending_without_asking(wanted.table.source, facts=tenancy.facts, cloud=tenancy.cloud)
    if ending is None:
        result = await tenancy.pursuer.fetch(_ask(wanted, tenancy.graph_root), partial(_read, wanted), spending)
        ending = _ending(result, wanted, tenancy)
        rows = result.count if isinstance(result, RawPage) else 0
    yield TableOutcome(
        table=wanted.table.name,
        outcome=ending.outcome,
        rows=rows,
        requests=spending.requests,
        seconds=round(tenancy.timing.monotonic() - started_at, 3),
        as_of=started,
        reason=ending.reason,
        missing=ending.missing,
    )


def _ask(wanted: WantedTable, graph_root: str) -> Ask:
    source = wanted.table.source
    few = _FEW if source.page_size is not None else None
    if source.kind is SourceKind.GROUP_MEMBERS:
        url = url_of(ROLE_GROUPS, graph_root=graph_root, select=["id"], page_size=_FEW)
    else:
        url = table_url(wanted, graph_root=graph_root, part=0, page_size=few)
    return Ask(url=url, headers=source.headers, throttle_class=source.throttle_class, cost=1)


def _read(wanted: WantedTable, answer: Answer) -> RawPage:
    is_single = wanted.table.source.kind is SourceKind.SINGLETON
    return single_object(answer.body) if is_single else split_page(answer.body)


def _ending(result: RawPage | Trouble, wanted: WantedTable, tenancy: Tenancy) -> Ending:
    source = wanted.table.source
    if isinstance(result, RawPage) or is_absent(result, source=source):
        return COMPLETE
    return ending_of(result, source=source, facts=tenancy.facts, cloud=tenancy.cloud)
