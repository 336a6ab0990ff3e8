"""The tests inside a check file, unfolded: each case with all the rows of its tables. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from posture.definitions.case_rows import fitting_row
from posture.definitions.check_model import CaseModel, TestsModel
from posture.definitions.dictionary import Dictionary, did_you_mean
from posture.definitions.parameters import ParameterRefused, parameter_values
from posture.definitions.yaml_source import Step, YamlDocument
from posture.domain.check import Check, ParameterValue
from posture.domain.judgement import Value
from posture.domain.severity import Severity
from posture.errors import DefinitionError, Location

Row = Mapping[str, Value]
Rows = Mapping[str, tuple[Row, ...]]

NOT_APPLICABLE = "not_applicable"
VERDICT_WORDS = ("pass", "fail", "unknown", NOT_APPLICABLE)


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What a case expects: one verdict for everything judged, or sorted verdicts for each resource id named.

    Exactly one of ``everywhere`` and ``by_resource`` is set. ``severity`` is that of the failing rows.
    """

    everywhere: str | None
    by_resource: Mapping[str, tuple[str, ...]] | None
    severity: Severity | None


@dataclass(frozen=True, kw_only=True)
class Case:
    """One inline test. ``previous`` is None if there is no snapshot before."""

    name: str
    at: Location
    now: datetime
    rows: Rows
    previous: Rows | None
    parameters: Mapping[str, ParameterValue]
    expects: Expectation

    @property
    def verdicts_expected(self) -> frozenset[str]:
        """Every verdict that the case expects of anything."""
        if self.expects.everywhere is not None:
            return frozenset({self.expects.everywhere})
        named = self.expects.by_resource or {}
        return frozenset(verdict for verdicts in named.values() for verdict in verdicts)


