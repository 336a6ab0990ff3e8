"""Trying an action on made-up rows, over and over: what it would do, and never doing it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from posture.definitions.action_cases import ActionCase
from posture.definitions.action_model import OutcomeWord
from posture.definitions.case_tables import Rows
from posture.definitions.loaded_action import LoadedAction
from posture.domain.request import GraphRequest
from posture.errors import ActionBroken
from posture.usecases.ports import LiveDesk, LiveRows
from posture.usecases.steps import Terms, first_refusal, is_true, requests_of

_GRAPH: Final = "https://graph.microsoft.com/v1.0"


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What an action would do with a resource. ``guard`` is the one that refuses; None if it is a value, needed for a
    request and not known, that does. ``requests`` are those of the first pass.
    """

    outcome: OutcomeWord
    guard: str | None
    requests: tuple[GraphRequest, ...]

    @property
    def calls(self) -> tuple[str, ...]:
        """The requests as method and path."""
        return tuple(f"{request.method} {request.path}" for request in self.requests)

    @property
    def _sent(self) -> list[str]:
        bodies = (json.dumps(request.body, sort_keys=True) for request in self.requests)
        return sorted(f"{call} {body}" for call, body in zip(self.calls, bodies, strict=True))

    def does_as(self, other: Deed) -> bool:
        """Say whether both end alike and send the same, in whatever order."""
        return self.outcome == other.outcome and self._sent == other._sent


class ActionTrial:
    """One action on one desk."""

    def __init__(self, loaded: LoadedAction, desk: LiveDesk) -> None:
        self.loaded = loaded
        self._desk = desk
        self._deeds: dict[str, Deed] = {}

    def deed(self, case: ActionCase, rows: Rows, before: Rows | None) -> Deed:
        """Return what the action, or undoing it, does in a case with other live rows and other rows from before.

        Raises:
            ActionBroken: the SQL failed.
            LiveDataUnfit: a value does not fit its column.
        """
        key = json.dumps([case.name, rows, before], sort_keys=True)
        if key not in self._deeds:
            self._deeds[key] = self._tried(case, self._open(case, rows, before))
        return self._deeds[key]

    def is_verified(self, case: ActionCase) -> bool:
        """Say whether the rows of a case already show what is waited for after acting.

        Raises:
            ActionBroken: the SQL failed.
            LiveDataUnfit: a value does not fit its column.
        """
        action = self.loaded.action
        verify = action.undo.verify if case.is_undo and action.undo is not None else action.verify
        live = self._open(case, case.rows, case.before)
        if verify.until is None:
            return not live.select(f"from {verify.until_gone}", parameters={})
        return is_true(verify.until, live, home=action.home, terms=self._terms(case))

    def _open(self, case: ActionCase, rows: Rows, before: Rows | None) -> LiveRows:
        return self._desk.open_rows(rows, now=case.now, before=before, answers=case.answers)

    def _tried(self, case: ActionCase, live: LiveRows) -> Deed:
        action, terms = self.loaded.action, self._terms(case)
        guards, done_when, steps = action.guards, action.done_when, action.steps
        if case.is_undo and action.undo is not None:
            guards, done_when, steps = action.undo.guards, action.undo.done_when, action.undo.steps
        guard = first_refusal(guards, live, home=action.home, terms=terms)
        if guard is not None:
            return Deed(outcome="refused", guard=guard.id, requests=())
        if is_true(done_when, live, home=action.home, terms=terms):
            return Deed(outcome="already_done", guard=None, requests=())
        for step in steps:
            if step.for_each is not None:
                # SQL that fails is the file's mistake, not a value that is not known.
                live.select(step.for_each, parameters=terms.for_sql)
        try:
            requests = tuple(request for step in steps for request in requests_of(step, live, terms=terms))
        except ActionBroken:
            return Deed(outcome="refused", guard=None, requests=())
        return Deed(outcome="done", guard=None, requests=requests)

    def _terms(self, case: ActionCase) -> Terms:
        return Terms(
            resource_id=case.resource_id,
            parameters=case.parameters,
            now=case.now,
            approved_at=case.approved_at,
            started_at=case.now,
            graph_root=_GRAPH,
            secrets={name: f"<{name}>" for name in self.loaded.action.secrets},
        )
