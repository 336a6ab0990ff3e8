"""What a route answers: its shape for the document, and the answer itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from starlette.responses import Response

from posture.domain.page import Page
from posture.report.json_types import TEXT_OR_NULL, Schema, list_of, object_of
from posture.web.api.asking import Body
from posture.web.api.problem import MEDIA_TYPE as PROBLEM_TYPE

Item = TypeVar("Item")


def shape(name: str) -> Schema:
    """Return a reference to a shape of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def page_of(name: str) -> Schema:
    """Return the shape of one page of a list."""
    return object_of(
        items=list_of(shape(name)),
        next={"description": "cursor of the next page; null after the last", **TEXT_OR_NULL},
    )


def whole_list_of(name: str) -> Schema:
    """Return the shape of a list that comes in one piece."""
    return object_of(items=list_of(shape(name)))


def answers(
    name: str | None, *, status: int = 200, body: type[Body] | None = None, names_things: bool = False
) -> dict[str, Any]:
    """Return what a route's decorator is told: the shape that it answers with (None: nothing), its body, and whether
    it names things that may not be there."""
    content = {} if name is None else {"content": {"application/json": {"schema": shape(name)}}}
    responses: dict[int, Mapping[str, Any]] = {
        status: {"description": HTTPStatus(status).phrase, **content},
        **({404: problem_answer(404)} if names_things else {}),
    }
    return {
        "status_code": status,
        "response_class": Response,
        "response_model": None,
        "responses": responses,
        "openapi_extra": {} if body is None else {"requestBody": _body(body)},
    }


def _body(model: type[Body]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": shape(model.__name__)}}}


def problem_answer(status: int) -> dict[str, Any]:
    """Return what the document says of a status that is no success."""
    return {"description": HTTPStatus(status).phrase, "content": {PROBLEM_TYPE: {"schema": shape("Problem")}}}


def answer(value: object, *, status: int = 200) -> Response:
    """Return a value as JSON. ASCII only: nothing in a name out of a directory can steer whatever shows it."""
    content = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return Response(content, status_code=status, media_type="application/json")


def answer_page(page: Page[Item], as_json: Callable[[Item], object]) -> Response:
    """Return one page of a list."""
    return answer({"items": [as_json(item) for item in page.items], "next": page.next_cursor})


def answer_list(items: Iterable[Item], as_json: Callable[[Item], object]) -> Response:
    """Return a whole list."""
    return answer({"items": [as_json(item) for item in items]})


def answer_nothing() -> Response:
    return Response(status_code=HTTPStatus.NO_CONTENT)
