"""Ready-made app registrations for demonstrations and tests."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from posture.simulator.graph_facts import readable_permissions
from posture.simulator.tenant import AppRegistration
from posture.simulator.write_facts import WriteRoute, write_routes

DEMO_CLIENT_ID = "22222222-2222-4222-8222-222222222222"
DEMO_SECRET = "made-up-secret-of-the-simulator"  # noqa: S105  (opens nothing but the simulator)
REMEDIATOR_CLIENT_ID = "44444444-4444-4444-a444-444444444444"
REMEDIATOR_OBJECT_ID = "44444444-5555-4555-a555-444444444444"
REMEDIATOR_SECRET = "made-up-secret-of-the-remediator"  # noqa: S105  (opens nothing but the simulator)
MAILER_CLIENT_ID = "66666666-6666-4666-a666-666666666666"
MAILER_SECRET = "made-up-secret-of-the-mailer"  # noqa: S105  (opens nothing but the simulator)
_RESTORED_KINDS = frozenset({"User.DeleteRestore.All", "Group.ReadWrite.All", "Application.ReadWrite.All"})
READ_BEFORE_WRITING = frozenset({"User.Read.All", "UserAuthenticationMethod.Read.All", "GroupMember.Read.All"})
_EVERY_METHOD = frozenset({"UserAuthenticationMethod.ReadWrite.All"})
_OF_ROLE_ASSIGNABLE_GROUPS = frozenset({"RoleManagement.ReadWrite.Directory"})


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


def remediator_registration(
    *, secret: str = REMEDIATOR_SECRET, withhold: frozenset[str] = frozenset()
) -> AppRegistration:
    """Return the registration that may carry out every write, and read what no scan does."""
    return AppRegistration(
        client_id=REMEDIATOR_CLIENT_ID,
        object_id=REMEDIATOR_OBJECT_ID,
        secrets=(secret,),
        roles=(writing_permissions() | READ_BEFORE_WRITING) - withhold,
    )


def mailer_registration(*, secret: str = MAILER_SECRET, withhold: frozenset[str] = frozenset()) -> AppRegistration:
    """Return the registration that may send mail, through Graph and by SMTP, and nothing else."""
    return AppRegistration(
        client_id=MAILER_CLIENT_ID,
        object_id=str(uuid.uuid5(uuid.NAMESPACE_OID, MAILER_CLIENT_ID)),
        secrets=(secret,),
        roles=frozenset({"Mail.Send"}) - withhold,
        exchange_roles=frozenset({"SMTP.SendAsApp"}) - withhold,
    )


def writing_permissions() -> frozenset[str]:
    """Return the least permissions that open every write; one covers the authentication methods of all kinds."""
    opening = (_EVERY_METHOD if _EVERY_METHOD in r.permissions else r.permissions[0] for r in _with_permissions())
    return frozenset[str]().union(*opening) | _RESTORED_KINDS | _OF_ROLE_ASSIGNABLE_GROUPS


def _with_permissions() -> Iterator[WriteRoute]:
    return (route for route in write_routes() if route.permissions)
