"""Short ways to write a column, a source and a derived table down, so that declarations read as tables."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from posture.domain.tenant import Licence
from posture.tables.table import (
    ALL_CLOUDS,
    Column,
    DerivedTable,
    Source,
    SourceKind,
    Spelling,
    ThrottleClass,
    WithoutLicence,
)

DIRECTORY_PAGE: Final = 999
# Wider permissions that include a narrower one, as Microsoft's permission reference lists them for every request
# that takes it; what it lists for a single request stands with that source.
_READ_DIRECTORY: Final = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
_READ_ROLES: Final = frozenset({"RoleManagement.Read.Directory", "RoleManagement.ReadWrite.Directory"})
_COVERED_BY: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "Application.Read.All": _READ_DIRECTORY | {"Application.ReadWrite.All"},
        "AuditLog.Read.All": frozenset(),
        "DelegatedPermissionGrant.ReadWrite.All": frozenset({"Directory.Read.All", "Directory.ReadWrite.All"}),
        "Domain.Read.All": frozenset({"Directory.Read.All", "Domain.ReadWrite.All"}),
        "GroupMember.Read.All": _READ_DIRECTORY
        | {"Group.Read.All", "Group.ReadWrite.All", "GroupMember.ReadWrite.All"},
        "IdentityRiskEvent.Read.All": frozenset(),
        "IdentityRiskyUser.Read.All": frozenset({"IdentityRiskyUser.ReadWrite.All"}),
        "LicenseAssignment.Read.All": _READ_DIRECTORY | {"Organization.Read.All", "Organization.ReadWrite.All"},
        "Organization.Read.All": _READ_DIRECTORY | {"Organization.ReadWrite.All", "User.Read.All"},
        "Policy.Read.All": frozenset(),
        "Policy.Read.AuthenticationMethod": frozenset({"Policy.Read.All", "Policy.ReadWrite.AuthenticationMethod"}),
        "RoleAssignmentSchedule.Read.Directory": _READ_ROLES
        | {"RoleAssignmentSchedule.ReadWrite.Directory", "RoleManagement.Read.All"},
        "RoleEligibilitySchedule.Read.Directory": _READ_ROLES
        | {"RoleEligibilitySchedule.ReadWrite.Directory", "RoleManagement.Read.All"},
        "RoleManagement.Read.Directory": _READ_DIRECTORY | {"RoleManagement.ReadWrite.Directory"},
        "User.Read.All": _READ_DIRECTORY | {"User.ReadWrite.All"},
        "UserAuthenticationMethod.Read.All": frozenset({"UserAuthenticationMethod.ReadWrite.All"}),
    }
)


def directory_source(
    path: str,
    *permissions: str,
    covered_also_by: frozenset[str] = frozenset(),
    kind: SourceKind = SourceKind.COLLECTION,
    for_each: tuple[str, ...] = (),
    page_size: int | None = DIRECTORY_PAGE,
    selectable: bool = True,
    licence: Licence | None = None,
    without_licence: WithoutLicence = WithoutLicence.UNKNOWN,
    throttle_class: ThrottleClass = ThrottleClass.DIRECTORY,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Source:
    """Return a source with the defaults of directory objects: pages of 999, no licence, in every cloud.

    ``covered_also_by`` are permissions that are enough for this request alone, whatever it needs.
    """
    return Source(
        kind=kind,
        path=path,
        for_each=for_each,
        page_size=page_size,
        selectable=selectable,
        permissions=permissions,
        covered_by={permission: _COVERED_BY[permission] | covered_also_by for permission in permissions},
        licence=licence,
        without_licence=without_licence,
        throttle_class=throttle_class,
        clouds=ALL_CLOUDS,
        headers=dict(headers),
    )


def singleton_source(
    path: str,
    permission: str,
    *,
    covered_also_by: frozenset[str] = frozenset(),
    selectable: bool = True,
    throttle_class: ThrottleClass = ThrottleClass.DIRECTORY,
) -> Source:
    """Return the source of one object that every tenant has."""
    return directory_source(
        path,
        permission,
        covered_also_by=covered_also_by,
        kind=SourceKind.SINGLETON,
        page_size=None,
        selectable=selectable,
        throttle_class=throttle_class,
    )


def derived_table(name: str, *, doc: str, columns: tuple[Column, ...]) -> DerivedTable:
    """Return a view whose SELECT stands in ``derived/<name>.sql``."""
    return DerivedTable(name=name, doc=doc, sql=_derived_sql(name), columns=columns)


def credential_table(name: str, *, owners: str, owner_id: str, doc: str, columns: tuple[Column, ...]) -> DerivedTable:
    """Return the view of the secrets and certificates in the table ``owners``, one row each."""
    sql = _derived_sql("credentials").format(owners=owners, owner_id=owner_id)
    return DerivedTable(name=name, doc=doc, sql=sql, columns=columns)


def _derived_sql(name: str) -> str:
    return files("posture.tables").joinpath("derived", f"{name}.sql").read_text(encoding="utf-8")


def text(
    name: str,
    field: str | None,
    doc: str,
    *,
    values: tuple[str, ...] = (),
    unknown: frozenset[str] = frozenset(),
    spelling: Spelling = Spelling.AS_IS,
) -> Column:
    return Column(name=name, type="VARCHAR", field=field, doc=doc, values=values, unknown=unknown, spelling=spelling)


def flag(name: str, field: str | None, doc: str) -> Column:
    return Column(name=name, type="BOOLEAN", field=field, doc=doc)


def number(name: str, field: str | None, doc: str) -> Column:
    return Column(name=name, type="BIGINT", field=field, doc=doc)


def moment(name: str, field: str | None, doc: str) -> Column:
    return Column(name=name, type="TIMESTAMP", field=field, doc=doc)


def texts(
    name: str,
    field: str | None,
    doc: str,
    *,
    values: tuple[str, ...] = (),
    unknown: frozenset[str] = frozenset(),
) -> Column:
    return Column(name=name, type="VARCHAR[]", field=field, doc=doc, values=values, unknown=unknown)


def structure(name: str, type_: str, field: str, doc: str) -> Column:
    """Return a column that keeps Graph's own structure; ``type_`` is DuckDB's, its line breaks do not matter."""
    return Column(name=name, type=" ".join(type_.split()), field=field, doc=doc)


def beyond(name: str, type_: str, field: str, doc: str) -> Column:
    """Return a column that names what a property holds beyond the structure ``type_``."""
    return Column(name=name, type="VARCHAR[]", field=field, doc=doc, beyond=" ".join(type_.split()))
