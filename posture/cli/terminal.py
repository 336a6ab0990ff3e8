"""Rich's console, as posture uses it."""

from __future__ import annotations

import os
from typing import IO, Final

from rich.console import Console

_WIDE: Final = 200


class Terminal(Console):
    """Takes every text as it is: names from directories are never markup.

    Into a pipe or file lines are wide, or `grep` would search names that are cut for a screen that is not there.
    """

    def __init__(self, *, file: IO[str] | None = None, stderr: bool = False, soft_wrap: bool = False) -> None:
        super().__init__(file=file, stderr=stderr, soft_wrap=soft_wrap, markup=False, highlight=False, emoji=False)
        if not self.is_terminal and "COLUMNS" not in os.environ:
            self.width = _WIDE

    def on_broken_pipe(self) -> None:
        """Leave a closed pipe to the command line: Rich would end with 1, which says that something fails."""
        raise
