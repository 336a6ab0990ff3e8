"""One scan of one tenant, from the token to the findings. Read it from top to bottom."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from posture.domain.check import CheckId
from posture.domain.exemption import Exemption, in_force
from posture.domain.notices_of_scans import CheckStanding
from posture.domain.outcome import TableOutcome
from posture.domain.run import Run, RunState, RunSummary, final_state
from posture.domain.severity import Severity
from posture.domain.tenant import TenantFacts
from posture.errors import GraphError, ScanInProgress, SnapshotError, TokenRefused
from posture.usecases.collect import collect_snapshot, published
from posture.usecases.evaluate import evaluate_check, switched_off
from posture.usecases.events import CheckDone, JudgementMade, ScanEvent, ScanFinished, ScanStarted
from posture.usecases.own_credentials import ending_credentials
from posture.usecases.ports import Clock, GraphReader, OpenUnit, Snapshot, Snapshots, Spool
from posture.usecases.scan_request import ScanRequest
from posture.usecases.tell_of_scan import (
    NOTHING_EVALUATED,
    Evaluation,
    is_failure,
    is_first_time,
    tell_of_interrupted,
    tell_of_scan,
)


def scan_tenant(
    request: ScanRequest, *, graph: GraphReader, snapshots: Snapshots, open_unit: OpenUnit, clock: Clock
) -> Iterator[ScanEvent]:
    """Scan a tenant and yield what happens; the last event is always ``ScanFinished``.

    A scan is aborted, and says why, if there is no token, the tenant does not answer, another process scans it,
    or the data directory cannot be written.

    Raises:
        StoreError: the database cannot be used.
    """
    run = _begin(request, taken_at=clock.now())
    facts: TenantFacts | None = None
    try:
        facts = _identify(graph)
        with snapshots.open_spool(request.wanted, now=run.taken_at) as spool:
            run = replace(run, taken_at=spool.taken_at)
            _save(run, open_unit)
            yield _started(request, run, facts, spool)
            snapshot = yield from _collect(request, facts=facts, graph=graph, spool=spool)
        evaluation = yield from _evaluate(request, snapshot, open_unit=open_unit, now=clock.now())
    except (GraphError, ScanInProgress, SnapshotError) as error:
        yield _aborted(request, run, facts, because=str(error), open_unit=open_unit, now=clock.now())
        return
    yield _finished(request, run, facts, snapshot, evaluation, open_unit=open_unit, now=clock.now())


def _identify(graph: GraphReader) -> TenantFacts:
    facts = graph.identify()
    if facts.granted is not None and not facts.granted:
        raise TokenRefused(
            "the token carries no application permission: grant them and have an administrator consent "
            "(posture permissions lists what is needed)",
            code=None,
        )
    return facts


def _begin(request: ScanRequest, *, taken_at: datetime) -> Run:
    return Run(
        id=request.run_id,
        tenant_id=request.tenant_id,
        tenant_name=request.tenant_name,
        taken_at=taken_at,
        finished_at=None,
        state=RunState.RUNNING,
        aborted_because=None,
    )


def _save(run: Run, open_unit: OpenUnit) -> None:
    with open_unit(run.tenant_id) as unit:
        tell_of_interrupted(run, unit=unit)
        unit.save_run(run)


def _started(request: ScanRequest, run: Run, facts: TenantFacts, spool: Spool) -> ScanStarted:
    return ScanStarted(
        run=run,
        facts=facts,
        wanted=request.wanted,
        checks=len(request.checks),
        resumed_tables=frozenset(spool.finished) | frozenset(spool.resume_points),
        set_aside=spool.set_aside,
    )


def _collect(
    request: ScanRequest, *, facts: TenantFacts, graph: GraphReader, spool: Spool
) -> Generator[ScanEvent, None, Snapshot]:
    """Yield the events of the collection and return its snapshot."""
    snapshot: Snapshot | None = None
    for event in collect_snapshot(request.wanted, facts=facts, graph=graph, spool=spool):
        snapshot = published(event)
        yield event
    if snapshot is None:
        raise SnapshotError("the collection ended without a snapshot")
    return snapshot


def _evaluate(
    request: ScanRequest, snapshot: Snapshot, *, open_unit: OpenUnit, now: datetime
) -> Generator[ScanEvent, None, Evaluation]:
    """Yield the events of every check and return what came of them, the results in the order of the request."""
    tables = {wanted.table.name: wanted.table for wanted in request.wanted}
    results = [switched_off(compiled) for compiled in request.switched_off]
    yield from (CheckDone(result=result) for result in results)
    exemptions, standings = _on_record(request, open_unit, now=now)
    failures: defaultdict[CheckId, Counter[Severity]] = defaultdict(Counter)
    for compiled in request.checks:
        # One transaction per check, not per run: a broken thirty-ninth must not take the first thirty-eight
        # with it. Cost: a reader in between sees new findings of some checks and old ones of others.
        for event in evaluate_check(
            compiled,
            snapshot=snapshot,
            tables=tables,
            open_unit=open_unit,
            exemptions=exemptions,
            tenant_id=request.tenant_id,
            tenant_name=request.tenant_name,
            is_first=is_first_time(standings.get(compiled.check.id)),
            all_verdicts=request.all_verdicts,
        ):
            if isinstance(event, CheckDone):
                results.append(event.result)
            elif isinstance(event, JudgementMade) and is_failure(event):
                failures[event.judgement.check][event.judgement.severity] += 1
            yield event
    credentials = ending_credentials(request.own, snapshot, tables=tables) if request.own else ()
    return Evaluation(results=tuple(results), failures=failures, standings=standings, credentials=tuple(credentials))


def _on_record(
    request: ScanRequest, open_unit: OpenUnit, *, now: datetime
) -> tuple[Mapping[str, tuple[Exemption, ...]], Mapping[CheckId, CheckStanding]]:
    """Return the exemptions in force, by resource id in lower case, and how the checks stand."""
    with open_unit(request.tenant_id) as unit:
        known = [*request.exemptions, *unit.exemptions()]
        standings = unit.standings()
    by_resource: dict[str, tuple[Exemption, ...]] = {}
    for exemption in in_force(known, tenant=request.tenant_name, now=now):
        key = exemption.resource_id.lower()
        by_resource[key] = (*by_resource.get(key, ()), exemption)
    return by_resource, standings


def _finished(
    request: ScanRequest,
    run: Run,
    facts: TenantFacts,
    snapshot: Snapshot,
    evaluation: Evaluation,
    *,
    open_unit: OpenUnit,
    now: datetime,
) -> ScanFinished:
    tables = tuple(snapshot.outcomes.values())
    ended = replace(run, finished_at=now, state=final_state(tables, evaluation.results))
    return _summed_up(request, ended, facts, tables, evaluation, open_unit=open_unit, now=now)


def _aborted(
    request: ScanRequest,
    run: Run,
    facts: TenantFacts | None,
    *,
    because: str,
    open_unit: OpenUnit,
    now: datetime,
) -> ScanFinished:
    ended = replace(run, finished_at=now, state=RunState.ABORTED, aborted_because=because)
    return _summed_up(request, ended, facts, (), NOTHING_EVALUATED, open_unit=open_unit, now=now)


def _summed_up(
    request: ScanRequest,
    run: Run,
    facts: TenantFacts | None,
    tables: tuple[TableOutcome, ...],
    evaluation: Evaluation,
    *,
    open_unit: OpenUnit,
    now: datetime,
) -> ScanFinished:
    summary = RunSummary(
        run=run,
        tenant_display_name=facts.display_name if facts else None,
        tables=tables,
        checks=evaluation.results,
    )
    with open_unit(run.tenant_id) as unit:
        tell_of_scan(summary, evaluation, request=request, unit=unit, now=now)
        unit.save_summary(summary)
    return ScanFinished(summary=summary)
