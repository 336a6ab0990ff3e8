"""Notices about what scans find: findings, checks, runs, posture's own credentials and exemptions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from posture.domain.check import CheckId
from posture.domain.exemption import Exemption
from posture.domain.finding import Finding, FindingState
from posture.domain.judgement import CheckOutcome, CheckResult, SkipKind, Value
from posture.domain.notice import Event, Notice, digest_of, iso
from posture.domain.run import Run, RunState
from posture.domain.severity import Severity

CREDENTIAL_STAGES: Final = (90, 30, 7, 1)
"""Days before its end at which a credential of posture's own is told of; the first one can be set."""

_WITH_A_DIGIT: Final = re.compile(r"\S*\d\S*")

_CHANGES: Final = {
    FindingState.OPEN: Event.FINDING_REOPENED,
    FindingState.RESOLVED: Event.FINDING_RESOLVED,
}


@dataclass(frozen=True, kw_only=True)
class CheckStanding:
    """How a check stood in a tenant after the last run that was asked to evaluate it.

    ``evaluated_at`` is when it was last evaluated; None if it never was. Runs that the settings told to skip it
    change nothing.
    """

    check: CheckId
    outcome: CheckOutcome
    skip_kind: SkipKind | None
    evaluated_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class OwnCredential:
    """A secret or certificate of the reader or the remediator. ``kind`` is ``secret`` or ``certificate``."""

    app_id: str
    app_name: str | None
    key_id: str
    kind: str
    ends_at: datetime


def finding_notice(before: Finding | None, after: Finding, *, title: str, tenant_name: str) -> Notice | None:
    """Return what there is to tell about one more judgement of a finding; None if nothing changed for people.

    Facts: ``title`` of the check, ``message``, ``resource_name``, ``resource_id``, ``evidence``, ``resolution``,
    ``first_failed_at``, ``times_opened``, and ``severity_before`` if it was raised.
    """
    event = _event_of(before, after)
    if event is None:
        return None
    # A raised severity may fall and be raised again; all else happens once each time that a finding opens.
    occasion = iso(after.judged_at) if event is Event.SEVERITY_RAISED else after.times_opened
    facts: dict[str, Value] = {
        "title": title,
        "message": after.message,
        "resource_name": after.resource.name,
        "resource_id": after.resource.id,
        "evidence": dict(after.evidence),
        "resolution": after.resolution.value if after.resolution else None,
        "first_failed_at": iso(after.first_failed_at),
        "times_opened": after.times_opened,
        "severity_before": before.severity.value if before and event is Event.SEVERITY_RAISED else None,
    }
    return Notice(
        id=digest_of(event.value, after.fingerprint, occasion),
        event=event,
        at=after.judged_at,
        tenant_id=after.tenant_id,
        tenant_name=tenant_name,
        severity=after.severity,
        check=after.check,
        resource_type=after.resource.type,
        about=after.fingerprint,
        facts=facts,
    )


def _event_of(before: Finding | None, after: Finding) -> Event | None:
    if before is None:
        return Event.FINDING_OPENED
    if before.state is not after.state:
        return _CHANGES[after.state]
    if after.state is FindingState.OPEN and after.severity.rank > before.severity.rank:
        return Event.SEVERITY_RAISED
    return None


def first_results_notice(
    run: Run,
    results: Sequence[CheckResult],
    *,
    failures: Mapping[CheckId, Mapping[Severity, int]],
    titles: Mapping[CheckId, str],
) -> Notice | None:
    """Return the one notice about checks that were evaluated in a tenant for the first time, given by ``results``;
    None if there are none.

    ``failures`` counts what failed in a check and is not exempted: one check may find things of several severities.
    Facts: ``checks`` and ``skipped`` count checks, ``failed`` and ``unknown`` things; ``by_severity`` maps each
    severity to its failures; ``worst`` lists the ten worst of ``check``, ``title``, ``severity`` and ``failed``, a
    check once for each severity.
    """
    evaluated = [result for result in results if result.counts is not None]
    if not evaluated:
        return None
    failing = [
        (severity, failed, result.check)
        for result in evaluated
        for severity, failed in failures.get(result.check, {}).items()
    ]
    failing.sort(key=lambda one: (-one[0].rank, -one[1]))
    by_severity: Counter[Severity] = Counter()
    for severity, failed, _ in failing:
        by_severity[severity] += failed
    return _run_notice(
        Event.FIRST_RESULTS,
        run,
        severity=failing[0][0] if failing else Severity.INFO,
        facts={
            "checks": len(evaluated),
            "skipped": sum(result.outcome is CheckOutcome.SKIPPED for result in results),
            "failed": sum(by_severity.values()),
            "unknown": sum(result.counts.unknown for result in evaluated if result.counts),
            "by_severity": {severity.value: by_severity[severity] for severity in reversed(Severity)},
            "worst": [
                {"check": check, "title": titles.get(check, check), "severity": severity.value, "failed": failed}
                for severity, failed, check in failing[:10]
            ],
        },
    )


