"""Rich's console, as posture uses it."""

from __future__ import annotations

from rich.console import Console


class Terminal(Console):
    """Leaves a closed pipe to the command line: Rich would end with 1, which says that something fails."""

    def on_broken_pipe(self) -> None:
        raise
