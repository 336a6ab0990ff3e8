"""Where the command line writes: results to standard output, everything else to standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING

from posture.errors import PostureError, UsageError

if TYPE_CHECKING:
    from rich.console import Console


class Format(StrEnum):
    """How a command writes its result."""

    TABLE = "table"
    JSON = "json"


class ExitCode:
    """What the shell is told."""

    DONE = 0
    FAILING = 1
    USAGE = 2
    INCOMPLETE = 3
    ABORTED = 4


def out(stream: IO[str] | None = None) -> Console:
    """Return the console for results: standard output, or a file. Names from directories are never markup."""
    from posture.cli.terminal import Terminal

    return Terminal(file=stream)


def err() -> Console:
    """Return the console for progress, warnings and errors."""
    from posture.cli.terminal import Terminal

    return Terminal(stderr=True, soft_wrap=True)


def warn(sentence: str) -> None:
    """Write a warning to standard error."""
    err().print(f"warning: {sentence}", style="yellow")


@contextmanager
def output_file(path: Path | None) -> Iterator[IO[str]]:
    """Give a text stream: the file, or standard output. A file that cannot be written is a usage error."""
    if path is None:
        yield sys.stdout
        return
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            yield stream
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def report_error(error: PostureError) -> None:
    """Write an expected failure to standard error, one sentence a line."""
    console = err()
    for sentence in filter(str.strip, str(error).splitlines()):
        console.print(f"error: {sentence}", style="red")
