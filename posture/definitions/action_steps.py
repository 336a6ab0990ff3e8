"""The requests in an action file: each one known, each placeholder filled, each permission said."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from posture.definitions.action_model import StepModel
from posture.definitions.action_sql import ActionSql
from posture.definitions.dictionary import did_you_mean
from posture.definitions.yaml_source import Step as Place
from posture.definitions.yaml_source import YamlDocument
from posture.domain.action import Step
from posture.domain.check import Parameter, ParameterType
from posture.errors import DefinitionError
from posture.tables.writes import WRITES, Write, find_writes

RESOURCE_ID: Final = "resource_id"
GRAPH: Final = "graph"
"""What ``{graph}`` in a body stands for: the version root."""

_PLACEHOLDER: Final = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_IN_PATHS: Final = (ParameterType.STRING, ParameterType.OBJECT_ID)
# Graph said no, or asked to wait: nothing is as it was wished to be.
_NEVER_OK: Final = frozenset({401, 403, 429})


@dataclass(frozen=True, kw_only=True)
class StepNames:
    """What the requests of an action may speak of besides the columns of their ``for_each``."""

    parameters: Mapping[str, Parameter]
    secrets: Collection[str]

    @property
    def in_path(self) -> frozenset[str]:
        return frozenset(
            {RESOURCE_ID} | {name for name, parameter in self.parameters.items() if parameter.type in _IN_PATHS}
        )

    @property
    def in_body(self) -> frozenset[str]:
        return frozenset({RESOURCE_ID, GRAPH, *self.parameters, *self.secrets})


class StepReader:
    """Reads the steps of one file; ``used`` gathers the names that their requests speak of."""

    def __init__(self, document: YamlDocument, names: StepNames, permissions: Sequence[str]) -> None:
        self._document = document
        self._names = names
        self._permissions = frozenset(permissions)
        self.used: set[str] = set()
        self.sent: list[tuple[Write, frozenset[str]]] = []

    def steps(self, models: Sequence[StepModel], sql: ActionSql, at: tuple[Place, ...]) -> tuple[Step, ...]:
        """Return the steps.

        Raises:
            DefinitionError: a request is not known or not covered by permissions, or a placeholder is not known.
        """
        found = tuple(self._step(model, sql, (*at, number)) for number, model in enumerate(models))
        for number, step in enumerate(found):
            if step.id in [other.id for other in found[:number]]:
                raise self._error((*at, number, "id"), f'two steps are called "{step.id}"', "Rename one.")
        return found

    def require_needed(self) -> None:
        """Hold the permissions to what the steps read so far need.

        Raises:
            DefinitionError: every step is covered without one of them.
        """
        for permission in sorted(self._permissions):
            fewer = self._permissions - {permission}
            if all(write.is_allowed_by(fewer, properties) for write, properties in self.sent):
                number = self._position(permission)
                problem = f"no step needs the permission {permission}"
                raise self._error(("permissions", number), problem, "Take it out: least permissions only.")

    def _position(self, permission: str) -> int:
        listed = self._document.at(("permissions",))
        return listed.index(permission) if isinstance(listed, list) else 0

    def _step(self, model: StepModel, sql: ActionSql, at: tuple[Place, ...]) -> Step:
        method, path = model.request.split(" ", 1)
        columns = self._columns(model, sql, at)
        self._require_path(path, columns, (*at, "request"))
        self._require_body(model.body, columns, (*at, "body"))
        if method == "DELETE" and model.body is not None:
            raise self._error((*at, "body"), "a DELETE has no body", "Leave it out.")
        self._require_statuses(model, at)
        self._require_permissions(method, path, frozenset(model.body or ()), (*at, "request"))
        if model.reveal is not None and model.reveal in model.keep:
            problem = "what is shown once is never kept"
            raise self._error((*at, "reveal"), problem, f'Take {model.reveal} out of "keep".')
        return Step(
            id=model.id,
            method=method,
            path=path,
            for_each=model.for_each,
            body=model.body,
            ok=frozenset(model.ok),
            later=frozenset(model.later),
            passes=model.passes,
            may_repeat=model.may_repeat if model.may_repeat is not None else method != "POST",
            keep=tuple(model.keep),
            reveal=model.reveal,
        )

    def _columns(self, model: StepModel, sql: ActionSql, at: tuple[Place, ...]) -> frozenset[str]:
        if model.for_each is None:
            return frozenset()
        columns = sql.select(model.for_each, (*at, "for_each"))
        for name in columns:
            if name in self._names.in_body:
                problem = f'the column "{name}" is called like something that means the same for every row'
                raise self._error((*at, "for_each"), problem, f'Rename it with "as", such as {name} as its_{name}.')
        return frozenset(columns)

    def _require_path(self, path: str, columns: frozenset[str], at: tuple[Place, ...]) -> None:
        for segment in path.split("/"):
            placeholder = _PLACEHOLDER.fullmatch(segment)
            if placeholder is not None:
                self._require_name(placeholder[1], self._names.in_path | columns, at, where="in a path")
            elif "{" in segment or "}" in segment:
                problem = f'"{segment}" is not a placeholder'
                raise self._error(
                    at, problem, "A placeholder such as {resource_id} stands for a whole part of a path."
                )

    def _require_body(self, body: Mapping[str, Any] | None, columns: frozenset[str], at: tuple[Place, ...]) -> None:
        for place, text in _texts(body, at):
            for name in _PLACEHOLDER.findall(text):
                self._require_name(name, self._names.in_body | columns, place, where="in a body")

    def _require_name(self, name: str, known: Collection[str], at: tuple[Place, ...], *, where: str) -> None:
        if name not in known:
            advice = did_you_mean(name, known, otherwise=f"There are: {', '.join(sorted(known))}.")
            raise self._error(at, f"{{{name}}} means nothing {where}", advice)
        self.used.add(name)

    def _require_statuses(self, model: StepModel, at: tuple[Place, ...]) -> None:
        never = sorted(_NEVER_OK.intersection(model.ok))
        if never:
            raise self._error((*at, "ok"), f"{never[0]} never means that it was done", "Take it out.")
        both = sorted(set(model.ok).intersection(model.later))
        if both:
            raise self._error((*at, "later"), f'{both[0]} stands in "ok" as well', "Keep one.")
        if bool(model.later) != (model.passes > 1):
            problem = '"later" and "passes" belong together'
            raise self._error(at, problem, "Say which statuses a later pass may heal, and how many passes there are.")

    def _require_permissions(self, method: str, path: str, properties: frozenset[str], at: tuple[Place, ...]) -> None:
        writes = find_writes(method, path)
        if not writes:
            known = [f"{write.method} {write.path}" for write in WRITES]
            wanted = f"{method} {_PLACEHOLDER.sub('{}', path)}"
            advice = did_you_mean(wanted, known, otherwise="Only requests that posture knows are ever sent.")
            raise self._error(at, f"{method} {path} is no request that may be sent", advice)
        for write in writes:
            self.sent.append((write, properties))
            if not write.is_allowed_by(self._permissions, properties):
                needed = " and ".join(sorted(write.enough(properties)[0]))
                problem = f'"permissions" are not enough for {write.method} {write.path}'
                raise self._error(at, problem, f"Add {needed}.")

    def _error(self, at: tuple[Place, ...], problem: str, advice: str) -> DefinitionError:
        return self._document.error(problem, at=at, advice=advice)


def _texts(value: object, at: tuple[Place, ...]) -> Iterator[tuple[tuple[Place, ...], str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, (*at, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, (*at, number))
