"""Reading what is true now about the few objects that an action concerns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from posture.domain.check import ParameterValue
from posture.domain.judgement import Resource, Value
from posture.domain.outcome import TableOutcome
from posture.domain.reading import Page, Restart
from posture.domain.tenant import TenantFacts
from posture.errors import LiveDataUnfit
from posture.tables.live import ONLY_LIVE, LiveRead, kinds_of, of_objects
from posture.tables.table import WantedTable, is_readable
from posture.usecases.ports import GraphReader, LiveDesk

Rows = Mapping[str, Sequence[Mapping[str, Value]]]
_ONLY_LIVE = frozenset(table.name for table in ONLY_LIVE)


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """What was asked for could not be read to its end, so nothing is known. ``because`` is a sentence."""

    because: str


@dataclass(frozen=True, kw_only=True)
class LiveSight:
    """How the present state of one tenant is read. What scans read, the reader reads; tables that only actions need
    are read by the remediator. ``facts`` are the reader's, ``granted`` the remediator's permissions.
    """

    reader: GraphReader
    remediator: GraphReader
    desk: LiveDesk
    facts: TenantFacts
    granted: frozenset[str] | None


def read_live(
    reads: Iterable[LiveRead],
    *,
    resource: Resource,
    parameters: Mapping[str, ParameterValue],
    sight: LiveSight,
) -> Rows | Unreadable:
    """Return the rows of every table as they are now, by table, or why that is not known."""
    wanted: list[WantedTable] = []
    for read in reads:
        id = resource.id if read.parameter is None else parameters.get(read.parameter)
        if not isinstance(id, str) or not id:
            return Unreadable(because=f"the parameter {read.parameter} is missing")
        table = of_objects(read.wanted.table, kind=_kind(read, resource), ids=(id,))
        if table is None:
            return Unreadable(because=f"{read.wanted.table.name} cannot be read for a single {resource.type}")
        wanted.append(replace(read.wanted, table=table))
    return read_tables(wanted, sight=sight)


def read_tables(wanted: Sequence[WantedTable], *, sight: LiveSight) -> Rows | Unreadable:
    """Return the rows of tables whose sources say already for which objects they are read."""
    by_remediator = [one for one in wanted if one.table.name in _ONLY_LIVE]
    by_reader = [one for one in wanted if one.table.name not in _ONLY_LIVE]
    rows: dict[str, Sequence[Mapping[str, Value]]] = {}
    for graph, part, facts in (
        (sight.reader, by_reader, sight.facts),
        (sight.remediator, by_remediator, replace(sight.facts, granted=sight.granted)),
    ):
        found = _read(graph, part, facts=facts, desk=sight.desk) if part else {}
        if isinstance(found, Unreadable):
            return found
        rows.update(found)
    return rows


def _kind(read: LiveRead, resource: Resource) -> str:
    """Return the kind of object that the table is read for: the resource's, or the only one that it can be."""
    if read.parameter is None:
        return resource.type
    return next(iter(sorted(kinds_of(read.wanted.table.name))), resource.type)


def _read(
    graph: GraphReader, wanted: Sequence[WantedTable], *, facts: TenantFacts, desk: LiveDesk
) -> Rows | Unreadable:
    pages: dict[str, list[Page]] = {one.table.name: [] for one in wanted}
    outcomes: dict[str, TableOutcome] = {}
    for part in graph.read_tables(wanted, facts=facts, resume={}):
        match part:
            case Page():
                pages[part.table].append(part)
            case Restart():
                pages[part.table].clear()
            case TableOutcome():
                outcomes[part.table] = part
    for one in wanted:
        outcome = outcomes[one.table.name]
        if not is_readable(one.table, outcome):
            return Unreadable(because=f"{one.table.name} could not be read: {outcome.reason}")
    try:
        return {one.table.name: desk.typed_rows(one, pages[one.table.name]) for one in wanted}
    except LiveDataUnfit as error:
        return Unreadable(because=str(error))
