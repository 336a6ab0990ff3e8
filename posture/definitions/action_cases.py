"""The tests inside an action file, unfolded: each case with its live rows and, for undoing, with what was kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from posture.definitions.action_model import ActionCaseModel, ActionTestsModel, OutcomeWord, UndoCaseModel
from posture.definitions.case_tables import CaseTables, Row, Rows, case_time, refuse_same_names
from posture.definitions.dictionary import did_you_mean
from posture.definitions.parameters import ParameterRefused, values_given
from posture.definitions.yaml_source import Step, YamlDocument
from posture.domain.action import Action, Guard
from posture.domain.check import ParameterValue
from posture.domain.judgement import Value
from posture.errors import DefinitionError, Location


@dataclass(frozen=True, kw_only=True)
class ActionExpectation:
    """What a case expects. ``guard`` is None if none is named; ``calls`` such as ``DELETE /users/u1`` and ``bodies``
    are those of the first pass, in order, None if the case does not say.
    """

    outcome: OutcomeWord
    guard: str | None
    calls: tuple[str, ...] | None
    bodies: tuple[Mapping[str, Value] | None, ...] | None


@dataclass(frozen=True, kw_only=True)
class ActionCase:
    """One inline test. ``before`` are the rows kept from before acting, None unless the case tries the undoing."""

    name: str
    at: Location
    now: datetime
    approved_at: datetime
    rows: Rows
    before: Rows | None
    answers: tuple[Row, ...]
    resource_id: str
    parameters: Mapping[str, ParameterValue]
    expects: ActionExpectation

    @property
    def is_undo(self) -> bool:
        return self.before is not None


@dataclass(frozen=True, kw_only=True)
class _Setting:
    """What all cases of a file begin with. The resource is the first row of the home table."""

    now: datetime
    approved_at: datetime
    base: Rows
    resource_id: str
    parameters: Mapping[str, object]


class ActionCaseReader:
    """Unfolds the cases of one file; every mistake is told with its place."""

    def __init__(self, document: YamlDocument, action: Action, tables: CaseTables) -> None:
        self._document = document
        self._action = action
        self._tables = tables

    def cases(self, model: ActionTestsModel, *, may_be_unknown: bool) -> tuple[ActionCase, ...]:
        """Return all cases. ``may_be_unknown`` says that the action reads columns that can be NULL.

        Raises:
            DefinitionError: a table, column, value, parameter or expectation cannot be; a name stands twice; or
                something that has to be shown is shown by no case.
        """
        setting = self._setting(model)
        found = tuple(
            self._case(case, setting, ("tests", "cases", number)) for number, case in enumerate(model.cases)
        )
        refuse_same_names([(case.name, case.at) for case in found])
        self._require_shown(found, may_be_unknown=may_be_unknown)
        return found

    def _setting(self, model: ActionTestsModel) -> _Setting:
        now = case_time(self._document, model.now, ("tests", "now"))
        approved_at = now
        if model.approved_at is not None:
            approved_at = case_time(self._document, model.approved_at, ("tests", "approved_at"))
        base = self._tables.given(model.base, ("tests", "base"))
        resource_id = next((row.get("id") for row in base.get(self._action.home, ())), None)
        if not isinstance(resource_id, str):
            problem = f"the base has no row of {self._action.home} with an id: the resource"
            raise self._error(("tests", "base"), problem, "Add it.")
        return _Setting(now=now, approved_at=approved_at, base=base, resource_id=resource_id, parameters=model.params)

    def _case(self, case: ActionCaseModel, setting: _Setting, at: tuple[Step, ...]) -> ActionCase:
        before: Rows | None = None
        if case.undo is not None:
            if self._action.undo is None:
                raise self._error((*at, "undo"), "the action cannot be undone", "Leave the case out.")
            kept = self._tables.replaced(case.undo.before, setting.base, (*at, "undo", "before"))
            before = {**setting.base, **kept}
        return ActionCase(
            name=case.name,
            at=self._document.locate(at),
            now=setting.now,
            approved_at=setting.approved_at,
            rows=self._tables.changed(case, setting.base, at),
            before=before,
            answers=self._answers(case.undo, (*at, "undo", "answers")) if case.undo is not None else (),
            resource_id=setting.resource_id,
            parameters=self._parameters({**setting.parameters, **case.params}, at),
            expects=self._expectation(case, at),
        )

    def _parameters(self, given: Mapping[str, object], at: tuple[Step, ...]) -> Mapping[str, ParameterValue]:
        try:
            return values_given(f"action {self._action.id}", self._action.parameters, given)
        except ParameterRefused as refused:
            raise self._error((*at, "params"), str(refused).rstrip("."), "See params above.") from refused

    def _answers(self, undo: UndoCaseModel, at: tuple[Step, ...]) -> tuple[Row, ...]:
        kept = {step.id: step.keep for step in self._action.steps}
        for number, answer in enumerate(undo.answers):
            step_id = answer.get("step_id")
            if step_id not in kept:
                advice = did_you_mean(str(step_id), kept, otherwise=f"The steps are: {', '.join(kept)}.")
                raise self._error((*at, number), f'there is no step "{step_id}"', advice)
            for name in answer:
                if name != "step_id" and name not in kept[step_id]:
                    advice = did_you_mean(name, kept[step_id], otherwise=f'Add it to "keep" of {step_id}.')
                    raise self._error((*at, number, name), f"{step_id} does not keep {name}", advice)
        return tuple({**answer} for answer in undo.answers)

    def _expectation(self, case: ActionCaseModel, at: tuple[Step, ...]) -> ActionExpectation:
        expect = case.expect
        at = (*at, "expect")
        guards = self._guards(is_undo=case.undo is not None)
        if expect.guard is not None and expect.outcome != "refused":
            raise self._error((*at, "guard"), "only what is refused names a guard", "Leave it out.")
        if expect.guard is not None and expect.guard not in [guard.id for guard in guards]:
            ids = [guard.id for guard in guards]
            advice = did_you_mean(expect.guard, ids, otherwise=f"There are: {', '.join(ids) or 'none'}.")
            raise self._error((*at, "guard"), f'there is no guard "{expect.guard}"', advice)
        if expect.outcome == "done" and not expect.calls:
            raise self._error(at, "the case does not say which requests are sent", 'List them under "calls".')
        if expect.outcome != "done" and (expect.calls or expect.bodies):
            raise self._error(at, f"nothing is sent if it is {expect.outcome}", "Leave the requests out.")
        if expect.bodies is not None and len(expect.bodies) != len(expect.calls or ()):
            raise self._error((*at, "bodies"), "there is not one body for each call", "Write null for none.")
        return ActionExpectation(
            outcome=expect.outcome,
            guard=expect.guard,
            calls=tuple(expect.calls) if expect.calls is not None else None,
            bodies=tuple(expect.bodies) if expect.bodies is not None else None,
        )

    def _guards(self, *, is_undo: bool) -> Sequence[Guard]:
        if is_undo and self._action.undo is not None:
            return self._action.undo.guards
        return self._action.guards

    def _require_shown(self, cases: Sequence[ActionCase], *, may_be_unknown: bool) -> None:
        acting = [case for case in cases if not case.is_undo]
        refused = [case for case in acting if case.expects.outcome == "refused"]
        if not any(case.expects.outcome == "done" for case in acting):
            raise self._missing("no case expects done")
        if not refused:
            raise self._missing("no case expects refused")
        if may_be_unknown and not any(None in _values(case.rows) for case in refused):
            raise self._missing("no case is refused because a value is not known")
        if self._action.undo is not None and len(acting) == len(cases):
            raise self._missing("no case tries the undoing")

    def _missing(self, problem: str) -> DefinitionError:
        return self._error(("tests", "cases"), problem, "Add one.")

    def _error(self, at: tuple[Step, ...], problem: str, advice: str) -> DefinitionError:
        return self._document.error(problem, at=at, advice=advice)


def _values(rows: Rows) -> Iterator[Value]:
    return (value for table in rows.values() for row in table for value in row.values())
