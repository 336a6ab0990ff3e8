"""What a table is: columns, the Graph request that fills it, and what that request needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.tenant import Cloud, Licence


class SourceKind(StrEnum):
    """How the items of a source are asked for.

    COLLECTION: pages with a ``value`` list and next links. SINGLETON: one object, one row.
    GROUP_MEMBERS: the direct members of every role-assignable group and of the groups nested in them, read
    through ``groups/delta`` for 50 groups a request; one item per membership, in the shape
    ``{"groupId": …, "id": …, "@odata.type": …}``.
    """

    COLLECTION = "collection"
    SINGLETON = "singleton"
    GROUP_MEMBERS = "group_members"


class ThrottleClass(StrEnum):
    """A family of requests that share one published limit (learn.microsoft.com/graph/throttling-limits)."""

    DIRECTORY = "directory"
    SIGN_IN_ACTIVITY = "sign_in_activity"
    KEY_CREDENTIALS = "key_credentials"
    REPORTS = "reports"
    IDENTITY_PROTECTION = "identity_protection"
    UNLISTED = "unlisted"


class WithoutLicence(StrEnum):
    """What it means for the data that the tenant does not have the licence.

    EMPTY: the feature cannot be in use, so the table is known to have no rows. UNKNOWN: the facts exist, but
    Graph will not tell them.
    """

    EMPTY = "empty"
    UNKNOWN = "unknown"


ALL_CLOUDS = frozenset(Cloud)


@dataclass(frozen=True, kw_only=True)
class Source:
    """One Graph collection request. A table lives and dies with it.

    ``path`` is below the version root and may hold a query option such as ``$filter``, never ``$select`` or
    ``$top``. ``for_each`` repeats the request with each value in place of ``{}`` in the path; a value that
    Graph answers with 404 contributes nothing, because that object is not in this tenant.
    ``page_size`` is ``$top``; None sends none. ``permissions`` are the least privileged application permissions,
    all needed together. ``covered_by`` maps one of them to the wider ones that include it.
    ``headers`` are sent with every page.
    """

    kind: SourceKind
    path: str
    for_each: tuple[str, ...]
    page_size: int | None
    selectable: bool
    permissions: tuple[str, ...]
    covered_by: dict[str, frozenset[str]]
    licence: Licence | None
    without_licence: WithoutLicence
    throttle_class: ThrottleClass
    clouds: frozenset[Cloud]
    headers: dict[str, str]


class Spelling(StrEnum):
    """How a text value is written into the table. LOWER: enumerations that Graph spells in two ways."""

    AS_IS = "as_is"
    LOWER = "lower"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column.

    ``type`` is DuckDB's: VARCHAR, BOOLEAN, BIGINT, TIMESTAMP (UTC), VARCHAR[], or STRUCT(...)[] with Graph's own
    property names inside (times in it stay text). ``field`` is the Graph property, dotted where nested; None
    for a column of a derived table. ``unknown`` lists values by which Graph says "I will not tell"; they
    become NULL. ``values`` lists the known members of an enumeration, for readers and for the null probe;
    others may come.

    ``beyond`` makes a VARCHAR[] column of the names, dotted, of what Graph's object in ``field`` holds that this
    STRUCT type has no place for: what nobody here has heard of can then be told from what is not set.
    """

    name: str
    type: str
    field: str | None
    doc: str
    unknown: frozenset[str] = frozenset()
    values: tuple[str, ...] = ()
    spelling: Spelling = Spelling.AS_IS
    beyond: str = ""


@dataclass(frozen=True, kw_only=True)
class SourceTable:
    """A table filled by one Graph request. ``key`` names the columns that make a row unique."""

    name: str
    doc: str
    source: Source
    key: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, kw_only=True)
class DerivedTable:
    """A SQL view over other tables, or over constants. It needs whatever they need."""

    name: str
    doc: str
    sql: str
    columns: tuple[Column, ...]


Table = SourceTable | DerivedTable


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """A kind of thing that checks judge, the table with one row for each, and the column that names it."""

    name: str
    table: str
    name_column: str


@dataclass(frozen=True, kw_only=True)
class WantedTable:
    """A source table and the columns of it that somebody will read, the key always included."""

    table: SourceTable
    columns: tuple[Column, ...]


def is_readable(table: SourceTable, outcome: TableOutcome) -> bool:
    """Say whether checks may read the table: it is complete, or known to be empty for want of a licence."""
    if outcome.outcome is Outcome.COMPLETE:
        return True
    return outcome.outcome is Outcome.NOT_LICENSED and table.source.without_licence is WithoutLicence.EMPTY
