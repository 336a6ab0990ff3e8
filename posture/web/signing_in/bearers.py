"""Scripts that sign in with every request, and how often they may fail to."""

from __future__ import annotations

from posture.domain.operator import Operator
from posture.errors import NotAllowedToDecide
from posture.web.frame import Frame


def bearer_of(frame: Frame, token: str, address: str) -> Operator:
    """Return the operator whose bearer token it is.

    Raises:
        NotAllowedToDecide: nobody has this token, or it has ended.
        TooMany: that happened too often, from this address or with this token.
    """
    frame.limits.refuse_tired(address=address, token=token)
    try:
        return frame.application.signing_in.by_bearer(token, address=address)
    except NotAllowedToDecide:
        frame.limits.sign_in_failed(address=address, token=token)
        raise
