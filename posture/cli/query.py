"""``posture query``."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from typing import Annotated

import typer

from posture.cli.console import err, out, output_file
from posture.cli.options import ConfigOption, OutputOption, TenantOption
from posture.domain.counted import counted

_ROWS_SHOWN = 1000


class QueryFormat(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def register(app: typer.Typer) -> None:
    app.command()(query)


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT statement, in DuckDB's SQL.")],
    tenant: TenantOption = None,
    format: Annotated[
        QueryFormat, typer.Option("--format", "-f", help="How to write the result.")
    ] = QueryFormat.TABLE,
    output: OutputOption = None,
    config: ConfigOption = None,
) -> None:
    """Ask the latest snapshot of a tenant with SQL. `posture tables list` names the tables."""
    from posture.bootstrap import load_application
    from posture.cli.grid import print_grid
    from posture.report.rows import write_csv, write_json

    application = load_application(config)
    answer = application.query(application.tenant_named(tenant), sql)
    if format is QueryFormat.TABLE and output is None:
        count = print_grid(out(), answer.columns, islice(answer.rows, _ROWS_SHOWN))
        more = next(answer.rows, None) is not None
        err().print(
            f"{counted(count, 'row')} shown, there are more: use --format csv" if more else counted(count, "row")
        )
        return
    write = write_json if format is QueryFormat.JSON else write_csv
    with output_file(output) as stream:
        write(answer.columns, answer.rows, stream)
