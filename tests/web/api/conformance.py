"""Answers held against the OpenAPI document."""

from __future__ import annotations

from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from posture.web.api import api_document


def require_documented(route: str, answer: httpx.Response) -> None:
    """Fail unless the answer of a route (``GET /plans/{plan}``) is one that the document promises."""
    method, path = route.split()
    promised = api_document()["paths"][path][method.lower()]["responses"][str(answer.status_code)]
    if "$ref" in promised:
        promised = api_document()["components"]["responses"][promised["$ref"].rpartition("/")[2]]
    content = promised.get("content")
    if content is None:
        assert answer.content == b""
        return
    ((media_type, described),) = content.items()
    assert answer.headers["content-type"] == media_type
    _validator(described["schema"]["$ref"]).validate(answer.json())


@cache
def _validator(reference: str) -> Any:
    return Draft202012Validator({"$ref": reference, "components": api_document()["components"]})
