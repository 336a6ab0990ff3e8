"""The shape of an action file, field by field. Meaning that needs the dictionary or SQL is checked elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from posture.definitions.check_model import (
    ID_PATTERN,
    CaseRowsModel,
    Cell,
    ColumnName,
    ParameterDefault,
    ParameterShape,
    Row,
    Sentence,
    Sql,
    Strict,
)
from posture.definitions.quantities import duration, share
from posture.domain.action import Risk

Id = Annotated[str, Field(pattern=ID_PATTERN, max_length=80)]
Permission = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)+$")]
Property = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]*$")]
Status = Annotated[int, Field(ge=200, le=499)]
Duration = Annotated[
    timedelta, BeforeValidator(duration), WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]*[smhd]$"})
]
Share = Annotated[
    float, BeforeValidator(share), WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?%$"})
]
# A table for the resource, or, as {table: parameter}, for the object whose id the parameter holds.
Read = str | dict[str, str]
OutcomeWord = Literal["done", "already_done", "refused"]


class ActionParameterModel(ParameterShape):
    """``from`` names the column of a finding that fills the parameter when it is proposed for one."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    default: ParameterDefault | None = None
    required: bool = False
    filled_from: ColumnName | None = Field(default=None, alias="from")


class GuardModel(Strict):
    id: Id
    require: Sql
    refuse: Sentence


class StepModel(Strict):
    id: Id
    request: str = Field(pattern=r"^(POST|PATCH|PUT|DELETE) /\S+$")
    for_each: Sql | None = None
    body: dict[str, Any] | None = None
    ok: list[Status] = Field(default=[200, 201, 202, 204], min_length=1)
    later: list[Status] = Field(default_factory=list)
    passes: int = Field(default=1, ge=1, le=10)
    may_repeat: bool | None = None
    keep: list[Property] = Field(default_factory=list)
    reveal: Property | None = None


class VerifyModel(Strict):
    within: Duration
    until: Sql | None = None
    until_gone: str | None = None


class UndoModel(Strict):
    """Either possible, with steps, or not, with the reason."""

    possible: bool
    because: Sentence | None = None
    within: Duration | None = None
    read: list[Read] = Field(default_factory=list)
    guards: list[GuardModel] = Field(default_factory=list)
    done_when: Sql | bool | None = None
    steps: list[StepModel] = Field(default_factory=list)
    verify: VerifyModel | None = None


class ApprovalModel(Strict):
    people: int = Field(ge=1, le=10)
    role: Literal["helpdesk", "admin"]
    valid_for: Duration


class LimitsModel(Strict):
    per_run: int = Field(ge=1)
    per_day: int = Field(ge=1)
    share: Share
    failures: int = Field(default=3, ge=1)


class UndoCaseModel(Strict):
    """What was kept of acting: rows that differ from the base, and properties of answers."""

    before: dict[str, list[Row]] = Field(default_factory=dict)
    answers: list[dict[str, str | None]] = Field(default_factory=list)


class ActionExpectModel(Strict):
    outcome: OutcomeWord
    guard: str | None = None
    calls: list[str] | None = None
    bodies: list[dict[str, Cell] | None] | None = None


class ActionCaseModel(CaseRowsModel):
    """One inline test of an action; of undoing it if ``undo`` is there."""

    undo: UndoCaseModel | None = None
    expect: ActionExpectModel


class ActionTestsModel(Strict):
    """``base`` are live rows under which the action is carried out."""

    now: str
    approved_at: str | None = None
    base: dict[str, Row | list[Row]]
    params: dict[str, Cell] = Field(default_factory=dict)
    cases: list[ActionCaseModel] = Field(min_length=1)


class ActionModel(Strict):
    """A file that says how one kind of resource is changed, when it must not be, and how to take it back."""

    kind: Literal["action"]
    id: Id
    title: str = Field(min_length=1, max_length=80)
    resource: str
    risk: Risk = Field(strict=False)
    effect: Sentence
    permissions: list[Permission] = Field(min_length=1)
    directory_role: Sentence | None = None
    params: dict[str, ActionParameterModel] = Field(default_factory=dict)
    secrets: list[ColumnName] = Field(default_factory=list)
    read: list[Read] = Field(min_length=1)
    guards: list[GuardModel] = Field(min_length=1)
    done_when: Sql | bool
    steps: list[StepModel] = Field(min_length=1)
    verify: VerifyModel
    undo: UndoModel
    approval: ApprovalModel
    limits: LimitsModel
    tests: ActionTestsModel
