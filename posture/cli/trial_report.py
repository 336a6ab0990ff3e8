"""How the tests inside definition files ended, for people and for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from posture.cli.console import ExitCode, Format, out
from posture.domain.counted import counted
from posture.domain.printable import printable

if TYPE_CHECKING:
    from posture.usecases.verify_actions import ActionVerification
    from posture.usecases.verify_definitions import Verification


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One definition that was tried. ``problems`` are sentences; none means that everything holds."""

    id: str
    cases: int
    problems: tuple[str, ...]


def tried(id: str, verification: Verification | ActionVerification) -> Tried:
    """Return how the cases and probes of the check or action with this id ended."""
    cases = [
        f'{result.case.at}: case "{printable(result.case.name)}": {result.problem}'
        for result in verification.cases
        if result.problem is not None
    ]
    violations = [f"{id}: {violation.sentence}" for violation in verification.violations]
    return Tried(id=id, cases=len(verification.cases), problems=(*cases, *violations))


def report(kind: str, results: Sequence[Tried], *, format: Format) -> None:
    """Write how it ended; ``kind`` is what was tried: check or action. Ends the command with 1 if anything failed."""
    if format is Format.JSON:
        typer.echo(json.dumps([_json(kind, each) for each in results], indent=2))
    else:
        _print(kind, results)
    if any(each.problems for each in results):
        raise typer.Exit(ExitCode.FAILING)


def _print(kind: str, results: Sequence[Tried]) -> None:
    console = out()
    for problem in _problems(results):
        console.print(Text(problem, style="red"), soft_wrap=True)
    cases = sum(each.cases for each in results)
    bad = sum(bool(each.problems) for each in results)
    console.print(f"{counted(len(results), kind)} with {counted(cases, 'case')}: {bad or 'none'} with problems")


def _problems(results: Iterable[Tried]) -> Iterable[str]:
    return (problem for each in results for problem in each.problems)


def _json(kind: str, one: Tried) -> dict[str, object]:
    return {kind: one.id, "holds": not one.problems, "cases": one.cases, "problems": list(one.problems)}
