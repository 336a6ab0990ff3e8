"""Where the shipped definitions are: inside the installed package, or at the top of the source tree."""

from __future__ import annotations

from pathlib import Path

import posture

_PACKAGE = Path(posture.__file__).parent


def content_directory(name: str) -> Path:
    """Return the directory of the shipped ``checks``, ``actions`` or ``templates``. It may not exist."""
    installed = _PACKAGE / "_content" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
