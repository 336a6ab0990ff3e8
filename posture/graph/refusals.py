"""A final "no" of Graph told apart: permission, licence, not offered in this cloud, or a fault."""

from __future__ import annotations

import re
from dataclasses import dataclass

from posture.domain.outcome import Outcome
from posture.domain.tenant import Cloud, Licence, TenantFacts
from posture.graph.answers import Problem
from posture.graph.clouds import SOVEREIGN
from posture.graph.failures import Trouble
from posture.tables.table import Source, WithoutLicence


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a table's reading ended; the fields are those of ``TableOutcome``."""

    outcome: Outcome
    reason: str | None
    missing: str | None = None


COMPLETE = Ending(outcome=Outcome.COMPLETE, reason=None)

_LICENCE_CODES = frozenset({"authentication_requestfromnonpremiumtenantorb2ctenant", "aadpremiumlicenserequired"})
# A quirk of Conditional Access, Identity Protection and PIM: a general code, and the reason only in words.
_LICENCE_WORDS = re.compile(r"not licensed|premium licen[cs]e|needs? .{0,80}licen[cs]e", re.IGNORECASE)
_ABSENT_CODES = frozenset({"request_resourcenotfound", "resourcenotfound", "itemnotfound"})


def is_absent(trouble: Trouble, *, source: Source) -> bool:
    """Say whether the first page of a repeated request tells that its object is not in this tenant.

    A 404 in other words, or without any, may be somebody's who stands between Graph and us.
    """
    codes = trouble.problem.codes if trouble.problem is not None else ()
    return bool(source.for_each) and trouble.status == 404 and any(code.lower() in _ABSENT_CODES for code in codes)


def ending_of(trouble: Trouble, *, source: Source, facts: TenantFacts, cloud: Cloud) -> Ending:
    """Return how a table that delivered nothing ends after a trouble that could not be helped."""
    if trouble.problem is not None and _is_licence(trouble.problem, trouble.status):
        return _unlicensed(trouble, source, facts)
    if trouble.status == 403:
        return _forbidden(trouble, source, facts)
    if trouble.status in (400, 404, 501) and cloud in SOVEREIGN:
        return Ending(
            outcome=Outcome.NOT_IN_THIS_CLOUD, reason=f"The cloud {cloud} does not offer this: {trouble.sentence}."
        )
    return Ending(outcome=Outcome.FAILED, reason=f"{trouble.sentence}.")


def ending_without_asking(source: Source, *, facts: TenantFacts, cloud: Cloud) -> Ending | None:
    """Return the ending of a table that need not be asked for, because the answer is known; None to ask."""
    if cloud not in source.clouds:
        reason = f"Microsoft does not offer this in the cloud {cloud}."
        return Ending(outcome=Outcome.NOT_IN_THIS_CLOUD, reason=reason)
    if source.without_licence is WithoutLicence.EMPTY:
        # The table would be taken for empty, and plans are no proof of that: other products hold the same feature
        # (PIM comes with ID Governance too), and policies stay in force when a licence has run out. Graph knows.
        return None
    if source.licence is not None and _lacks(facts, source.licence):
        return Ending(
            outcome=Outcome.NOT_LICENSED,
            reason=f"The tenant has no {source.licence} plan, which this needs; it was not asked for.",
            missing=str(source.licence),
        )
    return None


def lacking_permissions(source: Source, granted: frozenset[str] | None) -> tuple[str, ...] | None:
    """Return the permissions that the token does not carry, in any wider form either; None if nobody knows."""
    if granted is None:
        return None
    return tuple(
        permission
        for permission in source.permissions
        if permission not in granted and not granted & source.covered_by.get(permission, frozenset())
    )


def _lacks(facts: TenantFacts, licence: Licence) -> bool:
    return facts.licences is not None and not _has(facts, licence)


def _has(facts: TenantFacts, licence: Licence | None) -> bool:
    licences = facts.licences or frozenset()
    return licence in licences or (licence is Licence.P1 and Licence.P2 in licences)


def _is_licence(problem: Problem, status: int | None) -> bool:
    if status not in (400, 403):
        return False
    if any(code.lower() in _LICENCE_CODES for code in problem.codes):
        return True
    return status == 403 and bool(_LICENCE_WORDS.search(problem.message))


def _unlicensed(trouble: Trouble, source: Source, facts: TenantFacts) -> Ending:
    licence = str(source.licence or Licence.P1)
    if source.without_licence is WithoutLicence.EMPTY and _has(facts, source.licence):
        reason = f"Graph says that a licence is missing, but the tenant has {licence}: try again later."
        return Ending(outcome=Outcome.FAILED, reason=f"{reason} {trouble.sentence}.")
    return Ending(
        outcome=Outcome.NOT_LICENSED,
        reason=f"The tenant has no licence for this; it needs {licence}. {trouble.sentence}.",
        missing=licence,
    )


def _forbidden(trouble: Trouble, source: Source, facts: TenantFacts) -> Ending:
    lacking = lacking_permissions(source, facts.granted)
    needed = " and ".join(lacking or source.permissions)
    licence = source.licence if facts.licences is None else None
    either = f" Or the tenant lacks {licence}: its plans could not be read." if licence else ""
    if lacking:
        reason = f"The permission {needed} is not granted: add it to the app registration and consent to it."
    elif lacking is None:
        reason = f"Graph refused; the permission {needed} is probably not granted."
    else:
        reason = f"Graph refused although {needed} is granted: a role, a policy or a recent change may be in the way."
    missing = ", ".join(lacking or source.permissions) or (str(licence) if licence else None)
    return Ending(outcome=Outcome.FORBIDDEN, reason=f"{reason}{either} {trouble.sentence}.", missing=missing)
