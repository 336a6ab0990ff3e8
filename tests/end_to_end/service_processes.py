"""What runs in the processes of a made-up service: workers and the page, as their commands start them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from posture.bootstrap import Application, load_application
from posture.cli.console import report_error
from posture.cli.main import main
from posture.errors import PostureError
from posture.schedule.distributed import FleetEngine
from posture.schedule.distributed_worker import Rhythm
from posture.telemetry.logs import start_logging
from posture.worker import run_worker, stop_on_signals

from .conftest import FAST, PATIENT
from .execute_when_told import ShortPause
from .made_up_time import FileClock

REFUSED: Final = 4
_HASTY: Final = Rhythm(heartbeat=0.5, stalled=3.0, poll=0.2, patience=5.0)
_TICK_SECONDS: Final = 0.05


def started(target: Callable[..., None], *arguments: object, log: Path) -> BaseProcess:
    """Start a process, forked from one that has everything imported; what it says goes to ``log``."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.end_to_end.service_processes", "tests.end_to_end.imported_before"])
    process = context.Process(target=_logged, args=(target, arguments, log))
    process.start()
    return process


def work(config: Path, clock: Path) -> None:
    """Be a worker that goes by the clock in a file."""
    try:
        run_worker(partial(_loaded, config, clock), stop=stop_on_signals(), tick_seconds=_TICK_SECONDS, threads=2)
    except PostureError as error:
        report_error(error)
        sys.exit(REFUSED)


def serve_page(config: Path) -> None:
    """Be ``posture web``."""
    sys.argv = ["posture", "web", "--config", str(config)]
    main()


def _loaded(config: Path, clock: Path) -> Application:
    application = load_application(config, pace=FAST, budget=PATIENT, pause=ShortPause(), clock=FileClock(clock))
    url = application.settings.store_url.reveal()
    if url.startswith("postgresql"):
        # Nobody waits half a minute for the job of a dead worker here.
        application.working.engine = FleetEngine(url, rhythm=_HASTY)
    return application


def _logged(target: Callable[..., None], arguments: tuple[object, ...], log: Path) -> None:
    with log.open("a") as lines:
        os.dup2(lines.fileno(), sys.stderr.fileno())
        os.dup2(lines.fileno(), sys.stdout.fileno())
    start_logging(as_json=False)
    target(*arguments)
