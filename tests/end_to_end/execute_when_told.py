"""A process that executes plans in processes of its own, forked with everything imported; run as a module with the
path of a configuration and, in the environment, ``POSTURE_TOKEN``.

It reads one order a line. ``execute <plan> <name>`` forks a process that executes a plan and appends what happens to
the file ``<name>.events`` in the working directory, one JSON object a line; loggers write to ``<name>.log``, from the
level in ``LOG_LEVEL`` on. With several names it is a race: all wait until the last is there. ``kill <name>``,
``stop <name>`` and ``go <name>`` send SIGKILL, SIGSTOP and SIGCONT. It answers ``ended <name> <status>``. When its
input ends, it kills what still runs.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from posture.bootstrap import Application, load_application
from posture.errors import PostureError
from posture.usecases.acting_events import ExecutionEvent, ExecutionStarted, RequestEnded, ShownOnce, TargetEnded
from tests.end_to_end.conftest import FAST, PATIENT

REFUSED = 4
# What executing imports when it comes to it. A forked process would spend most of its time with that.
IMPORTED_BEFORE = (
    "azure.core.pipeline.transport._requests_basic",
    "azure.core.rest._requests_basic",
    "azure.identity",
    "kiota_authentication_azure.azure_identity_authentication_provider",
    "kiota_http.middleware.options",
    "msal_extensions",
    "msgraph.graph_request_adapter",
    "posture.graph.client",
    "posture.graph.token_retry",
    "psycopg",
)
_OURS_BROKE = 70
_LEVEL = os.environ.get("LOG_LEVEL", "WARNING")
_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP, "go": signal.SIGCONT}


class ShortPause:
    def wait(self, duration: timedelta) -> None:
        time.sleep(min(duration.total_seconds(), 0.005))


class Children:
    """The processes that were forked, by the name that they were given."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._running: dict[str, int] = {}

    def obey(self, order: str) -> None:
        verb, *words = order.split()
        if verb == "execute":
            self._start(words[0], words[1:])
        elif words[0] in self._running:
            # Nobody has waited for it yet, so the number is certainly still its own.
            os.kill(self._running[words[0]], _SIGNALS[verb])

    def _start(self, plan_id: str, names: Sequence[str]) -> None:
        waiting, gate = os.pipe()
        for name in names:
            pid = os.fork()
            if pid == 0:
                os.close(gate)
                os.read(waiting, 1)
                _work(self._application, plan_id, name)
            self._running[name] = pid
        os.close(waiting)
        os.close(gate)

    def reap(self) -> None:
        for name, pid in list(self._running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._running[name]
                _say(f"ended {name} {os.waitstatus_to_exitcode(status)}")

    def end(self) -> None:
        for pid in self._running.values():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _work(application: Application, plan_id: str, name: str) -> None:
    """Execute a plan and leave the process."""
    status = _OURS_BROKE
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with Path(f"{name}.log").open("a") as log:
            os.dup2(log.fileno(), sys.stderr.fileno())
        logging.basicConfig(stream=sys.stderr, level=_LEVEL, force=True)
        with Path(f"{name}.events").open("a", buffering=1) as lines:
            status = _execute(application, plan_id, lines.write)
    except BaseException:
        logging.exception("not expected")
    finally:
        logging.shutdown()
        os._exit(status)


def _execute(application: Application, plan_id: str, write: Callable[[str], int]) -> int:
    acting = application.acting
    try:
        operator = acting.login(os.environ["POSTURE_TOKEN"])
        for event in acting.execute(operator, acting.plan(plan_id)):
            write(json.dumps(_told(event)) + "\n")
    except PostureError as error:
        write(json.dumps({"event": type(error).__name__, "sentence": str(error)}) + "\n")
        return REFUSED
    return 0


def _told(event: ExecutionEvent) -> dict[str, Any]:
    told: dict[str, Any] = {"event": type(event).__name__}
    match event:
        case ExecutionStarted():
            told["is_resumed"] = event.is_resumed
        case RequestEnded():
            told |= {"target": event.target.number, "status": event.entry.status}
        case TargetEnded():
            told |= {"target": event.target.number, "state": event.target.state}
        case ShownOnce():
            told |= {"target": event.target.number, "shown": dict(event.values)}
    return told


def _orders(woken: int) -> Iterator[list[str]]:
    """Yield the orders that have come, and an empty list when a process has ended; stop when the input ends."""
    begun = b""
    while True:
        ready, _, _ = select.select([sys.stdin.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
        if sys.stdin.fileno() not in ready:
            yield []
            continue
        read = os.read(sys.stdin.fileno(), 65536)
        if not read:
            return
        *whole, begun = (begun + read).split(b"\n")
        yield [order.decode() for order in whole]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    application = load_application(Path(sys.argv[1]), pace=FAST, budget=PATIENT, pause=ShortPause())
    for name in IMPORTED_BEFORE:
        import_module(name)
    assert application.acting
    assert application.catalog.actions
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    gc.freeze()
    children = Children(application)
    try:
        for orders in _orders(woken):
            for order in orders:
                children.obey(order)
            children.reap()
    finally:
        children.end()
        # What is frozen for the forks is never collected, and DuckDB's bindings would complain of that.
        os._exit(0)


if __name__ == "__main__":
    main()
