"""Where people are led after they signed in: only to a page of ours."""

from __future__ import annotations

import re
from typing import Final

HOME: Final = "/"
LONGEST: Final = 2_000

# One slash, then neither a second one nor what browsers read as one; no spaces, line breaks or control characters.
_LOCAL: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")
SIGN_IN: Final = "/sign-in"
AGAIN: Final = "/sign-in/again"
"""Where people prove anew who they are."""
_SIGNING_IN: Final = (SIGN_IN, "/sign-out")


def local_path(wanted: str | None) -> str:
    """Return ``wanted`` if it is a path on this page and not one of signing in or out, else the first page."""
    if wanted is None or len(wanted) > LONGEST or not _LOCAL.fullmatch(wanted):
        return HOME
    return HOME if wanted.startswith(_SIGNING_IN) else wanted
