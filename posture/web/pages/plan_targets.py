"""The targets of a plan as its page shows them: what will be sent or was sent, as text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from posture.bootstrap.views import TargetDetail
from posture.domain.finding_view import FindingView
from posture.domain.journal import JournalEntry, SendState
from posture.domain.judgement import Value
from posture.domain.plan import Target
from posture.usecases.planned_requests import PlannedRequest

_FIRST_ERROR = 400


@dataclass(frozen=True, kw_only=True)
class SentRequest:
    """A request that was sent, or perhaps sent. ``word``, ``tone`` and ``picture`` tell in a badge what came of it,
    ``said`` in a sentence."""

    step: str
    at: datetime
    text: str
    word: str
    tone: str
    picture: str
    said: str | None
    request_id: str | None


@dataclass(frozen=True, kw_only=True)
class PlanTarget:
    """``requests`` are texts, each with whether it is sent once for each thing found."""

    target: Target
    finding: FindingView | None
    requests: Sequence[tuple[str, bool]]
    journal: Sequence[SentRequest]


def plan_target(detail: TargetDetail) -> PlanTarget:
    """Return one target with its requests as text. Secrets were masked before."""
    return PlanTarget(
        target=detail.target,
        finding=detail.finding,
        requests=[_planned(request) for request in detail.requests],
        journal=[_sent(entry) for entry in detail.journal],
    )


def request_text(method: str, path: str, body: Mapping[str, Value] | None) -> str:
    """Return a request as people read it: its first line, and below it the body as JSON."""
    first = f"{method} /{path.lstrip('/')}"
    return first if body is None else f"{first}\n{json.dumps(body, indent=2, ensure_ascii=False)}"


def _planned(request: PlannedRequest) -> tuple[str, bool]:
    return request_text(request.method, request.path, request.body), request.is_for_each


def _sent(entry: JournalEntry) -> SentRequest:
    word, tone, picture = _answer(entry)
    return SentRequest(
        step=entry.step,
        at=entry.intended_at,
        text=request_text(entry.method, entry.path, entry.body),
        word=word,
        tone=tone,
        picture=picture,
        said=entry.error,
        request_id=entry.request_id,
    )


def _answer(entry: JournalEntry) -> tuple[str, str, str]:
    match entry.state:
        case SendState.ANSWERED:
            is_good = entry.status is not None and entry.status < _FIRST_ERROR
            return f"answered {entry.status}", "good" if is_good else "high", "check" if is_good else "cross"
        case SendState.LOST:
            return "no answer", "medium", "question"
        case _:
            return "not known whether it was sent", "medium", "question"
