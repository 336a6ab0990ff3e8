"""How the tests inside definition files ended, for people and for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import typer
from rich.text import Text

from posture.cli.console import ExitCode, Format, out
from posture.domain.printable import printable
from posture.errors import Location


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One definition that was tried. ``problems`` are sentences; none means that everything holds."""

    id: str
    cases: int
    problems: tuple[str, ...]


def case_problem(at: Location, name: str, problem: str) -> str:
    """Return the sentence about a case that does not hold."""
    return f'{at}: case "{printable(name)}": {problem}'


def report(kind: str, tried: Sequence[Tried], *, format: Format) -> None:
    """Write how it ended; ``kind`` is what was tried: check or action. Ends the command with 1 if anything failed."""
    if format is Format.JSON:
        typer.echo(json.dumps([_json(kind, each) for each in tried], indent=2))
    else:
        _print(kind, tried)
    if any(each.problems for each in tried):
        raise typer.Exit(ExitCode.FAILING)


def _print(kind: str, tried: Sequence[Tried]) -> None:
    console = out()
    for problem in _problems(tried):
        console.print(Text(problem, style="red"), soft_wrap=True)
    cases = sum(each.cases for each in tried)
    bad = sum(bool(each.problems) for each in tried)
    console.print(f"{len(tried)} {kind}s with {cases} cases: {bad or 'none'} with problems")


def _problems(tried: Iterable[Tried]) -> Iterable[str]:
    return (problem for each in tried for problem in each.problems)


def _json(kind: str, tried: Tried) -> dict[str, object]:
    return {kind: tried.id, "holds": not tried.problems, "cases": tried.cases, "problems": list(tried.problems)}
