"""Try a check out: its own cases, and the probes that no author has to write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from posture.definitions.dictionary import Dictionary
from posture.definitions.inline_tests import NOT_APPLICABLE, Case, Expectation
from posture.definitions.loaded import LoadedCheck
from posture.domain.check import CheckId
from posture.domain.judgement import Value
from posture.errors import CheckBroken
from posture.usecases.coverage_probe import probe_coverage
from posture.usecases.null_probe import Violation, probe_nulls
from posture.usecases.ports import Bench
from posture.usecases.trial import Answer, Trial, verdicts_of


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """How one inline test ended; ``problem`` is None if it holds, else a sentence."""

    case: Case
    problem: str | None


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Everything that was tried on one check."""

    check: CheckId
    cases: tuple[CaseResult, ...]
    violations: tuple[Violation, ...]

    @property
    def holds(self) -> bool:
        return not self.violations and all(result.problem is None for result in self.cases)


def verify_checks(
    checks: Iterable[LoadedCheck], *, bench: Bench, dictionary: Dictionary, with_probes: bool = True
) -> Iterator[Verification]:
    """Yield the verification of each check, in order."""
    for loaded in checks:
        yield verify_check(loaded, bench=bench, dictionary=dictionary, with_probes=with_probes)


def verify_check(
    loaded: LoadedCheck, *, bench: Bench, dictionary: Dictionary, with_probes: bool = True
) -> Verification:
    """Run all cases of a check, and both probes over every case that holds."""
    trial = Trial(loaded, bench)
    results = tuple(CaseResult(case=case, problem=_problem(case, trial)) for case in loaded.cases)
    good = [result.case for result in results if result.problem is None] if with_probes else []
    violations = [violation for case in good for violation in _probe(case, trial, dictionary)]
    return Verification(check=loaded.check.id, cases=results, violations=tuple(violations))


def _probe(case: Case, trial: Trial, dictionary: Dictionary) -> Iterator[Violation]:
    yield from probe_nulls(case, trial, dictionary)
    yield from probe_coverage(case, trial, dictionary)


def _problem(case: Case, trial: Trial) -> str | None:
    try:
        answers = trial.answers(case, case.rows)
    except CheckBroken as broken:
        return f"the check breaks: {broken}"
    expects = case.expects
    return _unmet_verdict(expects, answers) or _unmet_severity(expects, answers)


def _unmet_verdict(expects: Expectation, answers: Sequence[Answer]) -> str | None:
    if expects.everywhere is not None:
        found = verdicts_of(answers)
        if expects.everywhere != NOT_APPLICABLE:
            found = (found - {NOT_APPLICABLE}) or found
        return None if found == {expects.everywhere} else f"expected {expects.everywhere}, got {_listed(found)}"
    verdicts = _by_resource(answers)
    for resource, wanted in (expects.by_resource or {}).items():
        given = verdicts.get(resource, (NOT_APPLICABLE,))
        if given != wanted:
            return f"expected {_listed(wanted)} for {resource}, got {_listed(given)}"
    return None


def _unmet_severity(expects: Expectation, answers: Sequence[Answer]) -> str | None:
    if expects.severity is None:
        return None
    found = {answer.severity for answer in answers if answer.is_failing}
    found = found or {answer.severity for answer in answers}
    return (
        None if found == {expects.severity.value} else f"expected severity {expects.severity}, got {_listed(found)}"
    )


def _by_resource(answers: Sequence[Answer]) -> Mapping[Value, tuple[str, ...]]:
    found: dict[Value, list[str]] = {}
    for answer in answers:
        found.setdefault(answer.resource_id, []).append(answer.verdict)
    return {resource: tuple(sorted(verdicts)) for resource, verdicts in found.items()}


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "nothing"
