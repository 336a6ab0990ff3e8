"""What signing in needs from the world."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from posture.domain.operator import Operator
from posture.domain.sign_in import SignIn


class SignIns(Protocol):
    """One transaction over sign-ins, each found by the hash of the id that only its browser has."""

    def add(self, sign_in: SignIn, *, id_hash: str) -> None: ...

    def find(self, id_hash: str) -> SignIn | None:
        """Return a sign-in, good or not, with its operator as on record now."""

    def end(self, id_hash: str, *, at: datetime) -> bool:
        """End a sign-in; False if there is none, or it had ended before."""

    def end_all(self, operator: Operator, *, at: datetime) -> int:
        """End every sign-in of an operator and return how many."""


class OpenSignIns(Protocol):
    def __call__(self) -> AbstractContextManager[SignIns]: ...


class TouchSignIn(Protocol):
    def __call__(self, id_hash: str, *, at: datetime) -> None:
        """Write down that a sign-in was used, unless it would have to wait for somebody else who writes."""
