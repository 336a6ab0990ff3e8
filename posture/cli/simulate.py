"""``posture simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command()(simulate)


def simulate(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8443,
    users: Annotated[int, typer.Option(min=1, help="How many users the made-up company has.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same company.")] = 1,
    directory: Annotated[
        Path, typer.Option(help="Where the certificates are written.")
    ] = Path("posture-simulator"),
) -> None:
    """Serve a made-up Entra tenant over TLS on this machine, until interrupted."""
