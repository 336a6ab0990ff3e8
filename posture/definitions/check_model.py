"""The shape of a check file, field by field. Meaning that needs the dictionary or SQL is checked elsewhere."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from posture.definitions.vocabulary import FRAMEWORKS, ITEM_KINDS, TAGS
from posture.domain.check import Maturity, ParameterType
from posture.domain.severity import Severity

ID_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_NAME_PATTERN = r"^[a-z][a-z0-9_]*$"

Sentence = Annotated[str, Field(min_length=1, max_length=4000)]
Sql = Annotated[str, Field(min_length=1, max_length=20_000)]
SeverityWord = Annotated[Severity, Field(strict=False)]  # YAML has no enumerations, only their words
ColumnName = Annotated[str, Field(pattern=_NAME_PATTERN)]
Tag = Annotated[str, Field(json_schema_extra={"enum": sorted(TAGS)})]
FrameworkKey = Annotated[str, Field(json_schema_extra={"enum": sorted(FRAMEWORKS)})]
# A cell of a test row: whatever YAML can say; its table tells which type it must have.
Cell = Any
Row = dict[str, Cell]
ParameterDefault = bool | int | float | str | list[str]
VerdictWord = Literal["pass", "fail", "unknown", "not_applicable"]


class Strict(BaseModel):
    """A mapping that has the keys named here and no others, with values of just these types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SeverityModel(Strict):
    default: SeverityWord
    critical_when: Sql


class ParameterShape(Strict):
    type: ParameterType = Field(strict=False)
    unit: Sentence | None = None
    min: int | float | None = None
    max: int | float | None = None
    choices: list[str] = Field(default_factory=list)
    of: list[str] | Annotated[str, Field(json_schema_extra={"enum": sorted(ITEM_KINDS)})] | None = None
    help: str = ""


class ParameterModel(ParameterShape):
    default: ParameterDefault


class MessageModel(Strict):
    fail: Sentence
    unknown: Sentence


class CaseRowsModel(Strict):
    """One inline test. ``change`` alters the base row of a table, ``rows`` replaces all its rows."""

    name: Sentence
    change: dict[str, Row] = Field(default_factory=dict)
    empty: list[str] = Field(default_factory=list)
    rows: dict[str, list[Row]] = Field(default_factory=dict)
    params: dict[str, Cell] = Field(default_factory=dict)


class CaseModel(CaseRowsModel):
    """One inline test of a check, with the snapshot before."""

    previous: dict[str, list[Row]] = Field(default_factory=dict)
    expect: VerdictWord | dict[str, str | list[str]]


class TestsModel(Strict):
    """``base`` is one good row per table; ``previous`` the same in the snapshot before."""

    now: str
    base: dict[str, Row | list[Row]]
    previous: dict[str, Row | list[Row]] = Field(default_factory=dict)
    cases: list[CaseModel] = Field(min_length=1)


class CheckModel(Strict):
    """A file that says what is wrong with one kind of resource, and how to see it."""

    kind: Literal["check"]
    id: str = Field(pattern=ID_PATTERN, max_length=80)
    title: str = Field(min_length=1, max_length=80)
    resource: str
    severity: SeverityWord | SeverityModel
    maturity: Maturity = Field(strict=False)
    deprecated_because: Sentence | None = None
    tags: list[Tag] = Field(min_length=1)
    why: Sentence
    fix: Sentence
    references: list[str] = Field(min_length=1)
    false_positives: list[Sentence]
    frameworks: dict[FrameworkKey, list[str]] = Field(default_factory=dict)
    params: dict[str, ParameterModel] = Field(default_factory=dict)
    rows: Sql | None = None
    identity: list[ColumnName] = Field(default_factory=list)
    applies_when: Sql | bool
    fail_when: Sql | bool
    message: MessageModel
    evidence: list[ColumnName]
    actions: list[str]
    tests: TestsModel
