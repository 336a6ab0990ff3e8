"""What the simulator serves is what Microsoft's own SDK expects: it parses, and nothing is left over."""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory

from posture.simulator.demo_tenant import demo_tenant
from posture.simulator.graph_facts import Route, routes
from posture.simulator.registrations import demo_registration
from tests.simulator.builders import NOW, InProcess, in_process

TENANT = demo_tenant(users=60, seed=3, now=NOW)
TENANT.licences = frozenset({"p1", "p2", "intune"})
TENANT.registrations.append(demo_registration())


def served_routes() -> list[Route]:
    """Every path that the made-up company has something for."""
    tops = [r for r in routes() if "{id}" not in r.path and r.method == "GET" and r.type is not None]
    return [r for r in tops if TENANT.collections.get(r.path) or r.path in TENANT.singletons]


RELATIONS = {
    "groups/{id}/members": "groups",
    "applications/{id}/owners": "applications",
    "groups/{id}/transitiveMembers": "groups",
    "users/{id}/memberOf": "users",
    "users/{id}/licenseDetails": "users",
    "servicePrincipals/{id}/appRoleAssignments": "servicePrincipals",
    "servicePrincipals/{id}/appRoleAssignedTo": "servicePrincipals",
    "servicePrincipals/{id}/oauth2PermissionGrants": "servicePrincipals",
    "directoryRoles/{id}/members": "directoryRoles",
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> InProcess:
    return in_process(tmp_path_factory.mktemp("typed"), TENANT)


def model(type_name: str, *, is_collection: bool) -> type[Any]:
    suffix = "CollectionResponse" if is_collection else ""
    name = type_name[0].upper() + type_name[1:] + suffix
    module = re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
    found: type[Any] = getattr(importlib.import_module(f"msgraph.generated.models.{module}"), name)
    return found


def left_over(value: Any, path: str) -> Iterator[str]:
    """Yield the path of everything that no property of a model took."""
    if isinstance(value, list):
        for item in value:
            yield from left_over(item, f"{path}[]")
    elif dataclasses.is_dataclass(value) and hasattr(value, "additional_data"):
        yield from (f"{path}.{name}" for name in value.additional_data if "@odata." not in name)
        for field in dataclasses.fields(value):
            if field.name not in {"additional_data", "backing_store"}:
                yield from left_over(getattr(value, field.name), f"{path}.{field.name}")


def parsed(content: bytes, type_name: str, *, is_collection: bool) -> Any:
    node = JsonParseNodeFactory().get_root_parse_node("application/json", content)
    return node.get_object_value(model(type_name, is_collection=is_collection))


def query_for(route: Route) -> str:
    if route.path != "users":
        return ""
    properties = {name for user in TENANT.collections["users"] for name in user if "@" not in name}
    return f"?$top=60&$select={','.join(sorted(properties))},signInActivity"


@pytest.mark.parametrize("route", served_routes(), ids=lambda route: route.id)
def test_everything_served_fits_the_typed_models(company: InProcess, route: Route) -> None:
    is_collection = route.kind == "collection"

    reply = company.get(f"/v1.0/{route.path}{query_for(route)}")
    answer = parsed(reply.content, route.type or "", is_collection=is_collection)

    assert reply.status == 200
    assert set(left_over(answer, route.path)) == set()
    if is_collection:
        assert len(answer.value) == len(reply.body["value"]) > 0


@pytest.mark.parametrize("path", RELATIONS)
def test_relations_fit_the_typed_models(company: InProcess, path: str) -> None:
    route = next(r for r in routes() if r.path == path)
    parents = [one["id"] for one in TENANT.collections[RELATIONS[path]]]
    replies = [company.get(f"/v1.0/{path.replace('{id}', parent)}") for parent in parents]

    found = [parsed(reply.content, route.type or "", is_collection=True) for reply in replies]

    assert any(answer.value for answer in found)
    assert {rest for answer in found for rest in left_over(answer, path)} == set()


def test_expanded_relations_fit_the_typed_models(company: InProcess) -> None:
    base = "roleManagement/directory/roleAssignments"
    for expansion in ("principal", "roleDefinition"):
        reply = company.get(f"/v1.0/{base}?$expand={expansion}")
        answer = parsed(reply.content, "unifiedRoleAssignment", is_collection=True)

        assert set(left_over(answer, base)) == set()
        assert any(getattr(one, re.sub(r"([A-Z])", r"_\1", expansion).lower()) for one in answer.value)


def test_a_property_no_model_knows_would_be_noticed() -> None:
    answer = parsed(b'{"value":[{"id":"1","assignedLicenses":[{"nonsense":1}]}]}', "user", is_collection=True)

    assert set(left_over(answer, "users")) == {"users.value[].assigned_licenses[].nonsense"}


def test_errors_fit_the_typed_error(company: InProcess) -> None:
    reply = company.get("/v1.0/users?$top=0")
    error = importlib.import_module("msgraph.generated.models.o_data_errors.o_data_error").ODataError

    parsed_error = (
        JsonParseNodeFactory().get_root_parse_node("application/json", reply.content).get_object_value(error)
    )

    assert parsed_error.error.code == "Request_BadRequest"
    assert set(left_over(parsed_error.error, "error")) == set()
    assert parsed_error.error.inner_error.request_id == reply.headers["request-id"]
