"""The settings that a running worker goes by: read anew when their file has changed, kept while it is wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from posture.bootstrap import Application
from posture.definitions.yaml_source import read_text
from posture.errors import DefinitionError, PostureError

_LOG: Final = logging.getLogger(__name__)


class _State(NamedTuple):
    """What tells one content of a file from another, without reading it."""

    written_at: int
    size: int
    inode: int


class SettingsInForce:
    """Holds the application of the settings that count now."""

    def __init__(self, load: Callable[[], Application]) -> None:
        """Load the settings.

        Raises:
            SettingsError: they are wrong.
            DefinitionErrors: check files are wrong.
        """
        self._load = load
        self._application = load()
        path = self._application.settings.path
        self._seen = _state_of(path)
        if not _holds(path, self._application.settings.document.text):
            # It was written while it was read: the first look reads it anew.
            self._seen = None

    @property
    def application(self) -> Application:
        return self._application

    def read_anew(self) -> bool:
        """Read the settings if their file has changed since it was last looked at; say whether others are in force
        now. What is wrong with it is logged, and the settings of before stay."""
        state = _state_of(self._application.settings.path)
        if state == self._seen:
            return False
        self._seen = state
        try:
            changed = self._load()
            changed.succeed(self._application)
        except PostureError as error:
            _LOG.error(
                "The settings have changed and cannot be used; those of before stay in force: %s",
                error,
                extra={"action": "settings_refused"},
            )
            return False
        self._application = changed
        _LOG.info("The settings have changed and are in force now", extra={"action": "settings_changed"})
        return True


def _holds(path: Path, text: str) -> bool:
    try:
        return read_text(path) == text
    except DefinitionError:
        return False


def _state_of(path: Path) -> _State | None:
    """Return how a file stands; None if it is not there, as while it is replaced."""
    try:
        found = path.stat()
    except OSError:
        return None
    return _State(found.st_mtime_ns, found.st_size, found.st_ino)
