"""Letters, channels to the receiver, and what is secret about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from posture.domain.delivery import Letter
from posture.domain.notice import Event, Notice, digest_of
from posture.domain.severity import Severity
from posture.graph.proxy import proxy_in_force
from posture.graph.trust import tls_context
from posture.notify.links import Links
from posture.notify.posting import Limits, Reach
from posture.notify.webhook import WebhookChannel

from .receiver import Receiver

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SIGNATURE = "s1gnature-of/the+flow_Q7"
PATH = "/workflows/0f1e2d3c4b5a/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sig="
URL_PATH = PATH + "s1gnature-of%2Fthe%2Bflow_Q7"
SECRET = "shared-secret~of_b0th sides"
LINKS = Links(page="https://posture.example.com", reference_hosts=frozenset())
SHORT = Limits(connect=30, whole=1)
"""For servers that never answer; a slow machine must not make this a limit for one that does."""
LONG = Limits(connect=30, whole=60)


def a_notice(number: int = 0, **changes: Any) -> Notice:
    """A client secret that ends soon."""
    fields: dict[str, Any] = {
        "id": digest_of("notice", number),
        "event": Event.FINDING_OPENED,
        "at": NOW,
        "tenant_id": "11111111-1111-1111-1111-111111111111",
        "tenant_name": "contoso",
        "severity": Severity.HIGH,
        "check": "secret-expiring-soon",
        "resource_type": "application",
        "about": digest_of("finding", number),
        "facts": {
            "title": "Client secret of an application ends soon",
            "message": f"secret key-{number} ends in 12 days",
            "resource_name": f"Payroll {number}",
            "resource_id": f"app-{number}",
            "evidence": {"credential_kind": "secret", "end_at": "2026-03-14T00:00:00Z"},
            "resolution": None,
            "first_failed_at": "2026-03-02T08:00:00Z",
            "times_opened": 1,
            "severity_before": None,
        },
    }
    return Notice(**(fields | changes))


def a_letter(*notices: Notice, number: int = 0, is_digest: bool = False) -> Letter:
    """A letter without checks and trends; with one notice unless told otherwise."""
    return Letter(
        id=digest_of("letter", number),
        is_digest=is_digest,
        notices=notices or (a_notice(number),),
        checks={},
        trends={},
        written_at=NOW,
    )


def letters(count: int) -> list[Letter]:
    return [a_letter(number=number) for number in range(count)]


def reach_of(receiver: Receiver, *, proxy: str | None = None) -> Reach:
    """Trust the receiver's authority alone; no proxy unless one is named."""
    way: Callable[[str], httpx.Proxy | None] = lambda host: proxy_in_force(proxy, host=host) if proxy else None  # noqa: E731
    return Reach(trust=lambda: tls_context([receiver.ca_bundle]), proxy=way)


def a_webhook(receiver: Receiver, **changes: Any) -> WebhookChannel:
    fields: dict[str, Any] = {
        "name": "siem",
        "settings": "0",
        "url": receiver.address + URL_PATH,
        "secret": SECRET,
        "links": LINKS,
        "reach": reach_of(receiver),
        "now": lambda: NOW,
        "limits": LONG,
    }
    return WebhookChannel(**(fields | changes))
