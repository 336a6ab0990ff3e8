"""``posture demo --page``: the whole loop on a made-up company, from a finding to its fix, in a browser."""

from __future__ import annotations

import shutil
import socket
from datetime import timedelta
from pathlib import Path
from typing import Final

import typer

from posture.cli.console import err, out
from posture.domain.operator import Role
from posture.errors import UsageError

_DATA: Final = "data"
_LASTS: Final = timedelta(days=1)


def begin_anew(directory: Path, *, port: int) -> None:
    """Remove what an earlier demonstration left: its plans are about a company that is made up anew.

    Raises:
        UsageError: the port of the page is taken.
    """
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(f"port {port} cannot be used ({error.strerror}); choose another --page-port") from error
    shutil.rmtree(directory / _DATA, ignore_errors=True)


def show_page(config: Path) -> None:
    """Scan, make two people, print how they sign in, and serve the page until somebody stops it."""
    from posture.bootstrap import load_application
    from posture.cli.scan import scan
    from posture.cli.serve import serve_both

    try:
        scan(config=config)
    except typer.Exit as ended:
        if ended.exit_code:
            raise
    application = load_application(config)
    for tenant in application.settings.tenants:
        application.examine(tenant)
    acting = application.acting
    ada, first = acting.add_operator("ada", Role.ADMIN, account=None, lasts=_LASTS, by=None)
    _, second = acting.add_operator("grace", Role.ADMIN, account=None, lasts=_LASTS, by=ada)
    console = out()
    console.print(f"\nThe page: {application.settings.service.url}")
    console.print("Two people can sign in, with these tokens, for a day. What one proposes the other approves:")
    for name, token in (("ada", first), ("grace", second)):
        typer.echo(f"  {name:<6} {token}")
    console.print(
        "Try it: sign in as ada, open a finding, propose an action; as grace, in a private window, approve it."
    )
    console.print("Ctrl-C ends everything.\n")
    application.store.close()
    code = serve_both(["--config", str(config)])
    err().print("Stopped.")
    if code:
        raise typer.Exit(code)
