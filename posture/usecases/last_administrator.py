"""Never the last Global Administrator: a tenant without one cannot be repaired from inside."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from posture.domain.judgement import Resource
from posture.errors import ActionBroken, LiveDataUnfit
from posture.tables.live import of_objects
from posture.tables.roles import (
    ACTIVE_ROLE_ASSIGNMENTS,
    ROLE_ASSIGNMENT_INSTANCES,
    ROLE_DEFINITIONS,
    ROLE_ELIGIBILITY_INSTANCES,
    ROLE_GROUP_MEMBERS,
    ROLE_GROUPS,
)
from posture.tables.table import WantedTable
from posture.tables.users import USERS
from posture.usecases.read_live import LiveSight, Unreadable, read_tables

GLOBAL_ADMINISTRATOR: Final = "62e90394-69f5-4237-9190-012177145e10"
"""Template id of the role, the same in every tenant."""

_ROLE_TABLES: Final = (
    ROLE_DEFINITIONS,
    ACTIVE_ROLE_ASSIGNMENTS,
    ROLE_ASSIGNMENT_INSTANCES,
    ROLE_ELIGIBILITY_INSTANCES,
    ROLE_GROUPS,
    ROLE_GROUP_MEMBERS,
)
# Whoever may be one, or may become one by activating the role, counts as the one to be kept; only who certainly is
# one counts as another.
_HOLDERS: Final = """
select principal_id, state = 'active' and not is_group and directory_scope_id = '/' as is_certain
from privileged_principals
where coalesce(role_template_id, role_definition_id) = $role
"""


def last_administrator(
    resource: Resource, *, sight: LiveSight, now: datetime, unsettled: frozenset[str] = frozenset()
) -> str | None:
    """Return why a user may be the only Global Administrator who can sign in, as a sentence; None if not.

    Of the ``unsettled`` nobody knows whether they can still sign in, whatever the tenant shows: they are no others.
    """
    holders = _global_administrators(sight, now)
    if isinstance(holders, Unreadable):
        return f"whether it is the last Global Administrator is not known: {holders.because}"
    if resource.id.lower() not in holders:
        return None
    gone = unsettled | {resource.id.lower()}
    others = tuple(id for id, is_certain in holders.items() if is_certain and id not in gone)
    if not others:
        return "it is the last Global Administrator"
    enabled = _enabled(others, sight)
    if isinstance(enabled, Unreadable):
        return f"whether it is the last Global Administrator is not known: {enabled.because}"
    return None if enabled else "it is the last Global Administrator who can sign in"


def _enabled(ids: tuple[str, ...], sight: LiveSight) -> int | Unreadable:
    """Count the users among ``ids`` who certainly can sign in; service principals are no users."""
    users = of_objects(USERS, kind="user", ids=ids)
    if users is None:
        return Unreadable(because="users cannot be read one by one")
    columns = tuple(column for column in users.columns if column.name in ("id", "account_enabled"))
    rows = read_tables([WantedTable(table=users, columns=columns)], sight=sight)
    return rows if isinstance(rows, Unreadable) else sum(row["account_enabled"] is True for row in rows[users.name])


def _global_administrators(sight: LiveSight, now: datetime) -> dict[str, bool] | Unreadable:
    """Map the object id of everybody who may be one to whether that is certain."""
    rows = read_tables([WantedTable(table=table, columns=table.columns) for table in _ROLE_TABLES], sight=sight)
    if isinstance(rows, Unreadable):
        return rows
    try:
        live = sight.desk.open_rows(rows, now=now)
        found = live.select(_HOLDERS, parameters={"role": GLOBAL_ADMINISTRATOR})
    except (ActionBroken, LiveDataUnfit) as error:
        return Unreadable(because=str(error))
    certain: dict[str, bool] = {}
    for row in found:
        id = str(row["principal_id"]).lower()
        certain[id] = certain.get(id, False) or row["is_certain"] is True
    return certain
