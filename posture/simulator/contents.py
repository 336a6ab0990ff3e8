"""What stands behind an address: the entities of a tenant before any query option is applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from posture.simulator.addresses import Address
from posture.simulator.authentication_methods import methods_in, sign_in_preferences
from posture.simulator.directory import DIRECTORY_OBJECTS, Directory, DirectoryObject, OneType
from posture.simulator.graph_errors import bad_request, not_found
from posture.simulator.graph_facts import graph_types
from posture.simulator.tenant import Entity

_Listing = Callable[[Directory, str, str], Sequence[DirectoryObject]]


def single(directory: Directory, address: Address) -> DirectoryObject:
    """Return the one object of an address; raise Graph's 404."""
    path, type_name = address.route.path, address.type_name or ""
    if path == "users/{id}/manager":
        user = directory.one("users", address.keys[0])
        managers = directory.related(f"users/{user['id']}/manager")
        if not managers:
            raise not_found("manager")
        return managers[0]
    if path == "users/{id}/authentication/signInPreferences":
        user = directory.one("users", address.keys[0])
        return DirectoryObject(type_name=type_name, entity=sign_in_preferences(directory.tenant, user["id"]))
    if path == "directory/deletedItems/{id}":
        return _typed(directory.one("directory/deletedItems", address.keys[0]))
    if path.endswith("/{id}") and path.count("{id}") == 1:
        entity = directory.one(path.removesuffix("/{id}"), address.keys[0])
        return DirectoryObject(type_name=type_name, entity=entity)
    if path.endswith("/{id}"):
        return _one_of_listing(directory, address)
    found = directory.tenant.singletons.get(address.path)
    if found is None:
        raise not_found(address.path)
    return DirectoryObject(type_name=type_name, entity=found)


def listing(directory: Directory, address: Address) -> Sequence[DirectoryObject]:
    """Return every item of a collection, in the tenant's order; raise 404 for an unknown parent."""
    items = _uncast(directory, address)
    if address.cast is None:
        return items
    return [item for item in items if item.type_name == address.cast]


def _uncast(directory: Directory, address: Address) -> Sequence[DirectoryObject]:
    path = address.route.path
    if path == "directory/deletedItems":
        return _deleted(directory, address)
    if "{id}" not in path:
        return OneType(address.route.type or "", directory.collection(path))
    return _below(directory, path, address.keys, address.route.type)


def _below(directory: Directory, path: str, keys: tuple[str, ...], kind: str | None) -> Sequence[DirectoryObject]:
    """Return the items of a list below an object; raise 404 if there is no such object."""
    head, _, tail = path.partition("/{id}/")
    parent = directory.one(head, keys[0])
    parent_id = str(parent.get("id", keys[0]))
    special = _SPECIAL.get(tail)
    if special is not None:
        return special(directory, head, parent_id)
    if head == "users" and tail.startswith("authentication/"):
        return [_typed(one) for one in methods_in(directory.tenant, parent_id, tail.removeprefix("authentication/"))]
    filled = "/".join([head, parent_id, *_filled(tail, keys[1:])])
    if filled in directory.tenant.collections:
        return OneType(kind or "", directory.collection(filled))
    return directory.related(filled)


def _filled(tail: str, keys: tuple[str, ...]) -> list[str]:
    rest = iter(keys)
    return [next(rest) if s == "{id}" else s for s in tail.split("/")]


def _deleted(directory: Directory, address: Address) -> Sequence[DirectoryObject]:
    """Deleted objects are kept under ``directory/deletedItems`` with their ``@odata.type``."""
    if address.cast is None:
        raise bad_request("The deleted items are listed by type: add /microsoft.graph.user or another type.")
    return [_typed(item) for item in directory.collection("directory/deletedItems")]


def _typed(item: Entity) -> DirectoryObject:
    return DirectoryObject(type_name=str(item["@odata.type"]).removeprefix("#microsoft.graph."), entity=item)


def _one_of_listing(directory: Directory, address: Address) -> DirectoryObject:
    """Return one item of a list below an object, e.g. ``users/{id}/authentication/phoneMethods/{id}``."""
    for item in _below(directory, address.route.path.removesuffix("/{id}"), address.keys[:-1], address.route.type):
        if item.entity.get("id") == address.keys[-1]:
            return item
    raise not_found(address.keys[-1][:200])


