"""What an action would do, said from live rows: guards in order, whether it is done already, the requests. Pure but
for the questions to the live rows; executing, rehearsing and the tests inside action files all go through here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from posture.domain.action import Guard, Step
from posture.domain.check import ParameterValue
from posture.domain.judgement import Value
from posture.domain.request import GraphRequest
from posture.errors import ActionBroken
from posture.usecases.ports import LiveRows

PLACEHOLDER: Final = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_SENT_TO: Final = "graph"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What conditions and requests of one target may speak of besides live rows.

    ``graph_root`` is the version root, for bodies that refer to objects by address. ``secrets`` are the passwords
    made for this target, by name.
    """

    resource_id: str
    parameters: Mapping[str, ParameterValue]
    now: datetime
    approved_at: datetime
    started_at: datetime
    graph_root: str
    secrets: Mapping[str, str]

    @property
    def for_sql(self) -> Mapping[str, ParameterValue | datetime | None]:
        """The named parameters of the action's SQL."""
        return {
            **self.parameters,
            "resource_id": self.resource_id,
            "now": self.now,
            "approved_at": self.approved_at,
            "started_at": self.started_at,
        }


def first_refusal(guards: Sequence[Guard], live: LiveRows, *, home: str, terms: Terms) -> Guard | None:
    """Return the first guard that is anything but TRUE; None if all are."""
    return next((guard for guard in guards if not is_true(guard.require, live, home=home, terms=terms)), None)


def is_true(condition: str, live: LiveRows, *, home: str, terms: Terms) -> bool:
    """Say whether a condition over the resource's own row is TRUE; FALSE, NULL and a missing row are not.

    Raises:
        ActionBroken: the SQL failed.
    """
    return live.truth(condition, over=home, parameters=terms.for_sql)


def requests_of(step: Step, live: LiveRows, *, terms: Terms) -> tuple[GraphRequest, ...]:
    """Return the requests of a step, one for each row of its ``for_each``, in that order.

    Raises:
        ActionBroken: the SQL failed, or a value that the request needs is not known.
    """
    rows: Sequence[Mapping[str, Value]] = [{}]
    if step.for_each is not None:
        rows = live.select(step.for_each, parameters=terms.for_sql)
    return tuple(_request(step, row, terms) for row in rows)


def _request(step: Step, row: Mapping[str, Value], terms: Terms) -> GraphRequest:
    values = _values(row, terms)
    body = None if step.body is None else {name: _filled(part, values, step) for name, part in step.body.items()}
    return GraphRequest(
        method=step.method,
        path=PLACEHOLDER.sub(lambda found: _segment(found[1], values, step), step.path),
        body=body,
        may_repeat=step.may_repeat,
        secrets=frozenset(terms.secrets.values()),
    )


def _values(row: Mapping[str, Value], terms: Terms) -> Mapping[str, Value]:
    parameters: dict[str, Value] = {
        name: list(value) if isinstance(value, tuple) else value for name, value in terms.parameters.items()
    }
    return {
        **parameters,
        **terms.secrets,
        "resource_id": terms.resource_id,
        _SENT_TO: terms.graph_root,
        **row,
    }


def _segment(name: str, values: Mapping[str, Value], step: Step) -> str:
    """Return a value as part of a path. An empty one would address the collection above."""
    value = values.get(name)
    if isinstance(value, str) and value.strip(". "):
        return quote(value, safe="")
    raise ActionBroken(f'the step "{step.id}" needs {name} for its path, and it is not known')


def _filled(part: Value, values: Mapping[str, Value], step: Step) -> Value:
    if isinstance(part, dict):
        return {name: _filled(below, values, step) for name, below in part.items()}
    if isinstance(part, list):
        return [_filled(below, values, step) for below in part]
    if not isinstance(part, str):
        return part
    whole = PLACEHOLDER.fullmatch(part)
    if whole:
        return _known(whole[1], values, step)
    return PLACEHOLDER.sub(lambda found: str(_known(found[1], values, step)), part)


def _known(name: str, values: Mapping[str, Value], step: Step) -> Value:
    value = values.get(name)
    if value is None:
        raise ActionBroken(f'the step "{step.id}" needs {name}, and it is not known')
    return value
