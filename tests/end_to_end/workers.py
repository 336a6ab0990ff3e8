"""Worker processes for tests: plans executed elsewhere, and killed, stopped and raced from here."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .acting_company import SECRETS
from .conftest import command_environment

LONGEST = 60.0  # seconds until a test gives up on a process


class Workers:
    """Starts processes that execute plans; see ``execute_when_told``. May be used by several threads."""

    def __init__(self, process: subprocess.Popen[str], directory: Path) -> None:
        self._process = process
        self._directory = directory
        self._ended: dict[str, int] = {}
        self._changed = threading.Condition()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def execute(self, plan_id: str, *names: str) -> None:
        """Start a process for each name, all at the same moment."""
        with self._changed:
            for name in names:
                self._ended.pop(name, None)
        self._order(f"execute {plan_id} {' '.join(names)}")

    def kill(self, name: str) -> None:
        self._order(f"kill {name}")

    def stop(self, name: str) -> None:
        self._order(f"stop {name}")

    def go(self, name: str) -> None:
        self._order(f"go {name}")

    def ended(self, name: str) -> int | None:
        """Return the status of a process that has ended: negative if a signal ended it."""
        return self._ended.get(name)

    def wait(self, name: str) -> int:
        """Return the status of a process when it has ended."""
        with self._changed:
            assert self._changed.wait_for(lambda: name in self._ended, LONGEST), f"{name} does not end"
            return self._ended[name]

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return what the processes of this name have told; a line that a kill cut is left out."""
        file = self._directory / f"{name}.events"
        lines = file.read_text().split("\n")[:-1] if file.exists() else []
        return [json.loads(line) for line in lines]

    def log(self, name: str) -> str:
        return (self._directory / f"{name}.log").read_text()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(LONGEST)
        self._listener.join(LONGEST)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _order(self, order: str) -> None:
        assert self._process.stdin is not None
        with self._changed:
            self._process.stdin.write(f"{order}\n")
            self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, *rest = line.split()
            if word == "ended":
                with self._changed:
                    self._ended[rest[0]] = int(rest[1])
                    self._changed.notify_all()


@contextmanager
def workers_with(config: Path, *, token: str, directory: Path) -> Iterator[Workers]:
    """Give workers that execute with the operator whose token this is, and write into ``directory``."""
    directory.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.end_to_end.execute_when_told", str(config)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=command_environment(**SECRETS, POSTURE_TOKEN=token),
        cwd=directory,
    )
    workers = Workers(process, directory)
    try:
        yield workers
    finally:
        workers.close()


def until(is_true: Any, *, seconds: float = LONGEST) -> None:
    """Wait until something is so."""
    ends = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < ends, "it did not come so"
        time.sleep(0.002)
