"""One worker process, from its start to its end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from typing import Final

from posture.bootstrap import Application
from posture.bootstrap.job_kinds import job_kinds
from posture.bootstrap.working import worker_name
from posture.domain.counted import counted
from posture.domain.job_kind import JobKind
from posture.telemetry.traces import Traces
from posture.usecases.ports import StopSign
from posture.usecases.run_job import DoJob, RunJobs
from posture.worker.lookout import Lookout
from posture.worker.settings_in_force import SettingsInForce
from posture.worker.watching import Address, watched

_LOG: Final = logging.getLogger(__name__)
THREADS: Final = 4
"""So many jobs run at once in one worker, if nothing else is said."""
_TICK_SECONDS: Final = 1.0


def run_worker(
    load: Callable[[], Application],
    *,
    stop: StopSign,
    queues: Collection[str] = (),
    threads: int = THREADS,
    metrics: Address | None = None,
    traces: Traces | None = None,
    tick_seconds: float = _TICK_SECONDS,
) -> None:
    """Notice what is due and run jobs of these queues, of all if none is named, until ``stop`` is set; what runs then
    is ended or parked before this returns.

    ``load`` reads the settings, now and when their file changes; with the clock that it gives them, this worker goes.
    ``metrics`` is where Prometheus is answered, ``traces`` where spans of jobs go; None leaves either out.

    Raises:
        SettingsError: the settings are wrong at the start.
        DefinitionErrors: check files are wrong at the start.
        UsageError: the address for metrics cannot be used.
        WorkerRunning: another process works on the same embedded database.
        StoreError: the database cannot be used at the start.
    """
    in_force = SettingsInForce(load)
    application = in_force.application

    def kinds() -> Mapping[JobKind, DoJob]:
        return job_kinds(in_force.application)

    engine = application.working.engine
    ended = threading.Event()
    lookout = Lookout(in_force, stop=_Either(stop, ended), tick_seconds=tick_seconds)
    looking = threading.Thread(target=lookout.run, name="lookout", daemon=True)
    with watched(lambda: in_force.application, address=metrics, traces=traces) as watch:
        runner = RunJobs(
            kinds,
            worker=worker_name(),
            open_book=application.store.open_work,
            clock=application.clock,
            stop=stop,
            watch=watch,
        )
        _LOG.info(
            "The worker begins with %s and %s",
            counted(len(application.settings.schedules), "schedule"),
            counted(threads, "thread"),
            extra={"action": "worker_begun", "queues": sorted(queues)},
        )
        looking.start()
        try:
            engine.run(runner, queues=queues, threads=threads, stop=stop)
        finally:
            ended.set()
            looking.join()
            engine.close()
            application.store.close()
    _LOG.info("The worker has ended", extra={"action": "worker_ended"})


class _Either:
    """Set when the worker is to stop, or has ended in trouble."""

    def __init__(self, stop: StopSign, ended: threading.Event) -> None:
        self._stop = stop
        self._ended = ended

    def is_set(self) -> bool:
        return self._stop.is_set() or self._ended.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end; a request to stop is seen after the time is over."""
        return self._stop.wait(timeout) or self._ended.is_set()
