"""What a tenant says about itself: name, plans, and the permissions in our token."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from posture.domain.printable import printable
from posture.domain.tenant import Licence, TenantFacts
from posture.errors import GraphError, TenantUnreachable, TokenRefused
from posture.graph.addresses import url_of
from posture.graph.answers import Answer, http_date
from posture.graph.credentials import Connection
from posture.graph.failures import Trouble
from posture.graph.paging import Malformed
from posture.graph.pursuit import Ask, Pursuer, Spending
from posture.graph.timing import Timing
from posture.graph.tokens import roles_in
from posture.tables.table import ThrottleClass

if TYPE_CHECKING:
    from posture.graph.client import GraphClient

# Service plan ids; source: learn.microsoft.com/entra/identity/users/licensing-service-plan-reference
_PLANS = {
    "41781fb2-bc02-4b7c-bd55-b576c07bb09d": frozenset({Licence.P1}),
    "eec0eb4f-6444-4f95-aba0-50c24d67f998": frozenset({Licence.P1, Licence.P2}),
}
_IN_FORCE = frozenset({"enabled", "warning"})


class _Plan(msgspec.Struct):
    id: str | None = msgspec.field(default=None, name="servicePlanId")
    status: str | None = msgspec.field(default=None, name="capabilityStatus")


class _Organization(msgspec.Struct):
    id: str | None = None
    name: str | None = msgspec.field(default=None, name="displayName")
    plans: list[_Plan] | None = msgspec.field(default=None, name="assignedPlans")


class _Organizations(msgspec.Struct):
    value: list[_Organization]


async def identify_tenant(
    connection: Connection, client: GraphClient, pursuer: Pursuer, timing: Timing
) -> TenantFacts:
    """Ask the tenant who it is; a tenant that will not tell is known by what the settings say.

    Raises:
        TokenRefused: the token endpoint said no, or Graph does not accept its token.
        TenantUnreachable: the token endpoint or Graph gave no usable answer.
    """
    token = (await client.tokens.get_token()).token
    ask = Ask(
        url=url_of("organization", graph_root=connection.graph_root, select=["id", "displayName", "assignedPlans"]),
        headers={},
        throttle_class=ThrottleClass.DIRECTORY,
        cost=1,
    )
    found = await pursuer.fetch(ask, _organization, Spending())
    if isinstance(found, Trouble):
        if found.status != 403:
            raise _error(found, connection)
        found = (_Organization(), None)
    organization, date = found
    return TenantFacts(
        tenant_id=organization.id or connection.tenant_id,
        display_name=organization.name,
        licences=_licences(organization.plans),
        granted=roles_in(token),
        clock_skew=date - timing.now() if date else None,
    )


def _organization(answer: Answer) -> tuple[_Organization, datetime | None]:
    try:
        listed = msgspec.json.decode(answer.body, type=_Organizations).value
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"the organization is not readable ({error})") from None
    if not listed:
        raise Malformed("the tenant lists no organization")
    return listed[0], http_date(answer.headers.get("date", ""))


def _licences(plans: list[_Plan] | None) -> frozenset[Licence] | None:
    if plans is None:
        return None
    in_force = [plan.id.lower() for plan in plans if plan.id and (plan.status or "").lower() in _IN_FORCE]
    return frozenset().union(*(_PLANS.get(plan, frozenset()) for plan in in_force))


def _error(trouble: Trouble, connection: Connection) -> GraphError:
    if trouble.status == 401:
        return TokenRefused(f"Graph does not accept the access token: {trouble.sentence}.", code=None)
    host = printable(urlsplit(connection.graph_root).netloc)
    return TenantUnreachable(
        f"{host} cannot be used: {trouble.sentence}. Check the network, http.proxy, http.ca_bundle and the cloud "
        "in the settings; if they are right, try again later."
    )
