"""Entities as Graph writes them: selected properties, type annotations, expanded relations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from posture.simulator.contents import relation
from posture.simulator.directory import Directory, DirectoryObject
from posture.simulator.expansions import Expand
from posture.simulator.graph_facts import graph_types
from posture.simulator.tenant import Entity

EXPANDED_MAXIMUM = 20
DEFAULT_USER = (
    "id",
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
)
_NOT_LISTED = {"group": frozenset({"hasMembersWithLicenseErrors", "isArchived", "allowExternalSenders"})}
_DIRECTORY_EXPANSIONS = frozenset({"user", "group", "application", "servicePrincipal", "device", "directoryRole"})
encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """How the items of one answer are written.

    ``declared`` is the collection's type: items of another type carry ``@odata.type``. ``may_read`` tells for a type
    whether the caller sees more than the id of such an object.
    """

    directory: Directory
    declared: str | None
    select: tuple[str, ...] | None
    expand: tuple[Expand, ...] = ()
    with_id: bool = False
    may_read: Callable[[str], bool] = lambda _: True

    def items(self, items: Sequence[DirectoryObject]) -> list[dict[str, Any]]:
        if self._is_plain:
            names = self._plain_names()
            return [{k: e[k] for k in names if k in e} for e in (item.entity for item in items)]
        return [self.item(item) for item in items]

    @property
    def _is_plain(self) -> bool:
        """Whether a list of one type can be cut property by property: the way of the big pages."""
        names = self.select or ()
        special = {"signInActivity", "keyCredentials"} & set(names) or any("/" in name for name in names)
        return bool(self.select) and not special and not self.expand and self.declared in {"user", "group", "device"}

    def _plain_names(self) -> tuple[str, ...]:
        wanted = ("id", *(self.select or ())) if self.with_id else self.select or ()
        return ("@odata.type", *dict.fromkeys(wanted))

    def item(self, item: DirectoryObject) -> dict[str, Any]:
        """Return one item as a dictionary ready to encode."""
        shown: dict[str, Any] = {}
        if item.type_name and item.type_name != self.declared:
            shown["@odata.type"] = f"#microsoft.graph.{item.type_name}"
        if self.declared == "directoryObject" and not self.may_read(item.type_name):
            return shown | {"id": item.entity["id"]}
        shown |= self._properties(item)
        for expansion in self.expand:
            shown |= self._expanded(item, expansion)
        return shown

    def _properties(self, item: DirectoryObject) -> dict[str, Any]:
        names = self.select or (DEFAULT_USER if item.type_name == "user" else None)
        if names is None:
            return self._everything(item)
        heads = dict.fromkeys(name.split("/")[0] for name in (("id", *names) if self.with_id else names))
        entity = item.entity
        shown = {name: entity[name] for name in ("@odata.type", *heads) if name in entity}
        if "signInActivity" in heads and item.type_name == "user":
            shown |= self._sign_ins(entity)
        return _only_parts(shown, names)

    def _sign_ins(self, entity: Entity) -> dict[str, Any]:
        """The property is absent for who never signed in; the id always comes with it."""
        activity = self.directory.tenant.sign_in_activity.get(entity["id"])
        return {"id": entity["id"]} | ({} if activity is None else {"signInActivity": activity})

    def _everything(self, item: DirectoryObject) -> dict[str, Any]:
        """Relations kept inside an entity are shown only when expanded; key material only when selected."""
        known = graph_types().get(item.type_name)
        hidden = set(_NOT_LISTED.get(item.type_name, ()))
        hidden |= set(known.navigation) - set(known.properties) - _INLINE if known else set()
        shown = {name: value for name, value in item.entity.items() if name not in hidden}
        if "keyCredentials" in shown:
            shown["keyCredentials"] = [key | {"key": None} for key in shown["keyCredentials"]]
        return shown

    def _expanded(self, item: DirectoryObject, expansion: Expand) -> dict[str, Any]:
        found = relation(self.directory, item, expansion.name)
        target = _declared_target(item.type_name, expansion.name)
        inner = Rendering(
            directory=self.directory,
            declared=target,
            select=expansion.select,
            expand=expansion.expand,
            may_read=self.may_read,
        )
        if isinstance(found, Sequence):
            capped = found[:EXPANDED_MAXIMUM] if item.type_name in _DIRECTORY_EXPANSIONS else found
            return {expansion.name: [inner.item(one) for one in capped]}
        return {expansion.name: None if found is None else inner.item(found)}


# containment that Graph writes without $expand
_INLINE = frozenset({"authenticationMethodConfigurations", "combinationConfigurations"})


def _declared_target(type_name: str, name: str) -> str | None:
    known = graph_types().get(type_name)
    return known.navigation.get(name, "").strip("[]") or None if known else None


def _only_parts(shown: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Cut complex properties of which only parts were selected, e.g. ``employeeOrgData/division``."""
    parts: dict[str, list[str]] = {}
    for name in names:
        head, is_part, part = name.partition("/")
        if is_part and head not in names:
            parts.setdefault(head, []).append(part)
    for head, wanted in parts.items():
        value = shown.get(head)
        if isinstance(value, Mapping):
            shown[head] = {name: value[name] for name in wanted if name in value}
    return shown
