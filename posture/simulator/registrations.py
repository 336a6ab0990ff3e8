"""Ready-made app registrations for demonstrations and tests."""

from __future__ import annotations

import uuid

from posture.simulator.graph_facts import readable_permissions
from posture.simulator.tenant import AppRegistration

DEMO_CLIENT_ID = "22222222-2222-4222-8222-222222222222"
DEMO_SECRET = "made-up-secret-of-the-simulator"  # noqa: S105  (opens nothing but the simulator)


def demo_registration(
    roles: frozenset[str] | None = None,
    *,
    client_id: str = DEMO_CLIENT_ID,
    secret: str = DEMO_SECRET,
    withhold: frozenset[str] = frozenset(),
) -> AppRegistration:
    """Return a registration with one secret; without ``roles`` it may read everything but what is withheld."""
    return AppRegistration(
        client_id=client_id,
        object_id=str(uuid.uuid5(uuid.NAMESPACE_OID, client_id)),
        secrets=(secret,),
        roles=(readable_permissions() if roles is None else roles) - withhold,
    )
