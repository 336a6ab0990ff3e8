"""The requests of a plan as far as they are known before anything is read: what people approve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from posture.domain.action import Action, Step
from posture.domain.judgement import Value
from posture.domain.plan import Plan, Target
from posture.usecases.steps import PLACEHOLDER
from posture.usecases.writing_down import MASK


@dataclass(frozen=True, kw_only=True)
class PlannedRequest:
    """``path`` is below the version root. What only the tenant knows at that moment still stands in braces.
    ``is_for_each``: it is sent once for each thing found there. Secrets are masked.
    """

    step: str
    method: str
    path: str
    body: Mapping[str, Value] | None
    is_for_each: bool


def planned_requests(plan: Plan, target: Target, action: Action) -> Sequence[PlannedRequest]:
    """Return the requests that the plan sends for a target, those of undoing if it takes another plan back."""
    steps = action.steps if plan.undoes is None else action.undo.steps if action.undo else ()
    known: dict[str, Value] = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in {**plan.parameters, **target.parameters}.items()
    }
    known |= dict.fromkeys(action.secrets, MASK)
    known["resource_id"] = target.resource.id
    return [_planned(step, known) for step in steps]


def _planned(step: Step, known: Mapping[str, Value]) -> PlannedRequest:
    body = None if step.body is None else {name: _filled(part, known) for name, part in step.body.items()}
    return PlannedRequest(
        step=step.id,
        method=step.method,
        path=PLACEHOLDER.sub(lambda found: _segment(found[0], known.get(found[1])), step.path),
        body=body,
        is_for_each=step.for_each is not None,
    )


def _segment(placeholder: str, value: Value) -> str:
    return placeholder if value is None else quote(str(value), safe="")


def _filled(part: Value, known: Mapping[str, Value]) -> Value:
    if isinstance(part, dict):
        return {name: _filled(below, known) for name, below in part.items()}
    if isinstance(part, list):
        return [_filled(below, known) for below in part]
    if not isinstance(part, str):
        return part
    whole = PLACEHOLDER.fullmatch(part)
    if whole and known.get(whole[1]) is not None:
        return known[whole[1]]
    return PLACEHOLDER.sub(lambda found: _text(found[0], known.get(found[1])), part)


def _text(placeholder: str, value: Value) -> str:
    return placeholder if value is None else str(value)
