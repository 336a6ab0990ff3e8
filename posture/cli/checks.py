"""``posture checks``: the catalog, and tools for those who write checks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from posture.cli.console import ExitCode, Format, err, out
from posture.cli.options import ConfigOption, FormatOption
from posture.cli.trial_report import report, tried
from posture.domain.counted import counted

if TYPE_CHECKING:
    from posture.definitions.catalog import Catalog
    from posture.definitions.loaded import LoadedCheck

checks_app = typer.Typer(help="The checks there are, and tools to write one.", no_args_is_help=True)

PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Check files or directories. Without: every check of the configuration, or the shipped ones."
    ),
]


def register(app: typer.Typer) -> None:
    app.add_typer(checks_app, name="checks")


@checks_app.command("list")
def list_checks(
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="Only checks with this tag; may be repeated.")
    ] = None,
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """List the checks: id, severity, what is judged, what failing means."""
    from posture.cli.grid import print_grid
    from posture.report.check_json import check_json

    chosen = _catalog(None, config).select(tags=tag or [])
    if format is Format.JSON:
        typer.echo(json.dumps([check_json(loaded) for loaded in chosen], indent=2))
        return
    rows = [
        [check.id, check.severity.default.value, check.resource, check.title]
        for check in (loaded.check for loaded in chosen)
    ]
    print_grid(out(), ["check", "severity", "judges", "what is wrong"], rows, longest_cell=80)


@checks_app.command("show")
def show_check(
    id: Annotated[str, typer.Argument(help="Id of a check.")],
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Show one check: why, fix, what it reads, its parameters and its SQL."""
    from posture.report.check_json import check_json

    loaded = _catalog(None, config).check(id)
    if format is Format.JSON:
        typer.echo(json.dumps(check_json(loaded), indent=2))
        return
    _print_check(loaded)


def _print_check(loaded: LoadedCheck) -> None:
    check = loaded.check
    console = out()
    console.print(Text(f"{check.id}: {check.title}", style="bold"))
    console.print(
        f"{check.severity.default.value}, judges each {check.resource}, {check.maturity.value}", style="dim"
    )
    for heading, text in (("Why it matters", check.why), ("How to fix it", check.fix)):
        console.print(Text(f"\n{heading}", style="bold"))
        console.print(text.strip())
    for heading, items in (("False positives", check.false_positives), ("References", check.references)):
        if items:
            console.print(Text(f"\n{heading}", style="bold"))
            console.print("\n".join(f"- {item}" for item in items), soft_wrap=True)
    console.print(Text("\nReads", style="bold"))
    for table, columns in sorted(loaded.reads.source_columns.items()):
        console.print(f"- {table}: {', '.join(sorted(columns))}")
    if check.parameters:
        console.print(Text("\nParameters", style="bold"))
        for parameter in check.parameters:
            unit = f" {parameter.unit}" if parameter.unit else ""
            help_text = f": {parameter.help}" if parameter.help else ""
            console.print(f"- {parameter.name} = {parameter.default}{unit}{help_text}")
    console.print(Text("\nSQL", style="bold"))
    console.print(loaded.sql, soft_wrap=True)


@checks_app.command("test")
def try_checks(
    paths: PathsArgument = None,
    probes: Annotated[bool, typer.Option(help="Also try what no author thinks of: every value unknown.")] = True,
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Run the tests inside check files, and the probes. Exit code 1 if anything does not hold."""
    from posture.bootstrap import verify

    verifications = verify(_catalog(paths, config).checks, with_probes=probes)
    report("check", [tried(verification.check, verification) for verification in verifications], format=format)


@checks_app.command("lint")
def lint_checks(paths: PathsArgument = None, config: ConfigOption = None) -> None:
    """Load check files and say what a reviewer would. Exit code 1 if there is anything to say."""
    from posture.definitions.lint import lint

    catalog = _catalog(paths, config)
    advice = lint(catalog.checks)
    for error in advice:
        out().print(str(error), soft_wrap=True)
    err().print(
        f"{counted(len(catalog.checks), 'check')}: {counted(len(advice), 'remark') if advice else 'no remarks'}"
    )
    if advice:
        raise typer.Exit(ExitCode.FAILING)


@checks_app.command("schema")
def schema() -> None:
    """Write the JSON Schema of a check file, for editors."""
    from posture.bootstrap import dictionary
    from posture.definitions.catalog import load_catalog
    from posture.definitions.json_schema import check_schema

    known = dictionary()
    typer.echo(json.dumps(check_schema(known, actions=load_catalog([], known).action_ids), indent=2))


def _catalog(paths: list[Path] | None, config: Path | None) -> Catalog:
    """Return the checks of the paths; else of the configuration, if there is one; else the shipped ones."""
    from posture.bootstrap import catalog_of, dictionary
    from posture.definitions.catalog import load_checks

    if paths:
        return load_checks(paths, dictionary())
    return catalog_of(config)
