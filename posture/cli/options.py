"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from posture.cli.console import Format

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="POSTURE_CONFIG",
        help="Configuration file. Without it: ./posture.yaml.",
        show_default=False,
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to write the result.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write to this file instead of standard output.")
]
TenantOption = Annotated[
    str | None, typer.Option("--tenant", help="Name of a tenant in the configuration. Not needed if it has one only.")
]
TenantsOption = Annotated[
    list[str] | None, typer.Option("--tenant", help="Name of a tenant; may be repeated. Without it: all tenants.")
]
PlanArgument = Annotated[str, typer.Argument(help="The plan's id, or the beginning of it.")]
