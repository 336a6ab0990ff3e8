"""Scripts, styles and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_KEPT: Final = "public, max-age=31536000, immutable"
_ASKED_AGAIN: Final = "no-cache"


class KeptFiles(StaticFiles):
    """Files that browsers keep when the address names their content (``?v=…``), and ask for again otherwise."""

    def __init__(self, *, directory: Path) -> None:
        super().__init__(directory=directory, follow_symlink=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file; raises HTTPException 404 if there is none below the directory."""
        answer = await super().get_response(path, scope)
        answer.headers["cache-control"] = _KEPT if scope["query_string"].startswith(b"v=") else _ASKED_AGAIN
        return answer