def _assignments(directory: Directory, _: str, parent_id: str) -> Sequence[DirectoryObject]:
    return OneType("appRoleAssignment", directory.held_in("appRoleAssignments", principalId=parent_id))


def _assigned_to(directory: Directory, _: str, parent_id: str) -> Sequence[DirectoryObject]:
    return OneType("appRoleAssignment", directory.held_in("appRoleAssignments", resourceId=parent_id))


def _grants(directory: Directory, head: str, parent_id: str) -> Sequence[DirectoryObject]:
    column = "principalId" if head == "users" else "clientId"
    return OneType("oAuth2PermissionGrant", directory.held_in("oauth2PermissionGrants", **{column: parent_id}))


def _licence_details(directory: Directory, _: str, parent_id: str) -> Sequence[DirectoryObject]:
    """The same facts as ``assignedLicenses`` joined with the tenant's products."""
    user = directory.one("users", parent_id)
    held = {licence["skuId"] for licence in user.get("assignedLicenses", ())}
    products = [sku for sku in directory.collection("subscribedSkus") if sku.get("skuId") in held]
    wanted = graph_types()["licenseDetails"].properties
    return OneType("licenseDetails", [{k: v for k, v in product.items() if k in wanted} for product in products])


_SPECIAL: Mapping[str, _Listing] = {
    "appRoleAssignments": _assignments,
    "appRoleAssignedTo": _assigned_to,
    "oauth2PermissionGrants": _grants,
    "licenseDetails": _licence_details,
    "transitiveMembers": lambda d, _, one: d.transitive_members(one),
    "memberOf": lambda d, _, one: d.member_of(one, transitive=False),
    "transitiveMemberOf": lambda d, _, one: d.member_of(one, transitive=True),
}


def relation(
    directory: Directory, item: DirectoryObject, name: str
) -> Sequence[DirectoryObject] | DirectoryObject | None:
    """Return what ``$expand=name`` inlines for one item: a list, one object, or None."""
    entity, type_name = item.entity, item.type_name
    direct = _by_id_property(directory, entity, name)
    if direct is not None:
        return direct
    declared = graph_types()[type_name].navigation.get(name, "[]") if type_name in graph_types() else "[]"
    found = _expanded_list(directory, type_name, entity, name)
    if declared.startswith("["):
        return found
    return found[0] if found else None


def _by_id_property(directory: Directory, entity: Entity, name: str) -> DirectoryObject | None:
    """Follow ``principalId`` to ``principal``, ``roleDefinitionId`` to ``roleDefinition`` and so on."""
    key: Any = entity.get(f"{name}Id")
    if not isinstance(key, str):
        return None
    if name in {"roleDefinition", "policy"}:
        path, kind = {
            "roleDefinition": ("roleManagement/directory/roleDefinitions", "unifiedRoleDefinition"),
            "policy": ("policies/roleManagementPolicies", "unifiedRoleManagementPolicy"),
        }[name]
        found = directory.held_in(path, id=key)
        return DirectoryObject(type_name=kind, entity=found[0]) if found else None
    return directory.objects().get(key.rsplit("/", 1)[-1].lower())


def _expanded_list(directory: Directory, type_name: str, entity: Entity, name: str) -> Sequence[DirectoryObject]:
    if isinstance(entity.get(name), list):
        return OneType(_navigation_type(type_name, name), entity[name])
    head = next((path for path, kind in DIRECTORY_OBJECTS.items() if kind == type_name), None)
    if head is None:
        return []
    special = _SPECIAL.get(name)
    if special is not None:
        return special(directory, head, entity["id"])
    path = f"{head}/{entity['id']}/{name}"
    if path in directory.tenant.collections:
        return OneType(_navigation_type(type_name, name), directory.collection(path))
    return directory.related(path)


def _navigation_type(type_name: str, name: str) -> str:
    known = graph_types().get(type_name)
    return known.navigation.get(name, "").strip("[]") if known else ""
