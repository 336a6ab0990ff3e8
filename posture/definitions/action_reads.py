"""Which tables an action reads live, for which objects, and which columns of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from posture.definitions.action_model import Read
from posture.definitions.action_sql import ANSWERS
from posture.definitions.dictionary import did_you_mean
from posture.definitions.reads import Lineage
from posture.definitions.scope import TableName
from posture.definitions.yaml_source import Step, YamlDocument
from posture.domain.check import Parameter, ParameterType
from posture.errors import DefinitionError
from posture.tables.live import LiveRead, is_read_whole, kinds_of
from posture.tables.table import ResourceType, SourceTable, WantedTable

_IDS: Final = (ParameterType.STRING, ParameterType.OBJECT_ID)


class ReadList:
    """The key ``read`` of an action, or of its undoing, held to what there is.

    ``tables`` maps each table named to what it is read for: None for the resource, else the parameter with the id;
    ``behind`` to itself and the tables that it is made of, which SQL may name as well.
    ``kept`` are the properties that steps keep; ``answers.<property>`` can stand for a parameter.
    """

    def __init__(
        self,
        document: YamlDocument,
        lineage: Lineage,
        *,
        resource: ResourceType,
        parameters: Mapping[str, Parameter],
        kept: Collection[str] = (),
    ) -> None:
        self._document = document
        self._lineage = lineage
        self._resource = resource
        ids = {name for name, parameter in parameters.items() if parameter.type in _IDS}
        self._ids = frozenset(ids | {f"{ANSWERS}.{name}" for name in kept})
        self.tables: dict[str, str | None] = {}
        self.behind: dict[str, frozenset[str]] = {}
        self._sources: dict[str, str | None] = {}

    def take(self, given: Sequence[Read], steps: tuple[Step, ...]) -> None:
        """Take the tables in; those that are there already are left as they are.

        Raises:
            DefinitionError: a table or parameter does not exist, cannot be read so, or stands twice.
        """
        known = frozenset(self.tables)
        for number, item in enumerate(given):
            self._take(item, (*steps, number), known)

    def require_home(self, steps: tuple[Step, ...]) -> None:
        """Hold the first table to be the one in which the resource is a row.

        Raises:
            DefinitionError: it is another one.
        """
        first, home = next(iter(self.tables.items())), self._resource.table
        if first != (home, None):
            problem = f"the first table is not {home}, where each {self._resource.name} has its row"
            raise self._error((*steps, 0), problem, f"Begin with {home}.")

    @property
    def reachable(self) -> frozenset[str]:
        """The tables that SQL may name."""
        return frozenset[str]().union(*self.behind.values())

    def require_used(self, columns: Iterable[TableName], given: Sequence[Read], steps: tuple[Step, ...]) -> None:
        """Hold what was given to what is read: ``columns`` are the tables that something reads.

        Raises:
            DefinitionError: nothing reads a table that was given.
        """
        used = {table.name for table in columns}
        for number, item in enumerate(given):
            table = item if isinstance(item, str) else next(iter(item))
            if used.isdisjoint(self.behind[table]):
                raise self._error((*steps, number), f"nothing reads {table}", "Take it out.")

    def _take(self, item: Read, at: tuple[Step, ...], known: frozenset[str]) -> None:
        pairs: list[tuple[str, str | None]] = [(item, None)] if isinstance(item, str) else [*item.items()]
        if len(pairs) != 1:
            raise self._error(at, "one table and its parameter are expected here", "Write {groups: group_id}.")
        table, parameter = pairs[0]
        dictionary = self._lineage.dictionary
        if dictionary.table(table) is None:
            names = [other.name for other in dictionary.tables]
            advice = did_you_mean(table, names, otherwise="posture tables list shows what there is.")
            raise self._error(at, f'there is no table "{table}"', advice)
        if table in known:
            return
        if table in self.tables:
            raise self._error(at, f"{table} stands here twice", "Keep one.")
        if parameter is not None and parameter not in self._ids:
            listed = ", ".join(sorted(self._ids)) or "none"
            advice = did_you_mean(parameter, self._ids, otherwise=f"Parameters that can hold an id: {listed}.")
            raise self._error(at, f'no parameter "{parameter}" holds an id', advice)
        self.tables[table] = parameter
        reads = self._lineage.reads({TableName(table, is_previous=False): set()})
        self.behind[table] = frozenset({table, *reads.source_columns, *reads.derived})
        for source in sorted(reads.source_columns):
            self._require_readable(source, parameter, at)

    def _require_readable(self, source: str, parameter: str | None, at: tuple[Step, ...]) -> None:
        kind = self._resource.name
        if is_read_whole(source):
            if source in self.tables and self.tables[source] is not None:
                raise self._error(at, f"{source} is read whole, not for one object", "Leave the parameter out.")
            parameter = None
        elif parameter is None and kind not in kinds_of(source):
            problem = f"{source} cannot be read for a single {kind}"
            raise self._error(at, problem, "Name the parameter that holds the id, or read another table.")
        elif parameter is not None and len(kinds_of(source)) != 1:
            problem = f"{source} cannot be read for a single object whose id is given"
            raise self._error(at, problem, "Read another table.")
        if self._sources.setdefault(source, parameter) != parameter:
            raise self._error(at, f"{source} would be read for two objects", "Read it for one of them.")

    def live_reads(self, columns: Mapping[TableName, Iterable[str]]) -> tuple[LiveRead, ...]:
        """Return the source tables behind what SQL reads, with its columns and the keys, in dictionary order."""
        needed = self._lineage.reads({table: set(names) for table, names in columns.items()}).source_columns
        return tuple(
            LiveRead(
                wanted=WantedTable(
                    table=table,
                    columns=tuple(
                        column for column in table.columns if column.name in needed[table.name] | {*table.key}
                    ),
                ),
                parameter=self._sources[table.name],
            )
            for table in self._lineage.dictionary.tables
            if isinstance(table, SourceTable) and table.name in needed
        )

    def _error(self, at: tuple[Step, ...], problem: str, advice: str) -> DefinitionError:
        return self._document.error(problem, at=at, advice=advice)
