"""Looks things up in a tenant: collections, single objects and the relations between directory objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

from posture.simulator.graph_errors import not_found
from posture.simulator.tenant import Entity, Tenant

DIRECTORY_OBJECTS: Mapping[str, str] = {
    "users": "user",
    "groups": "group",
    "applications": "application",
    "servicePrincipals": "servicePrincipal",
    "devices": "device",
    "directoryRoles": "directoryRole",
    "directory/administrativeUnits": "administrativeUnit",
    "contacts": "orgContact",
}
_HOLDERS = ("groups", "directoryRoles", "directory/administrativeUnits")
_ALTERNATE_KEYS = {"appid": "appId", "uniquename": "uniqueName", "userprincipalname": "userPrincipalName"}


@dataclass(frozen=True, kw_only=True)
class DirectoryObject:
    """An entity with its type, for lists that hold several types."""

    type_name: str
    entity: Entity


@dataclass(frozen=True)
class OneType(Sequence[DirectoryObject]):
    """A list of entities of one type, wrapped only when looked at: big collections are cut, not copied."""

    type_name: str
    entities: Sequence[Entity]

    def __len__(self) -> int:
        return len(self.entities)

    @overload
    def __getitem__(self, at: int) -> DirectoryObject: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[DirectoryObject]: ...
    def __getitem__(self, at: int | slice) -> DirectoryObject | Sequence[DirectoryObject]:
        if isinstance(at, slice):
            return [DirectoryObject(type_name=self.type_name, entity=entity) for entity in self.entities[at]]
        return DirectoryObject(type_name=self.type_name, entity=self.entities[at])


@dataclass(kw_only=True)
class Directory:
    """One tenant with indexes over it; the indexes follow when the tenant's lists grow, shrink or are replaced."""

    tenant: Tenant
    _index: dict[str, DirectoryObject] = field(default_factory=dict)
    _index_of: tuple[tuple[int, int], ...] = ()
    _parents: dict[str, list[str]] = field(default_factory=dict)
    _parents_of: tuple[tuple[str, int], ...] = ()

    def forget(self) -> None:
        """Build the indexes anew at the next question: objects may have come and gone in equal number."""
        self._index_of = ()
        self._parents_of = ()
        self._index, self._parents = {}, {}

    def collection(self, path: str) -> list[Entity]:
        return self.tenant.collections.get(path, [])

    def objects(self) -> Mapping[str, DirectoryObject]:
        """Return every directory object by its id in lower case."""
        lists = [(name, self.collection(name)) for name in DIRECTORY_OBJECTS if name in self.tenant.collections]
        stamp = tuple((id(items), len(items)) for _, items in lists)
        if stamp != self._index_of:
            self._index = {
                item["id"].lower(): DirectoryObject(type_name=DIRECTORY_OBJECTS[name], entity=item)
                for name, items in lists
                for item in items
            }
            self._index_of = stamp
        return self._index

    def one(self, path: str, key: str) -> Entity:
        """Return an item by id or by ``property=value``; raise Graph's 404."""
        if path in DIRECTORY_OBJECTS and "=" not in key:
            found = self.objects().get(key.lower())
            if found is not None and found.type_name == DIRECTORY_OBJECTS[path]:
                return found.entity
        for item in self.collection(path):
            if _has_key(item, key):
                return item
        raise not_found(key[:200])

    def related(self, path: str) -> list[DirectoryObject]:
        """Return the directory objects behind a relation, e.g. ``groups/{id}/members``; unknown ids are left out."""
        objects = self.objects()
        ids = self.tenant.relations.get(path, ())
        return [objects[i.lower()] for i in ids if i.lower() in objects]

    def transitive_members(self, group_id: str) -> list[DirectoryObject]:
        return self._closure([group_id], lambda one: self.tenant.relations.get(f"groups/{one}/members", ()))

    def member_of(self, object_id: str, *, transitive: bool) -> list[DirectoryObject]:
        """Return the groups, roles and administrative units that hold the object."""
        parents = self._parents_by_member()
        if transitive:
            return self._closure([object_id.lower()], lambda one: parents.get(one.lower(), ()))
        objects = self.objects()
        return [objects[p] for p in parents.get(object_id.lower(), ()) if p in objects]

    def _closure(self, start: list[str], step: Callable[[str], Iterable[str]]) -> list[DirectoryObject]:
        objects, seen, waiting = self.objects(), dict[str, None](), list(start)
        while waiting:
            for found in step(waiting.pop()):
                if found.lower() not in seen and found.lower() in objects:
                    seen[found.lower()] = None
                    waiting.append(objects[found.lower()].entity["id"])
        return [objects[one] for one in seen]

    def _parents_by_member(self) -> Mapping[str, list[str]]:
        relations = self.tenant.relations
        held = [path for path in relations if path.endswith("/members") and path.startswith(_HOLDERS)]
        stamp = tuple((path, len(relations[path])) for path in held)
        if stamp != self._parents_of:
            self._parents = {}
            for path in held:
                holder = path.split("/")[-2].lower()
                for member in relations[path]:
                    self._parents.setdefault(member.lower(), []).append(holder)
            self._parents_of = stamp
        return self._parents

    def held_in(self, collection: str, **wanted: str) -> list[Entity]:
        """Return the items whose properties equal the given ids, e.g. role assignments of one principal."""
        folded = {name: value.lower() for name, value in wanted.items()}
        return [
            item
            for item in self.collection(collection)
            if all(str(item.get(name, "")).lower() == value for name, value in folded.items())
        ]


def _has_key(item: Entity, key: str) -> bool:
    name, is_alternate, value = key.partition("=")
    if is_alternate:
        return str(item.get(_ALTERNATE_KEYS.get(name.lower(), name), "")).lower() == value.lower()
    # opaque ids compare exactly; a user may be named by userPrincipalName, a partner by tenantId
    return key in (item.get("id"), item.get("tenantId") if "id" not in item else None) or (
        "userPrincipalName" in item and str(item["userPrincipalName"]).lower() == key.lower()
    )
