"""``posture worker``: the process that scans, sends and executes."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from posture.cli.options import ConfigOption
from posture.errors import UsageError

if TYPE_CHECKING:
    from posture.bootstrap import Application
    from posture.worker import Address

_THREADS: Final = 4


class LogFormat(StrEnum):
    """How the log is written."""

    TEXT = "text"
    JSON = "json"


LogFormatOption = Annotated[
    LogFormat | None,
    typer.Option("--log-format", help="How to write the log. Without it: text on a terminal, else JSON."),
]


def register(app: typer.Typer) -> None:
    app.command()(worker)


def worker(
    queue: Annotated[
        list[str] | None, typer.Option("--queue", help="Take jobs of this queue only; may be repeated.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, max=64, help="So many jobs at once.")] = _THREADS,
    metrics: Annotated[
        str | None, typer.Option("--metrics", metavar="HOST:PORT", help="Answer Prometheus at this address.")
    ] = None,
    log_format: LogFormatOption = None,
    config: ConfigOption = None,
) -> None:
    """Do what is due: scan, send messages, execute approved plans. Runs until it is stopped.

    The first SIGTERM or Ctrl-C ends or parks what runs; a second one ends the worker at once, and the next one goes
    on. Exit codes: 0 stopped; 2 wrong usage or settings; 4 the database cannot be used, or another worker has it.
    """
    from posture.bootstrap import load_application
    from posture.telemetry.logs import start_logging
    from posture.telemetry.traces import start_traces
    from posture.worker import give_way, run_worker, stop_on_signals

    address = None if metrics is None else _address(metrics)
    start_logging(as_json=log_format is LogFormat.JSON or (log_format is None and not sys.stderr.isatty()))
    give_way()
    stop = stop_on_signals()
    traces = start_traces("posture-worker")

    def load() -> Application:
        return load_application(config)

    try:
        run_worker(load, stop=stop, queues=tuple(queue or ()), threads=threads, metrics=address, traces=traces)
    finally:
        traces.close()


def _address(text: str) -> Address:
    from posture.worker import Address

    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdecimal() and 0 < int(port) < 65_536):
        raise UsageError(f"{text!r} is no address to listen at: write host and port, such as 127.0.0.1:9465")
    return Address(host.removeprefix("[").removesuffix("]"), int(port))
