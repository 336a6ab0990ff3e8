"""The OpenAPI document: it is complete, it is valid, and nothing in it leads nowhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from posture.web.api import api_document
from tests.web.office import Office


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in api_document()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def objects(schema: object) -> Iterator[dict[str, Any]]:
    """Yield every schema of an object, at any depth."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            yield schema
        for below in schema.values():
            yield from objects(below)
    elif isinstance(schema, list):
        for below in schema:
            yield from objects(below)


def test_anybody_may_read_it(office: Office) -> None:
    answer = office.client().get("/api/v1/openapi.json")

    assert answer.status_code == 200
    assert answer.json() == json.loads(json.dumps(api_document()))


def test_every_reference_leads_somewhere() -> None:
    document = api_document()

    for reference in set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document))):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_every_shape_is_a_schema_that_forbids_what_it_does_not_name() -> None:
    for name, schema in api_document()["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert all(each.get("additionalProperties") is False for each in objects(schema)), name


@pytest.mark.parametrize(("name", "operation"), list(operations()))
def test_every_operation_says_what_it_answers_and_takes(name: str, operation: dict[str, Any]) -> None:
    answers = operation["responses"]

    assert operation["summary"].endswith(".")
    assert {"401", "403", "406", "422", "429", "500", "503"} <= answers.keys()
    assert all("schema" in each for each in operation["parameters"])
    if name.startswith("GET"):
        assert "304" in answers
        assert "requestBody" not in operation
    else:
        assert {"409", "413", "415"} <= answers.keys()
        assert "Idempotency-Key" in {each["name"] for each in operation["parameters"]}
    if "{" in name:
        assert "404" in answers


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for _, operation in operations()]

    assert len(set(names)) == len(names)


def test_everything_that_can_be_long_has_a_limit() -> None:
    for name, operation in operations():
        for parameter in operation["parameters"]:
            schema = parameter["schema"]
            is_bounded = schema.keys() & {"maxLength", "maximum", "enum", "maxItems", "$ref"} or "pattern" in schema
            assert is_bounded or parameter["name"] == "If-None-Match", (name, parameter["name"])