def run_notice(run: Run, *, before: Run | None, tables: Sequence[str], broken: Sequence[CheckId]) -> Notice | None:
    """Return what there is to tell about how a run ended: that it is incomplete or was aborted, unless the run before
    it ended in the same way. Ids and numbers in a reason are those of one try: they make no other way.

    ``tables`` are those that failed or are partial, ``broken`` the checks. Facts: these two, and ``because``.
    """
    if run.state not in (RunState.INCOMPLETE, RunState.ABORTED):
        return None
    if before is not None and _way_of_ending(before) == _way_of_ending(run):
        return None
    is_aborted = run.state is RunState.ABORTED
    return _run_notice(
        Event.RUN_ABORTED if is_aborted else Event.RUN_INCOMPLETE,
        run,
        severity=Severity.HIGH if is_aborted else Severity.MEDIUM,
        facts={"because": run.aborted_because, "tables": list(tables), "broken": list(broken)},
    )


def _way_of_ending(run: Run) -> tuple[RunState, str]:
    return run.state, _WITH_A_DIGIT.sub("", run.aborted_because or "")


def check_notice(run: Run, result: CheckResult, *, before: CheckStanding | None, title: str) -> Notice | None:
    """Return what there is to tell about a check that cannot be evaluated any more; None if it can, never could, or
    was told of before.

    Facts: ``title``, ``because``.
    """
    if before is None or before.outcome is result.outcome:
        return None
    if result.outcome is CheckOutcome.BROKEN:
        event, because = Event.CHECK_BROKEN, result.error
    elif result.outcome is CheckOutcome.SKIPPED and result.skipped is not None:
        if result.skipped.kind is SkipKind.SWITCHED_OFF:
            return None
        event, because = Event.CHECK_SKIPPED, result.skipped.detail
    else:
        return None
    return Notice(
        id=digest_of(event.value, run.id, result.check),
        event=event,
        at=run.finished_at or run.taken_at,
        tenant_id=run.tenant_id,
        tenant_name=run.tenant_name,
        severity=result.severity,
        check=result.check,
        resource_type=None,
        about=result.check,
        facts={"title": title, "because": because},
    )


def credential_notice(credential: OwnCredential, run: Run, *, now: datetime, within: timedelta) -> Notice | None:
    """Return the notice that one of posture's own credentials ends; None if it does not end ``within`` that time.

    It is told of once at each stage of ``CREDENTIAL_STAGES``. Facts: ``app_id``, ``app_name``, ``key_id``, ``kind``,
    ``ends_at``, ``days_left`` (whole days).
    """
    left = credential.ends_at - now
    if left > within:
        return None
    stage = min((days for days in CREDENTIAL_STAGES if left <= timedelta(days=days)), default=within.days)
    return Notice(
        id=digest_of(Event.CREDENTIAL_ENDING.value, run.tenant_id, credential.key_id, iso(credential.ends_at), stage),
        event=Event.CREDENTIAL_ENDING,
        at=now,
        tenant_id=run.tenant_id,
        tenant_name=run.tenant_name,
        severity=Severity.CRITICAL if stage <= 7 else Severity.HIGH,
        check=None,
        resource_type="application",
        about=credential.key_id,
        facts={
            "app_id": credential.app_id,
            "app_name": credential.app_name,
            "key_id": credential.key_id,
            "kind": credential.kind,
            "ends_at": iso(credential.ends_at),
            "days_left": max(left.days, 0),
        },
    )


def exemption_notice(exemption: Exemption, run: Run, *, now: datetime, within: timedelta) -> Notice | None:
    """Return the notice that an exemption in force ends soon; None if it does not end ``within`` that time.

    Facts: ``resource_id``, ``owner``, ``reason``, ``ends_at``, ``days_left`` (whole days), ``origin``.
    """
    left = exemption.ends_at - now
    if not timedelta(0) < left <= within:
        return None
    # Not its origin: a line more above it in the file makes it no other exemption.
    about = digest_of(exemption.tenant, exemption.check, exemption.resource_id.lower())
    return Notice(
        id=digest_of(Event.EXEMPTION_ENDING.value, run.tenant_id, about, iso(exemption.ends_at)),
        event=Event.EXEMPTION_ENDING,
        at=now,
        tenant_id=run.tenant_id,
        tenant_name=run.tenant_name,
        severity=Severity.LOW,
        check=exemption.check,
        resource_type=None,
        about=about,
        facts={
            "resource_id": exemption.resource_id,
            "owner": exemption.owner,
            "reason": exemption.reason,
            "ends_at": iso(exemption.ends_at),
            "days_left": left.days,
            "origin": exemption.origin,
        },
    )


def _run_notice(event: Event, run: Run, *, severity: Severity, facts: Mapping[str, Value]) -> Notice:
    return Notice(
        id=digest_of(event.value, run.id),
        event=event,
        at=run.finished_at or run.taken_at,
        tenant_id=run.tenant_id,
        tenant_name=run.tenant_name,
        severity=severity,
        check=None,
        resource_type=None,
        about=run.id,
        facts=facts,
    )
