"""A control passes only if every check that speaks for it does."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from posture.domain.check import Check, CheckId, Maturity, SeverityRule
from posture.domain.frameworks import framework_of
from posture.domain.numbers import Mark, Numbers
from posture.domain.severity import Severity


@cache
def _plain() -> Check:
    return Check(
        id=CheckId("plain"),
        title="Plain",
        resource="user",
        severity=SeverityRule(default=Severity.LOW, critical_when=None),
        maturity=Maturity.STABLE,
        deprecated_because=None,
        tags=(),
        why="",
        fix="",
        references=(),
        false_positives=(),
        frameworks={},
        parameters=(),
        rows=None,
        identity=(),
        applies_when="true",
        fail_when="true",
        message_fail="",
        message_unknown="",
        evidence=(),
        actions=(),
        path=Path("plain.yaml"),
        is_local=False,
    )


def a_check(name: str, *controls: str, framework: str = "scuba") -> Check:
    return replace(_plain(), id=CheckId(name), frameworks={framework: controls})


A, B, C = CheckId("a"), CheckId("b"), CheckId("c")


def test_a_control_has_the_worst_mark_of_its_checks() -> None:
    checks = [a_check("a", "1.1"), a_check("b", "1.1"), a_check("c", "1.1")]
    marks = {
        "good": {A: Mark.PASSED, B: Mark.PASSED, C: None},
        "gap": {A: Mark.PASSED, B: Mark.PASSED},
        "unknown": {A: Mark.UNKNOWN, B: Mark.NOT_JUDGED, C: Mark.PASSED},
        "bad": {A: Mark.UNKNOWN, B: Mark.NOT_JUDGED, C: Mark.FAILED},
        "off": {A: None, B: None, C: None},
    }

    (control,) = framework_of("scuba", checks, marks).controls

    assert control.by_tenant == {
        "good": Mark.PASSED,
        "gap": Mark.NOT_JUDGED,
        "unknown": Mark.UNKNOWN,
        "bad": Mark.FAILED,
        "off": None,
    }


def test_a_framework_counts_its_controls_and_how_many_were_judged() -> None:
    checks = [a_check("a", "1.1", "1.2"), a_check("b", "1.10"), a_check("c", "9", framework="mitre")]

    found = framework_of("scuba", checks, {"one": {A: Mark.PASSED, B: Mark.NOT_JUDGED}, "two": {A: Mark.FAILED}})

    assert [control.control for control in found.controls] == ["1.1", "1.2", "1.10"]
    assert (found.line.controls, found.line.checks) == (3, 2)
    assert found.line.by_tenant["one"] == Numbers(passed=2, failed=0, unknown=0, not_judged=1)
    assert found.line.numbers == Numbers(passed=2, failed=2, unknown=0, not_judged=2)
    assert found.line.covered == 4 / 6


def test_a_framework_that_no_check_names_has_nothing() -> None:
    found = framework_of("scuba", [a_check("a", "1", framework="mitre")], {"one": {A: Mark.PASSED}})

    assert (found.controls, found.line.controls, found.line.covered) == ((), 0, None)


def test_controls_of_any_spelling_have_an_order() -> None:
    names = ("AC-2", "AC-10", "1.2.3", "T1078", "2", "", "²", "1..2", "MS.AAD.3.1v1")

    found = framework_of("scuba", [a_check("a", *names)], {})

    assert [control.control for control in found.controls].index("AC-2") < [
        control.control for control in found.controls
    ].index("AC-10")
    assert len(found.controls) == len(names)
