"""A tenant held in memory, in the shapes of Microsoft Graph.

Everything is plain JSON-like data with Graph's own property names; the OData layer decides what a
request sees of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Entity = dict[str, Any]
"""One Graph object with every property it has, as Graph would write it in JSON."""


@dataclass(frozen=True, kw_only=True)
class FederatedCredential:
    """Trust in the tokens of another issuer; ``public_key_pem`` stands for the issuer's published keys."""

    issuer: str
    subject: str
    public_key_pem: str
    audience: str = "api://AzureADTokenExchange"


@dataclass(frozen=True, kw_only=True)
class AppRegistration:
    """A client that may ask for tokens: its credentials and the application permissions it was granted.

    ``roles`` are those of Graph, ``exchange_roles`` those of "Office 365 Exchange Online".
    """

    client_id: str
    object_id: str
    secrets: tuple[str, ...] = ()
    expired_secrets: tuple[str, ...] = ()
    certificates_pem: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()
    exchange_roles: frozenset[str] = frozenset()
    federated: tuple[FederatedCredential, ...] = ()


@dataclass(kw_only=True)
class Remembered:
    """The ties of a soft-deleted object: places in relations, whole relations of its own, rows of collections."""

    held_in: list[str] = field(default_factory=list)
    relations: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, list[Entity]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A change that was accepted and shows at a later moment."""

    due: datetime
    entity: Entity
    changes: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class SentMail:
    """A mail that Exchange took. ``message`` is in the shape of Graph, made of ``mime`` if it came so."""

    sent_at: datetime
    mailbox: str
    client_id: str
    recipients: tuple[str, ...]
    message: Mapping[str, Any]
    mime: bytes | None
    stays_in_sent_items: bool


@dataclass(kw_only=True)
class Tenant:
    """One directory.

    ``collections`` maps a path below the version root to its items, in the order they are listed
    (``"users"``, ``"roleManagement/directory/roleAssignments"``, ``"identity/conditionalAccess/policies"``,
    ``"reports/authenticationMethods/userRegistrationDetails"``). ``singletons`` maps a path to its one object
    (``"policies/authorizationPolicy"``). ``relations`` maps ``"groups/{id}/members"``-like paths to ids of directory
    objects in ``collections``. ``sign_in_activity`` maps a user id to the value of ``signInActivity``; a user who
    never signed in is absent. ``authentication_methods`` maps a user id to the registered methods, each with its
    ``@odata.type``; a user who is absent has a password alone. ``default_methods`` maps a user id to the id of the
    method that is asked for first. ``remembered`` holds what a soft-deleted object gets back when it is restored.
    ``pending`` holds what shows later, after ``processing_seconds``. ``objects_made`` counts what writes have
    created, so that new ids repeat from run to run. ``licences`` holds any of ``"p1"``, ``"p2"``, ``"workload"``
    (Workload Identities Premium) and ``"intune"``; P2 includes P1 and, here, the risk of workloads. ``mails`` are
    those that were sent, in their order.
    """

    tenant_id: str
    collections: dict[str, list[Entity]]
    singletons: dict[str, Entity]
    relations: dict[str, list[str]] = field(default_factory=dict)
    sign_in_activity: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    authentication_methods: dict[str, list[Entity]] = field(default_factory=dict)
    default_methods: dict[str, str] = field(default_factory=dict)
    remembered: dict[str, Remembered] = field(default_factory=dict)
    pending: list[Pending] = field(default_factory=list)
    processing_seconds: float = 1.0
    objects_made: int = 0
    licences: frozenset[str] = frozenset({"p1", "p2"})
    registrations: list[AppRegistration] = field(default_factory=list)
    mails: list[SentMail] = field(default_factory=list)
