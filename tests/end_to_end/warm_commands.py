"""The command line in processes of its own that are forked with everything imported: most of what a short command
takes is importing. Run as a module it forks them, one for each line of JSON that it reads, and answers with a line.

How commands begin without all that is tested where it matters, with processes that are really new.
"""

from __future__ import annotations

import atexit
import gc
import json
import logging
import os
import runpy
import select
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any

from posture.bootstrap import dictionary
from posture.definitions.catalog import load_catalog

# What commands import when they come to it.
_IMPORTED_BEFORE = (
    "alembic.command",
    "azure.core.pipeline.transport._requests_basic",
    "azure.core.rest._requests_basic",
    "azure.identity",
    "kiota_authentication_azure.azure_identity_authentication_provider",
    "kiota_http.middleware.options",
    "msal_extensions",
    "msgraph.graph_request_adapter",
    "posture.bootstrap.acting",
    "posture.bootstrap.telling",
    "posture.cli.main",
    "posture.cli.summary",
    "posture.graph.client",
    "posture.graph.token_retry",
    "posture.report.scan_json",
    "psycopg",
)
# Python and the C library read these when a process begins: whoever changes them gets a new process.
_READ_EARLY = ("PYTHON", "LC_", "LANG", "TZ", "TMPDIR", "LD_", "MALLOC_")


class Forge:
    """A process that forks others."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders, self._answers = self._process.stdin, self._process.stdout

    def run(
        self, arguments: list[str], environment: dict[str, str], *, cwd: Path, timeout: float, is_loud: bool
    ) -> tuple[int, bytes, bytes]:
        """Return exit code, output and errors of a command.

        Raises:
            subprocess.TimeoutExpired: it took longer; the forge and everything that it forked is gone.
        """
        with TemporaryDirectory(prefix="posture-command-") as place:
            out, err = Path(place, "out"), Path(place, "err")
            order = {
                "arguments": arguments,
                "environment": environment,
                "cwd": str(cwd),
                "is_loud": is_loud,
                "out": str(out),
                "err": str(err),
            }
            self._orders.write(json.dumps(order).encode() + b"\n")
            self._orders.flush()
            if not select.select([self._answers], [], [], timeout)[0]:
                self.close()
                raise subprocess.TimeoutExpired(arguments, timeout)
            code = int(self._answers.readline())
            return code, out.read_bytes(), err.read_bytes()

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._orders.close()
        self._answers.close()


_idle: SimpleQueue[Forge] = SimpleQueue()


def run_warm(
    arguments: list[str], environment: dict[str, str], *, cwd: Path | None, timeout: float, is_loud: bool
) -> tuple[int, bytes, bytes] | None:
    """Run a command in a forked process and return exit code, output and errors; None if it needs a new one.

    ``is_loud`` lets every logger write all that it has.
    """
    if any(os.environ.get(name) != environment.get(name) for name in {*os.environ, *environment} if _is_early(name)):
        return None
    try:
        forge = _idle.get_nowait()
    except Empty:
        forge = Forge(environment)
    done = forge.run(arguments, environment, cwd=cwd or Path.cwd(), timeout=timeout, is_loud=is_loud)
    _idle.put(forge)
    return done


def _is_early(name: str) -> bool:
    return name.startswith(_READ_EARLY) and name != "PYTHONPATH"


@atexit.register
def _close_all() -> None:
    while not _idle.empty():
        _idle.get().close()


def _become(order: dict[str, Any]) -> None:
    """Be the command, and end with it."""
    os.chdir(order["cwd"])
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, order["out"], os.O_WRONLY | os.O_CREAT),
        (2, order["err"], os.O_WRONLY | os.O_CREAT),
    ):
        os.dup2(os.open(path, flags, 0o600), number)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["posture", *order["arguments"]]
    if order["is_loud"]:
        logging.basicConfig(level=1)
    code: object = 0
    try:
        runpy.run_module("posture", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - it is told as a new process would tell it
        sys.excepthook(*sys.exc_info())
        code = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or 120
    if isinstance(code, str):
        os.write(2, f"{code}\n".encode())
        code = 1
    os._exit(code if isinstance(code, int) else 0)


def main() -> None:
    for name in _IMPORTED_BEFORE:
        import_module(name)
    load_catalog([], dictionary())  # checks whose text has not changed are not loaded again
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(json.loads(line))
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
