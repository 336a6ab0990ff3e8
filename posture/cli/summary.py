"""What a person reads at the end of a scan."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from posture.cli.worst import WorstFindings
from posture.domain.check import CheckId
from posture.domain.counted import counted
from posture.domain.judgement import CheckOutcome, CheckResult, Judgement
from posture.domain.printable import printable
from posture.domain.run import RunSummary
from posture.domain.severity import Severity

STYLES: Mapping[Severity, str] = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}

# Severity, figures and gaps take 45; a title of less than 20 says nothing.
_LEFT_FOR_TITLES = 65


def print_summary(
    console: Console,
    summary: RunSummary,
    worst: WorstFindings,
    *,
    titles: Mapping[CheckId, str],
    config: Path | None,
) -> None:
    """Print a scan that was not aborted: findings by severity and check, what was not judged, the worst, what next.

    ``config`` is the file that the user named; the next command names it too.
    """
    console.print(_headline(summary))
    console.print(_severity_line(worst.by_severity), end="\n\n")
    console.print(_check_table(summary.checks, titles, width=console.width))
    _print_not_judged(console, summary.checks)
    _print_worst(console, worst.worst())
    console.print(Text(_next_command(worst, config), style="bold"), soft_wrap=True)


def _headline(summary: RunSummary) -> Text:
    run = summary.run
    name = printable(summary.tenant_display_name or run.tenant_name)
    requests = sum(table.requests for table in summary.tables)
    rows = sum(table.rows for table in summary.tables)
    taken = run.taken_at.strftime("%Y-%m-%d %H:%M UTC")
    text = Text(f"{name} ({run.tenant_name})", style="bold")
    text.append(
        f"  {run.state.value}  {taken}  {counted(rows, 'row')} in {counted(requests, 'request')}", style="dim"
    )
    return text


def _severity_line(counts: Mapping[Severity, int]) -> Text:
    text = Text()
    for severity in reversed(Severity):
        text.append(f"{counts.get(severity, 0):,} {severity.value}   ", style=STYLES[severity])
    return text


def _check_table(results: Sequence[CheckResult], titles: Mapping[CheckId, str], *, width: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=True)
    # Only the title gives way on a narrow terminal: without least widths the figures would go first.
    name = max((len(result.check) for result in results if _was_evaluated(result)), default=0)
    table.add_column("severity", no_wrap=True, min_width=len(Severity.CRITICAL))
    table.add_column("check", no_wrap=True, min_width=name)
    for heading in ("fail", "unknown", "pass", "exempt"):
        table.add_column(heading, justify="right", no_wrap=True, min_width=len(heading))
    has_titles = width - name >= _LEFT_FOR_TITLES
    if has_titles:
        table.add_column("what is wrong", overflow="ellipsis", no_wrap=True, ratio=1)
    for result in sorted(filter(_was_evaluated, results), key=_worst_first):
        row = _check_row(result, titles)
        table.add_row(*row if has_titles else row[:-1])
    return table


def _was_evaluated(result: CheckResult) -> bool:
    return result.outcome is CheckOutcome.EVALUATED


def _worst_first(result: CheckResult) -> tuple[bool, int, int, str]:
    failed = result.counts.failed if result.counts else 0
    return (failed == 0, -result.severity.rank, -failed, result.check)


def _check_row(result: CheckResult, titles: Mapping[CheckId, str]) -> list[Text]:
    counts = result.counts
    if counts is None:
        return []
    is_failing = counts.failed > 0
    numbers = (counts.failed, counts.unknown, counts.passed, counts.exempted)
    if not any(numbers):
        return [*_names(result, "dim"), *[Text("–", style="dim")] * 4, Text("nothing to judge", style="dim")]
    return [
        *_names(result, STYLES[result.severity] if is_failing else "dim"),
        Text(f"{counts.failed:,}", style="bold" if is_failing else "dim"),
        Text(f"{counts.unknown:,}", style="yellow" if counts.unknown else "dim"),
        Text(f"{counts.passed:,}", style="dim"),
        Text(f"{counts.exempted:,}", style="dim"),
        Text(titles.get(result.check, "") if is_failing else "", style="dim"),
    ]


def _names(result: CheckResult, style: str) -> tuple[Text, Text]:
    return Text(result.severity.value, style=style), Text(result.check, style=style)


def _print_not_judged(console: Console, results: Sequence[CheckResult]) -> None:
    """Print skipped and broken checks, those with the same cause together."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for result in results:
        if result.skipped is not None:
            by_reason[f"{result.skipped.kind.value.replace('_', ' ')}: {result.skipped.detail}"].append(result.check)
        elif result.error is not None:
            by_reason[f"broken: {result.error}"].append(result.check)
    if not by_reason:
        return
    console.print(Text("\nNot judged (never counted as a pass)", style="bold"))
    for reason, checks in by_reason.items():
        console.print(Text(f"  {', '.join(sorted(checks))}", style="yellow"))
        console.print(Text(f"    {reason}"))


def _print_worst(console: Console, worst: Sequence[Judgement]) -> None:
    if not worst:
        return
    console.print(Text("\nWorst findings", style="bold"))
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(no_wrap=True, min_width=len(Severity.CRITICAL))
    table.add_column(no_wrap=True, min_width=max(len(judgement.check) for judgement in worst))
    table.add_column(overflow="ellipsis", no_wrap=True, ratio=2)
    table.add_column(overflow="ellipsis", no_wrap=True, ratio=3)
    for judgement in worst:
        table.add_row(
            Text(judgement.severity.value, style=STYLES[judgement.severity]),
            Text(judgement.check),
            Text(printable(judgement.resource.name or judgement.resource.id)),
            Text(judgement.message, style="dim"),
        )
    console.print(table)


def _next_command(worst: WorstFindings, config: Path | None) -> str:
    named = f" --config {shlex.quote(str(config))}" if config else ""
    if not worst.by_severity:
        return "\nNext: posture tables list   names what posture query can ask"
    top = max(worst.by_severity, key=lambda severity: severity.rank)
    return f"\nNext: posture findings list --severity {top.value}{named}"
