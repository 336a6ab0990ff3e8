"""Signing in that did not work."""

from __future__ import annotations

from posture.errors import PostureError


class SignInRefused(PostureError):
    """Nobody was signed in. ``str()`` says why, and who can do what about it.

    ``subject`` is ``issuer|sub`` of the person, if the provider proved who it is.
    """

    def __init__(self, sentence: str, *, subject: str | None = None) -> None:
        super().__init__(sentence)
        self.subject = subject
