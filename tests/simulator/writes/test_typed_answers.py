"""What writes answer, and what they leave behind, is what Microsoft's own SDK expects."""

from __future__ import annotations

from pathlib import Path

import pytest

from posture.simulator.tenant import Tenant
from posture.simulator.write_facts import WriteRoute, write_routes
from tests.simulator.builders import InProcess
from tests.simulator.test_typed_models import left_over, parsed
from tests.simulator.writes.company import as_remediator, company, user
from tests.simulator.writes.test_every_write import EXAMPLES, url_of

REPORT = "reports/authenticationMethods/userRegistrationDetails"
TYPES = {"application-addpassword": "passwordCredential", "serviceprincipal-addpassword": "passwordCredential"}
ANSWERING = [r for r in write_routes() if r.status in (200, 201) and r.id != "user-revokesigninsessions"]
LISTED = [route for route in ANSWERING if route.status == 201 and route.id != "roleassignmentschedulerequest-create"]
METHOD_NAMES = {
    "mobilePhone": "phoneAuthenticationMethod",
    "alternateMobilePhone": "phoneAuthenticationMethod",
    "officePhone": "phoneAuthenticationMethod",
    "microsoftAuthenticatorPush": "microsoftAuthenticatorAuthenticationMethod",
    "softwareOneTimePasscode": "softwareOathAuthenticationMethod",
    "email": "emailAuthenticationMethod",
    "fido2SecurityKey": "fido2AuthenticationMethod",
    "passKeyDeviceBoundAuthenticator": "fido2AuthenticationMethod",
    "windowsHelloForBusiness": "windowsHelloForBusinessAuthenticationMethod",
}


@pytest.mark.parametrize("route", ANSWERING, ids=lambda route: route.id)
def test_an_answer_fits_the_typed_model(tmp_path: Path, route: WriteRoute) -> None:
    tenant = company()
    keys, body = EXAMPLES[route.id](tenant)

    reply = as_remediator(tmp_path, tenant).write(route.method, url_of(route, keys), body)

    answer = parsed(reply.content, TYPES.get(route.id, route.type), is_collection=False)
    assert set(left_over(answer, route.id)) == set()
    assert getattr(answer, "id", None) or answer.key_id


@pytest.mark.parametrize("route", LISTED, ids=lambda route: route.id)
def test_what_was_made_fits_the_typed_model_where_it_is_listed(tmp_path: Path, route: WriteRoute) -> None:
    tenant = company()
    keys, body = EXAMPLES[route.id](tenant)
    graph = as_remediator(tmp_path, tenant)
    made = graph.write(route.method, url_of(route, keys), body).body["id"]

    reply = graph.get(url_of(route, keys))

    answer = parsed(reply.content, route.type, is_collection=True)
    assert set(left_over(answer, route.path)) == set()
    assert made in reply.ids


def test_made_objects_have_the_properties_of_those_that_were_there(graph: InProcess, tenant: Tenant) -> None:
    for route_id, path in (("user-create", "users"), ("group-create", "groups"), ("ca-policy-create", None)):
        route = next(one for one in write_routes() if one.id == route_id)
        path = path or route.path
        usual = set(tenant.collections[path][0])
        keys, body = EXAMPLES[route_id](tenant)
        graph.write(route.method, url_of(route, keys), body)

        assert usual - set(tenant.collections[path][-1]) <= {"securityIdentifier"}, route_id


def test_methods_of_everybody_fit_the_typed_models(graph: InProcess, tenant: Tenant) -> None:
    kinds = set()
    for one in tenant.collections["users"]:
        reply = graph.get(f"/v1.0/users/{one['id']}/authentication/methods")
        answer = parsed(reply.content, "authenticationMethod", is_collection=True)
        kinds |= {method.odata_type for method in answer.value}
        assert set(left_over(answer, "methods")) == set()
    assert kinds == {f"#microsoft.graph.{kind}" for kind in {*METHOD_NAMES.values(), "passwordAuthenticationMethod"}}


def test_methods_agree_with_the_registration_report(tenant: Tenant) -> None:
    for line in tenant.collections[REPORT]:
        methods = tenant.authentication_methods[line["id"]]
        shown = sorted(str(one["@odata.type"]) for one in methods)
        wanted = [METHOD_NAMES[name] for name in line["methodsRegistered"] if name in METHOD_NAMES]
        assert shown == sorted(f"#microsoft.graph.{kind}" for kind in [*wanted, "passwordAuthenticationMethod"])
        assert len({one["id"] for one in methods}) == len(methods)
        default = tenant.default_methods.get(line["id"])
        assert default is None or default in {one["id"] for one in methods}


def test_the_company_has_somebody_for_every_rule_about_the_order_of_removal(graph: InProcess, tenant: Tenant) -> None:
    everything = user(tenant, "risky.high")
    url = f"/v1.0/users/{everything}/authentication"
    phones = {one["phoneType"]: one["id"] for one in graph.get(f"{url}/phoneMethods").body["value"]}

    assert set(phones) == {"mobile", "alternateMobile"}
    assert graph.delete(f"{url}/phoneMethods/{phones['mobile']}").status == 400
    default = tenant.default_methods[everything]
    assert graph.delete(f"{url}/microsoftAuthenticatorMethods/{default}").status == 400
