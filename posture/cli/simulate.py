"""``posture simulate``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from posture.errors import UsageError


class Throttling(StrEnum):
    PUBLISHED = "published"
    OFF = "off"


class Plan(StrEnum):
    P2 = "p2"
    P1 = "p1"
    NONE = "none"


def register(app: typer.Typer) -> None:
    app.command()(simulate)


def simulate(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8443,
    users: Annotated[int, typer.Option(min=1, help="How many users the made-up company has.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same company.")] = 1,
    directory: Annotated[Path, typer.Option(help="Where the certificates are written.")] = Path("posture-simulator"),
    throttling: Annotated[Throttling, typer.Option(help="Graph's published limits, or none.")] = Throttling.PUBLISHED,
    licence: Annotated[Plan, typer.Option(help="The Entra ID plan of the company.")] = Plan.P2,
    withhold: Annotated[
        list[str] | None, typer.Option(metavar="PERMISSION", help="A permission the reader lacks; may be repeated.")
    ] = None,
) -> None:
    """Serve a made-up Entra tenant over TLS on this machine, until interrupted.

    Prints one line of JSON when it is ready: url, ca_bundle, tenant_id, client_id, client_secret,
    remediator_client_id, remediator_client_secret, mailer_client_id, mailer_client_secret, mailbox.
    """
    from posture.simulator.__main__ import main as serve

    arguments = [f"--port={port}", f"--users={users}", f"--seed={seed}", f"--directory={directory}"]
    arguments += [f"--throttling={throttling.value}", f"--licence={licence.value}"]
    arguments += [f"--withhold={permission}" for permission in withhold or ()]
    if serve(arguments) != 0:
        raise UsageError("the simulator could not start; choose another --port")
