"""Refusals told inside a page, so that a form stays as it was filled."""

from __future__ import annotations

from posture.errors import PostureError
from posture.web.safety.failing import failure_of


def sentence_of(refused: PostureError) -> str:
    """Return a refusal as a whole sentence. Only for errors that a person may see."""
    return failure_of(refused, request_id="").sentence


def status_of(refused: PostureError) -> int:
    """Return the status that goes with a refusal."""
    return failure_of(refused, request_id="").status
