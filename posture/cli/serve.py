"""``posture serve``: the worker and the page, side by side."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

import typer

from posture.cli.options import ConfigOption
from posture.cli.worker import LogFormatOption

_LOOK_SECONDS: Final = 0.1


def register(app: typer.Typer) -> None:
    app.command()(serve)


def serve(config: ConfigOption = None, log_format: LogFormatOption = None) -> None:
    """Run the worker and the page. Both end when one of them does, so that whatever began this begins it anew."""
    from posture.bootstrap import load_application

    load_application(config)  # what is wrong with the settings is told once, not by both
    options = [] if config is None else ["--config", str(config)]
    if log_format is not None:
        options += ["--log-format", log_format.value]
    code = serve_both(options)
    if code:
        raise typer.Exit(code)


def serve_both(options: Sequence[str]) -> int:
    """Run ``posture worker`` and ``posture web`` with these options until somebody asks them to stop, or one ends.

    Return 0 if they were asked to stop, else the exit code of the one that ended, and never 0 for that.
    """
    children: list[subprocess.Popen[bytes]] = []
    # Before there is a child: one that is begun while nobody listens for a signal would outlive this process.
    with _asked_to_stop() as asked:
        try:
            for command in ("worker", "web"):
                children.append(_child(command, options))
            return _until_both_end(children, asked)
        finally:
            for child in children:
                if child.poll() is None:
                    child.terminate()


def _until_both_end(children: Sequence[subprocess.Popen[bytes]], asked: Sequence[int]) -> int:
    """Tell both to stop as often as this process is asked to, and once if one of them ends by itself."""
    code = told = 0
    while True:
        ended = [child.returncode for child in children if child.poll() is not None]
        if ended and not asked and not code:
            code = ended[0] or 1
        if len(ended) == len(children):
            return code
        if told < len(asked) + bool(code):
            told += 1
            for child in children:
                if child.poll() is None:
                    child.terminate()
        time.sleep(_LOOK_SECONDS)


def _child(command: str, options: Sequence[str]) -> subprocess.Popen[bytes]:
    # In a session of its own: a Ctrl-C would else reach it twice, and the second time means "at once".
    return subprocess.Popen([sys.executable, "-m", "posture", command, *options], start_new_session=True)  # noqa: S603


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """Give the list of the signals that asked this process to stop; it grows."""
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
