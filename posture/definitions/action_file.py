"""One action file: read, held to its model, its SQL resolved, its requests known, its tests unfolded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from posture.definitions.action_cases import ActionCase, ActionCaseReader
from posture.definitions.action_model import ActionModel
from posture.definitions.action_parts import ActionParts
from posture.definitions.action_reads import ReadList
from posture.definitions.action_sql import ANSWERS, ActionSql, with_answers
from posture.definitions.action_steps import StepNames, StepReader
from posture.definitions.action_words import declared, require_sense
from posture.definitions.case_tables import CaseTables
from posture.definitions.dictionary import did_you_mean
from posture.definitions.loaded_action import LoadedAction
from posture.definitions.model_errors import validate
from posture.definitions.parameters import integers_of, texts_of
from posture.definitions.reads import Lineage
from posture.definitions.scope import TableName
from posture.definitions.unknowable import unknowable_columns
from posture.definitions.yaml_source import YamlDocument, read_yaml
from posture.domain.action import Action
from posture.tables.table import ResourceType

Columns = Mapping[TableName, Iterable[str]]


def load_action(path: Path, *, lineage: Lineage, is_local: bool) -> LoadedAction:
    """Load one action file. ``lineage`` follows the tables that can be read live.

    Raises:
        DefinitionError: anything in the file is wrong: where, what, and what to do.
    """
    document = read_yaml(path)
    model = validate(ActionModel, document, guide="posture actions schema tells the form of every key.")
    require_sense(document, model)
    return _Loading(document, model, lineage).load(is_local=is_local)


class _Loading:
    """The steps of loading one file, in order."""

    def __init__(self, document: YamlDocument, model: ActionModel, lineage: Lineage) -> None:
        self._document = document
        self._model = model
        self._lineage = lineage
        resource = self._resource_type()
        self._home = TableName(resource.table, is_previous=False)
        self._parts = self._read_parts(resource)

    def load(self, *, is_local: bool) -> LoadedAction:
        parts = self._parts
        action = parts.action(is_local=is_local)
        parts.steps.require_needed()
        self._require_names_used()
        acting, undoing = parts.sql.found, parts.undo_sql.found
        now = {table: columns for table, columns in undoing.columns.items() if not table.is_previous}
        now.pop(TableName(ANSWERS, is_previous=False), None)
        # What undoing wants to know of the time before is read before acting.
        before = {table: columns for table, columns in undoing.columns.items() if table.is_previous}
        live = _united(acting.columns, before, {self._home: ()})
        self._require_tables_used(live, now)
        everything = _united(live, now)
        return LoadedAction(
            action=action,
            live=parts.reads.live_reads(live),
            undo_live=parts.undo_reads.live_reads(_united(now, {self._home: ()})) if action.undo is not None else (),
            sources={name: given.filled_from for name, given in self._model.params.items() if given.filled_from},
            reads=self._lineage.reads(everything),
            columns_read=_by_name(everything),
            columns_matched=_by_name(_united(acting.matched, undoing.matched)),
            strings=frozenset(acting.strings | undoing.strings) | texts_of(action.parameters),
            integers=frozenset(acting.integers | undoing.integers) | integers_of(action.parameters),
            cases=self._cases(action, everything),
            document=self._document,
        )

    def _read_parts(self, resource: ResourceType) -> ActionParts:
        document, model = self._document, self._model
        parameters = {parameter.name: parameter for parameter in declared(document, model)}
        kept = [name for step in model.steps for name in step.keep]
        reads = ReadList(document, self._lineage, resource=resource, parameters=parameters)
        reads.take(model.read, ("read",))
        reads.require_home(("read",))
        undo_reads = ReadList(document, self._lineage, resource=resource, parameters=parameters, kept=kept)
        undo_reads.take(model.undo.read, ("undo", "read"))
        undo_reads.take(model.read, ("read",))
        dictionary = self._lineage.dictionary
        return ActionParts(
            document=document,
            model=model,
            parameters=tuple(parameters.values()),
            home=resource.table,
            steps=StepReader(document, StepNames(parameters=parameters, secrets=model.secrets), model.permissions),
            reads=reads,
            sql=ActionSql(document, dictionary, home=resource.table, tables=reads.reachable, parameters=parameters),
            undo_reads=undo_reads,
            undo_sql=ActionSql(
                document,
                with_answers(dictionary, kept),
                home=resource.table,
                tables=undo_reads.reachable | {ANSWERS},
                past_tables=reads.reachable,
                parameters=parameters,
            ),
        )

    def _resource_type(self) -> ResourceType:
        dictionary = self._lineage.dictionary
        found = dictionary.resource_type(self._model.resource)
        if found is None:
            names = [kind.name for kind in dictionary.resource_types]
            advice = did_you_mean(self._model.resource, names, otherwise=f"Use one of: {', '.join(names)}.")
            problem = f'there is no resource type "{self._model.resource}"'
            raise self._document.error(problem, at=("resource",), advice=advice)
        return found

    def _require_names_used(self) -> None:
        parts = self._parts
        ids = {*parts.reads.tables.values(), *parts.undo_reads.tables.values()}
        used = parts.sql.found.parameters | parts.undo_sql.found.parameters | parts.steps.used | ids
        for name in self._model.params:
            if name not in used:
                problem = f'the parameter "{name}" is never used'
                raise self._document.error(
                    problem, at=("params", name), advice=f"Use ${name} or {{{name}}}, or drop it."
                )
        for number, name in enumerate(self._model.secrets):
            if name not in parts.steps.used:
                problem = f'the secret "{name}" is never used'
                raise self._document.error(problem, at=("secrets", number), advice=f"Use {{{name}}}, or drop it.")

    def _require_tables_used(self, live: Columns, undoing: Columns) -> None:
        parts, model = self._parts, self._model
        parts.reads.require_used((*live, *undoing), model.read, ("read",))
        parts.undo_reads.require_used(undoing, model.undo.read, ("undo", "read"))

    def _cases(self, action: Action, columns: Columns) -> tuple[ActionCase, ...]:
        dictionary, parts = self._lineage.dictionary, self._parts
        tables = CaseTables(
            self._document,
            dictionary=dictionary,
            tables=parts.reads.reachable | parts.undo_reads.reachable,
            whose="the action",
        )
        may_be_unknown = any(
            unknowable_columns(table.name, dictionary, read=frozenset(names), matched=())
            for table, names in columns.items()
        )
        reader = ActionCaseReader(self._document, action, tables)
        return reader.cases(self._model.tests, may_be_unknown=may_be_unknown)


def _united(*parts: Columns) -> dict[TableName, set[str]]:
    """Return all tables with all their columns, those from before among those of now."""
    found: dict[TableName, set[str]] = {}
    for part in parts:
        for table, names in part.items():
            found.setdefault(TableName(table.name, is_previous=False), set()).update(names)
    return found


def _by_name(columns: Columns) -> dict[str, frozenset[str]]:
    return {table.name: frozenset(names) for table, names in columns.items()}
