"""Removing authentication methods and issuing a Temporary Access Pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from posture.simulator.authentication_methods import ALTERNATE_MOBILE, METHOD_TYPES, MOBILE, PASSWORD, password_method
from posture.simulator.tenant import Tenant
from tests.simulator.builders import STRONG_ROLE, InProcess, a_tenant, a_writer, guid

ALL = "UserAuthenticationMethod.ReadWrite.All"
METHODS = f"/v1.0/users/{guid(2)}/authentication"
DEFAULT = "push"
PASSES = f"{METHODS}/temporaryAccessPassMethods"


def a_method(type_name: str, method_id: str, **more: Any) -> dict[str, Any]:
    return {"@odata.type": f"#microsoft.graph.{type_name}", "id": method_id} | more


def with_methods() -> Tenant:
    """User 2 has a method of every type, an alternate mobile phone too; the Authenticator is the default."""
    tenant = a_tenant()
    others = {s: t for s, t in METHOD_TYPES.items() if s not in {"passwordMethods", "temporaryAccessPassMethods"}}
    made = [a_method(kind, "push" if "microsoftAuth" in kind else segment) for segment, kind in others.items()]
    phones = [
        a_method("phoneAuthenticationMethod", one, phoneNumber="+1 4255550100") for one in (MOBILE, ALTERNATE_MOBILE)
    ]
    tenant.authentication_methods[guid(2)] = [password_method(), *phones, *made]
    tenant.default_methods[guid(2)] = DEFAULT
    tenant.singletons["policies/authenticationMethodsPolicy"] = {
        "authenticationMethodConfigurations": [
            {
                "id": "TemporaryAccessPass",
                "state": "enabled",
                "defaultLifetimeInMinutes": 60,
                "minimumLifetimeInMinutes": 30,
                "maximumLifetimeInMinutes": 480,
                "isUsableOnce": False,
            }
        ]
    }
    return tenant


def writer(directory: Path, *permissions: str, roles: tuple[str, ...] = ()) -> InProcess:
    return a_writer(directory, *(permissions or (ALL,)), tenant=with_methods(), roles=roles)


def method_ids(graph: InProcess) -> list[str]:
    return graph.get(f"{METHODS}/methods").ids


PERMISSION_OF = {
    "phoneMethods": "Phone",
    "emailMethods": "Email",
    "fido2Methods": "Passkey",
    "windowsHelloForBusinessMethods": "WindowsHello",
    "softwareOathMethods": "SoftwareOATH",
    "platformCredentialMethods": "PlatformCred",
    "externalAuthenticationMethods": "External",
}


@pytest.mark.parametrize("segment", PERMISSION_OF)
def test_each_type_goes_with_its_own_permission(tmp_path: Path, segment: str) -> None:
    graph = writer(tmp_path, f"UserAuthMethod-{PERMISSION_OF[segment]}.ReadWrite.All")
    before = method_ids(graph)

    reply = graph.delete(f"{METHODS}/{segment}/{segment}")

    assert (reply.status, reply.content) == (204, b"")
    assert method_ids(graph) == [one for one in before if one != segment]
    assert graph.delete(f"{METHODS}/{segment}/{segment}").status == 404


@pytest.mark.parametrize("segment", PERMISSION_OF)
def test_no_type_goes_with_the_permission_of_another(tmp_path: Path, segment: str) -> None:
    others = (f"UserAuthMethod-{name}.ReadWrite.All" for s, name in PERMISSION_OF.items() if s != segment)
    graph = writer(tmp_path, *others)
    before = method_ids(graph)

    assert graph.delete(f"{METHODS}/{segment}/{segment}").status == 403
    assert method_ids(graph) == before


def test_a_method_of_another_type_is_not_found_there(tmp_path: Path) -> None:
    graph = writer(tmp_path)

    assert graph.delete(f"{METHODS}/fido2Methods/{MOBILE}").status == 404
    assert graph.delete(f"/v1.0/users/{guid(404)}/authentication/fido2Methods/fido2Methods").status == 404


def test_the_default_goes_last(tmp_path: Path) -> None:
    graph = writer(tmp_path)
    url = f"{METHODS}/microsoftAuthenticatorMethods/{DEFAULT}"

    assert graph.delete(url).status == 400
    graph.delete(f"{METHODS}/phoneMethods/{ALTERNATE_MOBILE}")
    graph.delete(f"{METHODS}/phoneMethods/{MOBILE}")
    for segment in PERMISSION_OF:
        assert graph.delete(f"{METHODS}/{segment}/{segment}").status == 204

    assert method_ids(graph) == [PASSWORD, DEFAULT]
    assert graph.delete(url).status == 204
    assert method_ids(graph) == [PASSWORD]


def test_the_mobile_phone_stays_while_there_is_an_alternate_one(tmp_path: Path) -> None:
    graph = writer(tmp_path)

    assert graph.delete(f"{METHODS}/phoneMethods/{MOBILE}").status == 400
    assert graph.delete(f"{METHODS}/phoneMethods/{ALTERNATE_MOBILE}").status == 204
    assert graph.delete(f"{METHODS}/phoneMethods/{MOBILE}").status == 204


def test_a_password_is_never_removed(tmp_path: Path) -> None:
    graph = writer(tmp_path)

    assert graph.delete(f"{METHODS}/passwordMethods/{PASSWORD}").status == 405
    assert PASSWORD in method_ids(graph)


def test_methods_of_an_administrator_need_a_directory_role(tmp_path: Path) -> None:
    def admin(name: str, roles: tuple[str, ...]) -> InProcess:
        tenant = with_methods()
        tenant.collections["roleManagement/directory/roleDefinitions"][0]["templateId"] = STRONG_ROLE
        tenant.collections["roleManagement/directory/roleAssignments"][0]["principalId"] = guid(2)
        return a_writer(tmp_path / name, ALL, tenant=tenant, roles=roles)

    url = f"{METHODS}/fido2Methods/fido2Methods"

    assert admin("without", ()).delete(url).status == 403
    assert admin("with", (STRONG_ROLE,)).delete(url).status == 204


def test_methods_are_listed_by_type_and_read_one_by_one(tmp_path: Path) -> None:
    graph = writer(tmp_path)

    assert graph.get(f"{METHODS}/phoneMethods").ids == [MOBILE, ALTERNATE_MOBILE, "phoneMethods"]
    assert graph.get(f"{METHODS}/methods/{MOBILE}").body["@odata.type"].endswith("phoneAuthenticationMethod")
    assert graph.get(f"{METHODS}/phoneMethods/{MOBILE}").body["phoneNumber"] == "+1 4255550100"
    assert graph.get(f"{METHODS}/fido2Methods/{MOBILE}").status == 404
    preferences = graph.get(f"/beta/users/{guid(2)}/authentication/signInPreferences").body
    assert preferences["userPreferredMethodForSecondaryAuthentication"] == "push"


# Temporary Access Pass


def test_the_code_of_a_pass_is_in_one_answer_only(tmp_path: Path) -> None:
    graph = writer(tmp_path)

    reply = graph.post(PASSES, {"lifetimeInMinutes": 60, "isUsableOnce": True})

    code = reply.body["temporaryAccessPass"]
    assert (reply.status, reply.body["isUsable"], reply.body["isUsableOnce"]) == (201, True, True)
    assert code
    assert graph.get(PASSES).body["value"][0]["temporaryAccessPass"] is None
    assert code not in repr(graph.server.tenants[0])
    assert code not in repr(graph.server.requests)


def test_a_user_has_one_usable_pass_at_a_time(tmp_path: Path) -> None:
    graph = writer(tmp_path)
    graph.post(PASSES, {"lifetimeInMinutes": 30})

    assert graph.post(PASSES, {"lifetimeInMinutes": 30}).status == 400
    graph.clock.advance(31 * 60)
    assert graph.post(PASSES, {"lifetimeInMinutes": 30}).status == 201
    assert len(graph.get(PASSES).ids) == 1


@pytest.mark.parametrize(
    "body", [{"lifetimeInMinutes": 29}, {"lifetimeInMinutes": 481}, {"lifetimeInMinutes": "60"}, {"minutes": 60}]
)
def test_a_pass_outside_the_policy_is_refused(tmp_path: Path, body: dict[str, object]) -> None:
    graph = writer(tmp_path)

    assert graph.post(PASSES, body).status == 400
    assert graph.get(PASSES).ids == []


def test_guests_get_no_pass_and_nobody_where_the_policy_is_off(tmp_path: Path) -> None:
    graph = writer(tmp_path)
    guest = graph.post(f"/v1.0/users/{guid(5)}/authentication/temporaryAccessPassMethods", {})
    (policy,) = graph.server.tenants[0].singletons["policies/authenticationMethodsPolicy"][
        "authenticationMethodConfigurations"
    ]
    policy["state"] = "disabled"

    assert (guest.status, graph.post(PASSES, {}).status) == (400, 400)


def test_a_pass_may_begin_later(tmp_path: Path) -> None:
    graph = writer(tmp_path)

    reply = graph.post(PASSES, {"startDateTime": "2026-03-03T08:00:00Z", "lifetimeInMinutes": 60})

    assert (reply.body["isUsable"], reply.body["methodUsabilityReason"]) == (False, "NotYetValid")


def test_a_pass_can_be_withdrawn(tmp_path: Path) -> None:
    graph = writer(tmp_path)
    made = graph.post(PASSES, {}).body["id"]

    assert graph.delete(f"{PASSES}/{made}").status == 204
    assert graph.get(PASSES).ids == []


def test_the_policy_may_allow_only_passes_that_are_used_once(tmp_path: Path) -> None:
    graph = writer(tmp_path)
    (policy,) = graph.server.tenants[0].singletons["policies/authenticationMethodsPolicy"][
        "authenticationMethodConfigurations"
    ]
    policy["isUsableOnce"] = True

    assert graph.post(PASSES, {"isUsableOnce": False}).status == 400
    assert graph.post(PASSES, {}).body["isUsableOnce"] is True
