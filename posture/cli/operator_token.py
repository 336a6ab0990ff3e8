"""Who is typing: the operator's token, out of the environment or typed in unseen.

It is never an argument: whoever looks at the list of processes sees those.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

import typer

from posture.errors import UsageError

if TYPE_CHECKING:
    from posture.bootstrap.acting import Acting
    from posture.domain.operator import Operator

VARIABLE: Final = "POSTURE_TOKEN"


def signed_in(acting: Acting) -> Operator:
    """Return the operator whose token was given.

    Raises:
        UsageError: there is no token and no terminal to ask for one.
        NotAllowedToDecide: nobody has this token, or it has ended.
    """
    return acting.login(_token())


def is_terminal() -> bool:
    """Say whether somebody sits at the other end who can be asked."""
    return sys.stdin.isatty()


def _token() -> str:
    token = os.environ.get(VARIABLE, "").strip()
    if token:
        return token
    if not is_terminal():
        raise UsageError(
            f"this needs an operator's token: set {VARIABLE}, or run it on a terminal, where it is asked for. "
            "posture operators add makes one"
        )
    return str(typer.prompt("Your token (it is not shown)", hide_input=True, err=True)).strip()
