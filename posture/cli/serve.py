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
    children = [_child("worker", options), _child("web", options)]
    with _forwarding(children) as asked:
        while not asked and all(child.poll() is None for child in children):
            time.sleep(_LOOK_SECONDS)
        first = next((child for child in children if child.poll() is not None), None)
        for child in children:
            if child.poll() is None and not asked:
                child.terminate()
        for child in children:
            child.wait()
    return 0 if asked or first is None else first.returncode or 1


def _child(command: str, options: Sequence[str]) -> subprocess.Popen[bytes]:
    # In a session of its own: a Ctrl-C would else reach it twice, and the second time means "at once".
    return subprocess.Popen([sys.executable, "-m", "posture", command, *options], start_new_session=True)  # noqa: S603


@contextmanager
def _forwarding(children: Sequence[subprocess.Popen[bytes]]) -> Iterator[list[int]]:
    """Pass on what asks this process to stop; give the list of what was passed on."""
    asked: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        for child in children:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)

    before = {number: signal.signal(number, forward) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
