"""``posture tables``: the data dictionary."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from posture.cli.console import Format, out
from posture.cli.options import FormatOption
from posture.errors import UsageError
from posture.tables.table import SourceTable, Table

if TYPE_CHECKING:
    from posture.definitions.dictionary import Dictionary

tables_app = typer.Typer(help="The tables that checks and queries read.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(tables_app, name="tables")


@tables_app.command("list")
def list_tables(format: FormatOption = Format.TABLE) -> None:
    """List every table, what it holds and what reading it needs."""
    from posture.cli.grid import print_grid
    from posture.tables import TABLES

    if format is Format.JSON:
        typer.echo(json.dumps([table_json(table) for table in TABLES], indent=2))
        return
    rows = [[table.name, _needs(table), table.doc.split(". ")[0]] for table in TABLES]
    print_grid(out(), ["table", "needs", "rows"], rows, longest_cell=100)


@tables_app.command("show")
def show_table(
    name: Annotated[str, typer.Argument(help="Name of a table.")],
    format: FormatOption = Format.TABLE,
) -> None:
    """Show one table: columns, source, permission, licence."""
    from posture.bootstrap import dictionary
    from posture.cli.grid import print_grid

    table = known_table(dictionary(), name)
    if format is Format.JSON:
        typer.echo(json.dumps(table_json(table), indent=2))
        return
    console = out()
    console.print(f"{table.name}: {table.doc}\n", soft_wrap=False)
    if isinstance(table, SourceTable):
        console.print(f"source      GET /{table.source.path}\nneeds       {_needs(table)}\n")
    rows = [[column.name, column.type, column.field, column.doc] for column in table.columns]
    print_grid(console, ["column", "type", "property of Graph", "meaning"], rows, longest_cell=400)


def known_table(dictionary: Dictionary, name: str) -> Table:
    """Return a table; a name that does not exist is a usage error that names the nearest one."""
    from posture.definitions.dictionary import did_you_mean

    table = dictionary.table(name)
    if table is None:
        known = [known.name for known in dictionary.tables]
        raise UsageError(
            f'there is no table "{name}". {did_you_mean(name, known, otherwise="posture tables list shows all.")}'
        )
    return table


def _needs(table: Table) -> str:
    if not isinstance(table, SourceTable):
        return "what the tables behind it need"
    licence = [table.source.licence.value] if table.source.licence else []
    return ", ".join([*table.source.permissions, *licence])


def table_json(table: Table) -> dict[str, object]:
    """Return a table as JSON values; ``source`` is null for a derived table."""
    source = table.source if isinstance(table, SourceTable) else None
    return {
        "name": table.name,
        "doc": table.doc,
        "source": None
        if source is None
        else {
            "path": source.path,
            "permissions": list(source.permissions),
            "licence": source.licence.value if source.licence else None,
        },
        "columns": [
            {"name": column.name, "type": column.type, "field": column.field, "doc": column.doc}
            for column in table.columns
        ],
    }
