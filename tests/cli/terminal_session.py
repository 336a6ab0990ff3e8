"""A command on a terminal of its own, and somebody who types when asked."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

# pty.spawn gives the command a controlling terminal, which a hidden prompt asks for by name.
# Who runs the tests in the background lets them ignore Ctrl-C, and whatever they start as well.
_ON_A_TERMINAL = (
    "import os, pty, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
)
_PATIENCE_SECONDS = 60


class TerminalSession:
    """One command. What it writes to standard output goes to ``piped`` instead of the terminal if a file is given."""

    def __init__(self, *arguments: str | Path, piped: Path | None = None, **environment: str) -> None:
        command = [sys.executable, "-m", "posture", *map(str, arguments)]
        if piped is not None:
            command = ["sh", "-c", f'exec "$@" > {piped}', "sh", *command]
        self.said = ""
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ON_A_TERMINAL, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "COLUMNS": "200", "TERM": "xterm", "NO_COLOR": "1", **environment},
        )
        self._limit = threading.Timer(_PATIENCE_SECONDS, self._process.kill)
        self._limit.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._limit.cancel()
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def answer(self, question: str, answer: str) -> None:
        """Wait until the command asks, then type the answer and Enter."""
        before = len(self.said)
        while question not in self.said[before:]:
            self._hear(end_is_expected=False)
        assert self._process.stdin is not None
        self._process.stdin.write(f"{answer}\n".encode())
        self._process.stdin.flush()

    def end(self) -> int:
        """Wait for the end of the command and return its exit code."""
        while self._hear(end_is_expected=True):
            pass
        return self._process.wait()

    def _hear(self, *, end_is_expected: bool) -> bool:
        assert self._process.stdout is not None
        heard = os.read(self._process.stdout.fileno(), 4096).decode(errors="replace")
        self.said += heard
        if not heard and not end_is_expected:
            raise AssertionError(f"the command ended without asking: {self.said}")
        return bool(heard)
