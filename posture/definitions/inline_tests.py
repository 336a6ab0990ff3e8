"""The tests inside a check file, unfolded: each case with all the rows of its tables. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from posture.definitions.case_tables import CaseTables, Rows, case_time, refuse_same_names
from posture.definitions.check_model import CaseModel, TestsModel
from posture.definitions.dictionary import Dictionary, did_you_mean
from posture.definitions.parameters import ParameterRefused, parameter_values
from posture.definitions.yaml_source import Step, YamlDocument
from posture.domain.check import Check, ParameterValue
from posture.domain.severity import Severity
from posture.errors import DefinitionError, Location

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
        self._tables = CaseTables(document, dictionary=dictionary, tables=tables, whose="the check")

    def cases(self, model: TestsModel) -> tuple[Case, ...]:
        """Return all cases.

        Raises:
            DefinitionError: a table, column, value, parameter or expectation cannot be; a name stands twice; or
                no case expects a pass, a fail, or an unknown.
        """
        now = case_time(self._document, model.now, ("tests", "now"))
        base = self._tables.given(model.base, ("tests", "base"))
        previous = self._tables.given(model.previous, ("tests", "previous"))
        found = tuple(
            self._case(case, ("tests", "cases", number), now, base, previous)
            for number, case in enumerate(model.cases)
        )
        refuse_same_names([(case.name, case.at) for case in found])
        self._require_verdicts(found)
        return found

    def _case(
        self,
        case: CaseModel,
        steps: tuple[Step, ...],
        now: datetime,
        base: Rows,
        previous: Rows,
    ) -> Case:
        start = {table: previous.get(table, base.get(table, ())) for table in case.previous}
        before = {**previous, **self._tables.replaced(case.previous, start, (*steps, "previous"))}
        return Case(
            name=case.name,
            at=self._document.locate(steps),
            now=now,
            rows=self._tables.changed(case, base, steps),
            previous=before or None,
            parameters=self._parameters(case, steps),
            expects=self._expectation(case, steps),
        )

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

    def _require_verdicts(self, cases: Sequence[Case]) -> None:
        expected = frozenset(verdict for case in cases for verdict in case.verdicts_expected)
        for word in ("pass", "fail", "unknown"):
            # A check that was never seen to pass, fail or stay silent may be a check that cannot.
            if word not in expected:
                raise self._error(("tests", "cases"), f"no case expects {word}", "Add one; all three must be shown.")

    def _error(self, at: tuple[Step, ...], problem: str, advice: str) -> DefinitionError:
        return self._document.error(problem, at=at, advice=advice)
