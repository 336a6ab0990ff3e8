"""Where a change leads: back to a page, which says in a sentence what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse

DONE: Final = "done"
"""The part of an address that says what was done: a word, never a sentence, which anybody could put there."""


def gone_to(path: str, *, done: str | None = None, **query: str | None) -> RedirectResponse:
    """Return the answer to a change: the page to look at next. What is None is left out of its address."""
    asked = {name: value for name, value in {**query, DONE: done}.items() if value is not None}
    return RedirectResponse(f"{path}?{urlencode(asked)}" if asked else path, status_code=303)


def done_at(request: Request, sentences: Mapping[str, str]) -> str | None:
    """Return the sentence about what led to this page; None if nothing did."""
    return sentences.get(request.query_params.get(DONE, ""))
