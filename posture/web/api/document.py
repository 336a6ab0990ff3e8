"""The OpenAPI document: made of the routes and the shapes, so that it says exactly what is answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from posture.report.json_types import Schema
from posture.web.api import checks, findings, operators, overview, plans, records, telling, work
from posture.web.api.answering import problem_answer
from posture.web.api.once import HEADER, KEY_PATTERN, REPEATED, WRITES
from posture.web.api.problem import ProblemKind, problem_schema

VERSION: Final = "1"
PREFIX: Final = "/api/v1"
AREAS: Final = (overview, findings, checks, plans, records, work, telling, operators)
ROUTERS: Final[Sequence[APIRouter]] = tuple(area.router for area in AREAS)

# What can become of any request, before it comes to its route or in it.
_OF_ALL: Final = (
    ProblemKind.NOT_SIGNED_IN,
    ProblemKind.NOT_ALLOWED,
    ProblemKind.NOT_ACCEPTABLE,
    ProblemKind.WRONG_HOST,
    ProblemKind.INVALID,
    ProblemKind.TOO_MANY,
    ProblemKind.BROKEN,
    ProblemKind.UNAVAILABLE,
)
_OF_WRITES: Final = (
    ProblemKind.MALFORMED,
    ProblemKind.TOO_SLOW,
    ProblemKind.REFUSED,
    ProblemKind.TOO_LARGE,
    ProblemKind.WRONG_TYPE,
)
_TAG: Final[Schema] = {"description": "of the content", "schema": {"type": "string"}}
_DESCRIPTION: Final = """\
Everything that the page shows and does, as JSON.

Send an operator's token with every request: `Authorization: Bearer …`. What it may be used for depends on the
operator's role, tenants and scopes; things of other tenants are not there.

Lists come in pages: ask again with `cursor` set to `next` until that is null. Times are RFC 3339 in UTC. What goes
wrong is told as a problem (RFC 9457), whose `type` never changes its meaning. Within `/api/v1` fields, values and
addresses are added, never taken away.

With an `Idempotency-Key` a write is carried out once: for 24 hours the same request with the same key gets the first
answer again.
"""


@cache
def api_document() -> dict[str, Any]:
    """Return the document."""
    app = FastAPI(openapi_url=None, generate_unique_id_function=lambda route: route.name)
    for router in ROUTERS:
        app.include_router(router)
    document = get_openapi(
        title="posture",
        version=VERSION,
        description=_DESCRIPTION,
        routes=app.routes,
        servers=[{"url": PREFIX}],
    )
    for method, operation in _operations(document):
        _complete(operation, method)
    choices = {name: found for name, found in document["components"]["schemas"].items() if "enum" in found}
    document["security"] = [{"bearer": []}]
    document["components"] = {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": "an operator's token"}},
        "schemas": dict(sorted({**choices, **_shapes()}.items())),
        "responses": {_name_of(kind.status): problem_answer(kind.status) for kind in ProblemKind},
    }
    return document


def _name_of(status: int) -> str:
    return f"Problem{status}"


def _shapes() -> dict[str, Schema]:
    shapes: dict[str, Schema] = {"Problem": problem_schema()}
    for area in AREAS:
        shapes |= area.SHAPES
        for model in area.BODIES:
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            shapes |= schema.pop("$defs", {})
            shapes[model.__name__] = schema
    return shapes


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in document["paths"].values():
        for method, operation in path.items():
            yield method.upper(), operation


def _complete(operation: dict[str, Any], method: str) -> None:
    """Add to an operation what FastAPI does not know of: its headers, its problems."""
    operation["summary"], _, rest = operation.pop("description").partition("\n")
    if rest.strip():
        operation["description"] = rest.strip()
    parameters = [_without_null(parameter) for parameter in operation.pop("parameters", [])]
    parameters.append(_key_parameter() if method in WRITES else _known_tag_parameter())
    operation["parameters"] = parameters
    _add_answers(operation["responses"], method)


def _add_answers(responses: dict[str, Any], method: str) -> None:
    kinds = [*_OF_ALL, *(_OF_WRITES if method in WRITES else ())]
    if responses.pop(str(ProblemKind.NOT_THERE.status), None):
        kinds.append(ProblemKind.NOT_THERE)
    for kind in kinds:
        responses[str(kind.status)] = {"$ref": f"#/components/responses/{_name_of(kind.status)}"}
    succeeded = next(answer for status, answer in responses.items() if status.startswith("2"))
    if method in WRITES:
        repeated = {"description": "`true` if this repeats an answer", "schema": {"const": "true"}}
        succeeded["headers"] = {REPEATED: repeated}
    else:
        succeeded["headers"] = {"ETag": _TAG}
        responses["304"] = {"description": "Not Modified", "headers": {"ETag": _TAG}}
    ordered = sorted(responses.items())
    responses.clear()
    responses.update(ordered)


def _key_parameter() -> dict[str, Any]:
    return {
        "name": HEADER,
        "in": "header",
        "required": False,
        "description": "Chosen by you, for one request and its repeats.",
        "schema": {"type": "string", "pattern": KEY_PATTERN},
    }


def _known_tag_parameter() -> dict[str, Any]:
    return {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "`ETag` of what you have: if it is still the same, the answer is 304 without content.",
        "schema": {"type": "string"},
    }


def _without_null(parameter: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter as it can be sent: one that is left out has no value, not the value null."""
    schema = dict(parameter["schema"])
    choices = [choice for choice in schema.pop("anyOf", []) if choice != {"type": "null"}]
    schema.pop("title", None)
    if len(choices) == 1:
        schema |= choices[0]
    if schema.get("default", False) is None:
        del schema["default"]
    return {**parameter, "schema": schema}
