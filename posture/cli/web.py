"""``posture web``: the page and the API."""

from __future__ import annotations

import logging
import signal
import sys
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import typer

from posture.cli.console import err, warn
from posture.cli.options import ConfigOption
from posture.cli.worker import LogFormat, LogFormatOption
from posture.domain.operator import Role
from posture.errors import SettingsError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from posture.bootstrap import Application
    from posture.telemetry.traces import Traces
    from posture.worker.settings_in_force import SettingsInForce

_LOG: Final = logging.getLogger(__name__)
_FIRST: Final = "admin"
_FIRST_LASTS: Final = timedelta(days=7)


def register(app: typer.Typer) -> None:
    app.command()(web)


def web(config: ConfigOption = None, log_format: LogFormatOption = None) -> None:
    """Serve the web page and the API, until interrupted.

    Nothing is scanned or changed here: that is the business of posture worker, and posture serve runs both. Changed
    settings count at once, but for where the page listens.
    """
    from posture.bootstrap import load_application
    from posture.telemetry.logs import start_logging
    from posture.telemetry.traces import start_traces
    from posture.web.changing import Changing
    from posture.web.serving import bound_socket, server_of
    from posture.worker.settings_in_force import SettingsInForce

    start_logging(as_json=log_format is LogFormat.JSON or (log_format is None and not sys.stderr.isatty()))
    in_force = SettingsInForce(lambda: load_application(config))
    application = in_force.application
    for warning in application.warnings:
        warn(warning)
    settings = application.settings.service
    traces = start_traces("posture-web")
    app = Changing(app_of(application, traces), lambda: next_app(in_force, traces))
    server = server_of(app, settings)
    with closing(traces), bound_socket(settings) as listening:
        _greet(application)
        # uvicorn stops gracefully and then passes the signal on, which would end the process as if it had failed.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        server.run(sockets=[listening])


def app_of(application: Application, traces: Traces) -> FastAPI:
    from posture.web.app import create_app

    return create_app(application, settings=application.settings.service, traces=traces)


def next_app(in_force: SettingsInForce, traces: Traces) -> FastAPI | None:
    """Return the page with the settings as they are now; None if they have not changed, or cannot be used."""
    if not in_force.read_anew():
        return None
    try:
        return app_of(in_force.application, traces)
    except SettingsError as error:
        _LOG.error("The page stays as it was: %s", error, extra={"action": "settings_refused"})
        return None


def _greet(application: Application) -> None:
    """Say where the page is, and make the first administrator if there was never any operator."""
    settings = application.settings.service
    err().print(f"The page is at {settings.url}")
    # Asked in any case: whether the database can be used is told now, and not to the first who comes.
    if application.acting.operators() or settings.sign_in is not None:
        return
    if not sys.stdout.isatty():
        # What is printed here ends up in a log, where a token does not belong.
        err().print("Nobody can sign in yet. Add the first operator: posture operators add NAME --role admin")
        return
    _, token = application.acting.add_operator(_FIRST, Role.ADMIN, account=None, lasts=_FIRST_LASTS, by=None)
    err().print(
        f'There is no operator yet, so here is a token of the first one, "{_FIRST}". It is shown this once and '
        f"counts for {_FIRST_LASTS.days} days; sign in with it and add an operator for yourself:"
    )
    typer.echo(token)
