"""The parts of an action file, each turned into what the engine uses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from posture.definitions.action_model import ActionModel, GuardModel, VerifyModel
from posture.definitions.action_reads import ReadList
from posture.definitions.action_sql import ActionSql
from posture.definitions.action_steps import StepReader
from posture.definitions.dictionary import did_you_mean
from posture.definitions.scope import TableName
from posture.definitions.yaml_source import Step, YamlDocument
from posture.domain.action import Action, ActionId, ApprovalRule, Guard, Limits, Undo, Verify
from posture.domain.check import Parameter
from posture.domain.operator import Role


@dataclass(frozen=True, kw_only=True)
class ActionParts:
    """Reads the parts of one file; ``sql`` and ``undo_sql`` gather what acting and undoing read on the way."""

    document: YamlDocument
    model: ActionModel
    parameters: tuple[Parameter, ...]
    home: str
    steps: StepReader
    reads: ReadList
    sql: ActionSql
    undo_reads: ReadList
    undo_sql: ActionSql

    def action(self, *, is_local: bool) -> Action:
        """Return the action.

        Raises:
            DefinitionError: a condition, a request or a permission is wrong.
        """
        model = self.model
        return Action(
            id=ActionId(model.id),
            version=_version(model),
            title=model.title,
            resource=model.resource,
            risk=model.risk,
            effect=model.effect.strip(),
            permissions=tuple(model.permissions),
            directory_role=_one_line(model.directory_role),
            parameters=self.parameters,
            secrets=tuple(model.secrets),
            home=self.home,
            reads=dict(self.reads.tables),
            guards=self._guards(model.guards, self.sql, ("guards",)),
            done_when=self.sql.condition(model.done_when, ("done_when",)),
            steps=self.steps.steps(model.steps, self.sql, ("steps",)),
            verify=self._verify(model.verify, self.sql, self.reads, ("verify",)),
            undo=self._undo(),
            undo_impossible_because=_one_line(model.undo.because),
            approval=ApprovalRule(
                people=model.approval.people, role=Role(model.approval.role), valid_for=model.approval.valid_for
            ),
            limits=Limits(
                per_run=model.limits.per_run,
                per_day=model.limits.per_day,
                share=model.limits.share,
                failures=model.limits.failures,
            ),
            path=self.document.path,
            is_local=is_local,
        )

    def _undo(self) -> Undo | None:
        undo, sql = self.model.undo, self.undo_sql
        if undo.within is None or undo.done_when is None or undo.verify is None:
            return None
        return Undo(
            within=undo.within,
            guards=self._guards(undo.guards, sql, ("undo", "guards")),
            done_when=sql.condition(undo.done_when, ("undo", "done_when")),
            steps=self.steps.steps(undo.steps, sql, ("undo", "steps")),
            verify=self._verify(undo.verify, sql, self.undo_reads, ("undo", "verify")),
        )

    def _guards(self, models: Sequence[GuardModel], sql: ActionSql, at: tuple[Step, ...]) -> tuple[Guard, ...]:
        return tuple(
            Guard(
                id=model.id,
                require=sql.condition(model.require, (*at, number, "require")),
                refuse=model.refuse.strip(),
            )
            for number, model in enumerate(models)
        )

    def _verify(self, model: VerifyModel, sql: ActionSql, reads: ReadList, at: tuple[Step, ...]) -> Verify:
        until = sql.condition(model.until, (*at, "until")) if model.until is not None else None
        gone = model.until_gone
        if gone is not None:
            if gone not in reads.tables:
                advice = did_you_mean(gone, reads.tables, otherwise=f"It reads {', '.join(reads.tables)}.")
                problem = f'the action does not read a table "{gone}"'
                raise self.document.error(problem, at=(*at, "until_gone"), advice=advice)
            sql.found.columns.setdefault(TableName(gone, is_previous=False), set())
        return Verify(within=model.within, until=until, until_gone=gone)


def _version(model: ActionModel) -> str:
    """Return 16 hexadecimal digits that change with whatever the action says, but for its tests."""
    said = model.model_dump(mode="json", by_alias=True, exclude={"tests"})
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _one_line(text: str | None) -> str | None:
    """Return a text as part of a sentence; a block of YAML ends with a line break, which a terminal is not shown."""
    return None if text is None else " ".join(text.split())
