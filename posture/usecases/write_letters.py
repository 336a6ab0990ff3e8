"""Letters: deliveries with everything that a channel needs to put them into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from posture.domain.check import Check, CheckId
from posture.domain.delivery import Delivery, Letter, TrendPoint
from posture.domain.notice import Notice
from posture.usecases.ports import Outbox

TREND_POINTS: Final = 12
"""So many runs make the picture of a trend."""


def write_letters(
    deliveries: Sequence[Delivery], outbox: Outbox, *, checks: Mapping[CheckId, Check], now: datetime
) -> Sequence[Letter]:
    """Return the letter of each delivery, in their order."""
    known = outbox.notices(list({id: None for delivery in deliveries for id in delivery.notices}))
    trends: dict[str, Sequence[TrendPoint]] = {}
    for tenant_id in {notice.tenant_id: None for notice in known.values()}:
        if tenant_id is not None:
            trends[tenant_id] = outbox.trend(tenant_id, points=TREND_POINTS)
    return [
        letter_about(
            [known[id] for id in delivery.notices],
            id=delivery.id,
            is_digest=delivery.is_digest,
            checks=checks,
            trends=trends,
            now=now,
        )
        for delivery in deliveries
    ]


def letter_about(
    notices: Sequence[Notice],
    *,
    id: str,
    is_digest: bool,
    checks: Mapping[CheckId, Check],
    trends: Mapping[str, Sequence[TrendPoint]],
    now: datetime,
) -> Letter:
    """Return a letter about these notices, the worst first, of equal ones the newest.

    ``checks`` and ``trends`` may hold more than the notices are about; ``trends`` is by the id of the tenant.
    """
    about = {notice.check for notice in notices}
    tenants = {notice.tenant_id: notice.tenant_name for notice in notices}
    return Letter(
        id=id,
        is_digest=is_digest,
        notices=tuple(sorted(notices, key=lambda notice: (notice.severity.rank, notice.at), reverse=True)),
        checks={check_id: check for check_id, check in checks.items() if check_id in about},
        trends={name: trends.get(tenant_id, ()) for tenant_id, name in tenants.items() if tenant_id and name},
        written_at=now,
    )
