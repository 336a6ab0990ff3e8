"""A dry run: every request that a plan would send, from live data, and not one of them sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from posture.domain.judgement import Value
from posture.domain.plan import Target
from posture.errors import ActionBroken, LiveDataUnfit
from posture.usecases.engine_guards import engine_refusal, no_longer_failing
from posture.usecases.read_live import Rows, Unreadable, read_live
from posture.usecases.steps import Terms, first_refusal, is_true, requests_of
from posture.usecases.work import Earlier, Work
from posture.usecases.writing_down import MASK, masked


@dataclass(frozen=True, kw_only=True)
class RehearsedRequest:
    """``body`` is as it would be sent, with secrets masked."""

    step: str
    method: str
    path: str
    body: Mapping[str, Value] | None


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """What would happen to one target now: it would be refused (why), is as wished already, or is sent these."""

    target: Target
    refused: str | None
    is_done_already: bool
    requests: tuple[RehearsedRequest, ...]


def rehearse(target: Target, work: Work, *, earlier: Earlier) -> Rehearsed:
    """Say what executing would do to a target at this moment. Nothing is changed, nothing is written down."""
    now = work.clock.now()
    terms = Terms(
        resource_id=target.resource.id,
        parameters={**work.plan.parameters, **target.parameters},
        now=now,
        approved_at=work.on_graphs_clock(work.plan.approved_at or now),
        started_at=work.on_graphs_clock(now),
        graph_root=work.graph_root,
        secrets=dict.fromkeys(work.loaded.action.secrets, MASK),
    )
    ids = {**terms.parameters, **earlier.ids}
    rows = read_live(work.reads, resource=target.resource, parameters=ids, sight=work.sight)
    if isinstance(rows, Unreadable):
        return _refused(target, rows.because)
    refusal = engine_refusal(work.plan, target, rules=work.rules, sight=work.sight, now=now)
    refusal = refusal or no_longer_failing(work.plan, target, rules=work.rules, sight=work.sight, now=now)
    if refusal is not None:
        return _refused(target, refusal)
    try:
        return _with_live_rows(target, work, rows, earlier=earlier, terms=terms)
    except (ActionBroken, LiveDataUnfit) as error:
        return _refused(target, str(error))


def _with_live_rows(target: Target, work: Work, rows: Rows, *, earlier: Earlier, terms: Terms) -> Rehearsed:
    home = work.loaded.action.home
    live = work.sight.desk.open_rows(rows, now=terms.now, before=earlier.before, answers=earlier.answers)
    guard = first_refusal(work.guards, live, home=home, terms=terms)
    if guard is not None:
        return _refused(target, f"{guard.id}: {guard.refuse}")
    if is_true(work.done_when, live, home=home, terms=terms):
        return Rehearsed(target=target, refused=None, is_done_already=True, requests=())
    requests = tuple(
        RehearsedRequest(
            step=step.id,
            method=request.method,
            path=request.path,
            body=None if request.body is None else masked(request.body, request.secrets),
        )
        for step in work.steps
        for request in requests_of(step, live, terms=terms)
    )
    return Rehearsed(target=target, refused=None, is_done_already=False, requests=requests)


def _refused(target: Target, because: str) -> Rehearsed:
    return Rehearsed(target=target, refused=because, is_done_already=False, requests=())
