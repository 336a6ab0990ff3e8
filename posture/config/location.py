"""Where the settings file is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from posture.errors import SettingsError

FILE_NAMES: Final = ("posture.yaml", "config.yaml")


def find_config(option: Path | None, *, environment: Mapping[str, str], directory: Path) -> Path:
    """Return the settings file: the one asked for, that of ``POSTURE_CONFIG``, or a known name in ``directory``.

    Raises:
        SettingsError: there is none.
    """
    if option is not None:
        return _existing(option, "--config")
    named = environment.get("POSTURE_CONFIG")
    if named:
        return _existing(Path(named), "POSTURE_CONFIG")
    for name in FILE_NAMES:
        if (directory / name).is_file():
            return directory / name
    raise SettingsError(
        f"there is no settings file: neither {' nor '.join(FILE_NAMES)} in {directory}, and neither --config nor "
        "POSTURE_CONFIG names one. Make one with: posture init"
    )


def _existing(path: Path, named_by: str) -> Path:
    if path.is_file():
        return path
    raise SettingsError(
        f"{named_by} names {path}, which is no file. Correct the path, or make one with: posture init"
    )