class CaseReader:
    """Unfolds the cases of one file; every mistake is told with its place."""

    def __init__(
        self, document: YamlDocument, check: Check, *, dictionary: Dictionary, tables: frozenset[str]
    ) -> None:
        self._document = document
        self._check = check
        self._dictionary = dictionary
        self._tables = tables

    def cases(self, model: TestsModel) -> tuple[Case, ...]:
        """Return all cases.

        Raises:
            DefinitionError: a table, column, value, parameter or expectation cannot be; a name stands twice; or
                no case expects a pass, a fail, or an unknown.
        """
        now = self._now(model.now)
        base = self._tables_of(model.base, ("tests", "base"))
        previous = self._tables_of(model.previous, ("tests", "previous"))
        found = tuple(
            self._case(case, ("tests", "cases", number), now, base, previous)
            for number, case in enumerate(model.cases)
        )
        self._refuse_same_names(found)
        self._require_verdicts(found)
        return found

    def _now(self, text: str) -> datetime:
        try:
            now = datetime.fromisoformat(text)
        except ValueError as problem:
            raise self._error(
                ("tests", "now"), f'"{text}" is not a time', "Write it as 2026-03-01T00:00:00Z."
            ) from problem
        if now.tzinfo is None:
            raise self._error(("tests", "now"), "the time has no zone", "Write it as 2026-03-01T00:00:00Z.")
        return now.astimezone(UTC)

    def _tables_of(
        self, model: Mapping[str, Row | Sequence[Row]], steps: tuple[Step, ...]
    ) -> dict[str, tuple[Row, ...]]:
        tables: dict[str, tuple[Row, ...]] = {}
        for table, given in model.items():
            at = (*steps, table)
            self._require_table(table, at)
            if isinstance(given, Mapping):
                tables[table] = (self._row(table, given, at),)
            else:
                tables[table] = tuple(self._row(table, row, (*at, number)) for number, row in enumerate(given))
        return tables

    def _case(
        self,
        case: CaseModel,
        steps: tuple[Step, ...],
        now: datetime,
        base: Mapping[str, tuple[Row, ...]],
        previous: Mapping[str, tuple[Row, ...]],
    ) -> Case:
        rows = dict(base)
        for table, change in case.change.items():
            at = (*steps, "change", table)
            row = self._only_row(table, base, at)
            rows[table] = ({**row, **self._row(table, change, at)},)
        for table, given in case.rows.items():
            rows[table] = self._replaced(table, given, base, (*steps, "rows", table))
            if table in case.change:
                raise self._error((*steps, "rows", table), f"{table} is changed and replaced", "Keep one of the two.")
        for number, table in enumerate(case.empty):
            self._require_table(table, (*steps, "empty", number))
            if table in case.change or table in case.rows:
                raise self._error((*steps, "empty", number), f"{table} is emptied and given rows", "Keep one.")
            rows[table] = ()
        before = dict(previous)
        for table, given in case.previous.items():
            start = previous if table in previous else base
            before[table] = self._replaced(table, given, start, (*steps, "previous", table))
        return Case(
            name=case.name,
            at=self._document.locate(steps),
            now=now,
            rows=rows,
            previous=before or None,
            parameters=self._parameters(case, steps),
            expects=self._expectation(case, steps),
        )

    def _replaced(
        self, table: str, given: Sequence[Row], base: Mapping[str, tuple[Row, ...]], at: tuple[Step, ...]
    ) -> tuple[Row, ...]:
        self._require_table(table, at)
        start = base[table][0] if base.get(table) else {}
        return tuple({**start, **self._row(table, row, (*at, number))} for number, row in enumerate(given))

    def _only_row(self, table: str, base: Mapping[str, tuple[Row, ...]], at: tuple[Step, ...]) -> Row:
        self._require_table(table, at)
        rows = base.get(table, ())
        if len(rows) != 1:
            problem = f"{table} has {len(rows)} rows in the base, so it is not said which one changes"
            raise self._error(at, problem, 'Give all rows of the table under "rows".')
        return rows[0]

    def _row(self, table: str, row: Row, at: tuple[Step, ...]) -> Row:
        return fitting_row(row, self._dictionary.columns(table), table=table, document=self._document, at=at)

    def _parameters(self, case: CaseModel, steps: tuple[Step, ...]) -> Mapping[str, ParameterValue]:
        try:
            return parameter_values(self._check, case.params)
        except ParameterRefused as refused:
            raise self._error((*steps, "params"), str(refused).rstrip("."), "See params above.") from refused

    def _expectation(self, case: CaseModel, steps: tuple[Step, ...]) -> Expectation:
        if isinstance(case.expect, str):
            return Expectation(everywhere=case.expect, by_resource=None, severity=None)
        named = dict(case.expect)
        severity = self._severity(named.pop("severity", None), (*steps, "expect", "severity"))
        verdicts = {key: self._verdicts(value, (*steps, "expect", key)) for key, value in named.items()}
        if not verdicts:
            raise self._error((*steps, "expect"), "no verdict is expected", "Name a resource id and its verdict.")
        return Expectation(everywhere=None, by_resource=verdicts, severity=severity)

    def _severity(self, word: str | list[str] | None, at: tuple[Step, ...]) -> Severity | None:
        if word is None:
            return None
        if word not in tuple(Severity):
            raise self._error(at, f"{word!r} is not a severity", f"Use one of: {', '.join(Severity)}.")
        return Severity(str(word))

    def _verdicts(self, given: str | list[str], at: tuple[Step, ...]) -> tuple[str, ...]:
        words = [given] if isinstance(given, str) else given
        for word in words:
            if word not in VERDICT_WORDS:
                raise self._error(
                    at,
                    f'"{word}" is not a verdict',
                    did_you_mean(word, VERDICT_WORDS, otherwise=f"Use one of: {', '.join(VERDICT_WORDS)}."),
                )
        return tuple(sorted(words))

    def _require_table(self, table: str, at: tuple[Step, ...]) -> None:
        if table not in self._tables:
            known = ", ".join(sorted(self._tables))
            location = self._document.locate_key(at)
            raise DefinitionError(
                f'the check does not read a table "{table}"',
                at=location,
                advice=did_you_mean(table, self._tables, otherwise=f"It reads {known}."),
            )

    def _refuse_same_names(self, cases: Sequence[Case]) -> None:
        seen: set[str] = set()
        for case in cases:
            if case.name in seen:
                raise DefinitionError(f'two cases are called "{case.name}"', at=case.at, advice="Rename one.")
            seen.add(case.name)

    def _require_verdicts(self, cases: Sequence[Case]) -> None:
        expected = frozenset(verdict for case in cases for verdict in case.verdicts_expected)
        for word in ("pass", "fail", "unknown"):
            # A check that was never seen to pass, fail or stay silent may be a check that cannot.
            if word not in expected:
                raise self._error(("tests", "cases"), f"no case expects {word}", "Add one; all three must be shown.")

    def _error(self, at: tuple[Step, ...], problem: str, advice: str) -> DefinitionError:
        return self._document.error(problem, at=at, advice=advice)
