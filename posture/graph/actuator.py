"""The remediator of one tenant: asynchronous inside, one call after the other outside."""

from __future__ import annotations

import re
from typing import Final
from uuid import uuid4

import msgspec

from posture.domain.printable import printable
from posture.domain.request import Answered, GraphRequest, Lost
from posture.errors import ActionRefused, TokenRefused
from posture.graph.addresses import url_of
from posture.graph.credentials import Connection
from posture.graph.line import Line, open_line
from posture.graph.pursuit import RetryBudget
from posture.graph.sending import Dispatch, Sending
from posture.graph.throttle import PUBLISHED, Pace
from posture.graph.timing import REAL_TIME, Timing
from posture.graph.tokens import TokenSource, ids_in, roles_in, tenant_in
from posture.tables.writes import Write, find_write

# A service may read an escaped separator as a separator: "/groups/g%2Fmembers%2Fu" would then name a user.
_ESCAPED_SEPARATOR: Final = re.compile(r"%(?:2e|2f|5c|[01][0-9a-f]|7f)|%(?![0-9a-f]{2})", re.IGNORECASE)


class TenantActuator:
    """Changes one tenant, one request at a time; what is not listed in posture/tables/writes.py is never sent.

    Building one costs nothing. The first call opens connections, which are kept until ``close``; a context manager.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        pace: Pace = PUBLISHED,
        budget: RetryBudget | None = None,
        timing: Timing = REAL_TIME,
    ) -> None:
        self._connection = connection
        self._tokens = TokenSource(connection, timing=timing)
        self._pace = pace
        self._budget = budget or RetryBudget()
        self._timing = timing
        self._line: Line | None = None

    def __enter__(self) -> TenantActuator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection. The next call would open new ones."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def granted(self) -> frozenset[str] | None:
        """Return the application permissions in the token; None if it cannot be decoded.

        Raises:
            TokenRefused: the token endpoint said no, or gave a token for another tenant.
            TenantUnreachable: nothing answered.
        """
        return roles_in(self._token())

    def own_ids(self) -> frozenset[str]:
        """Return the client id and, if the token can be decoded, the object id of the remediator, in lower case.

        Raises:
            TokenRefused, TenantUnreachable: as ``granted``.
        """
        known = {self._connection.client_id} if self._connection.client_id else set()
        return frozenset(id.lower() for id in known | ids_in(self._token()))

    def send(self, request: GraphRequest) -> Answered | Lost:
        """Send one request that changes something.

        429 is waited out, and a refused token renewed, whatever the request: it was not carried out. A lost answer
        is asked for again only if the request may be repeated.

        Raises:
            ActionRefused: the request is none that posture may send; nothing was sent.
            TokenRefused: there is no token; Graph has not carried out the request.
            TenantUnreachable: no token or no connection; Graph has not carried out the request.
        """
        write = _allowed(request)
        dispatch = self._dispatch(request)
        line = self._opened()
        pacer = line.pacer.of(write.throttle_class)
        sending = Sending(dispatch, line.client, pacer, budget=self._budget, timing=self._timing)
        return line.runner.run(sending.result())

    def _dispatch(self, request: GraphRequest) -> Dispatch:
        return Dispatch(
            method=request.method,
            url=url_of(request.path, graph_root=self._connection.graph_root),
            # Scans yield to it where Graph has to choose: learn.microsoft.com/graph/throttling-limits
            headers={"x-ms-throttle-priority": "High", "client-request-id": str(uuid4())},
            content=_content(request),
            content_type="application/json",
            may_repeat=request.may_repeat,
            secrets=request.secrets,
        )

    def _token(self) -> str:
        token = self._opened().runner.run(self._tokens.get_token()).token
        # The identity of a machine has a token for the tenant where it lives, whichever one was asked for.
        tenant, wanted = tenant_in(token), self._connection.tenant_id
        if tenant is not None and tenant != wanted.lower():
            raise TokenRefused(
                f"The remediator's token is for the tenant {printable(tenant)}, not for {wanted}: nothing was "
                "changed. Correct tenant_id or the remediator's credential in the settings.",
                code=None,
            )
        return token

    def _opened(self) -> Line:
        if self._line is None:
            self._line = open_line(
                self._connection, self._tokens, pace=self._pace, budget=self._budget, timing=self._timing
            )
        return self._line


def _allowed(request: GraphRequest) -> Write:
    """Return the known write that a request is.

    This is looked at again here, after everything else has agreed, because some requests that are one segment away
    from a harmless one delete people.
    """
    write = find_write(request.method, request.path)
    if write is None or _ESCAPED_SEPARATOR.search(request.path):
        shown = printable(f"{request.method} {request.path}")
        raise ActionRefused(f"{shown} is not among the requests that posture may send; it was not sent")
    return write


def _content(request: GraphRequest) -> bytes | None:
    if request.body is None:
        return None
    try:
        return msgspec.json.encode(request.body)
    except (UnicodeEncodeError, TypeError):
        why = "its body cannot be written as JSON"
    # Raised here and not where it was caught: the encoder's exception holds the text, which may be a password.
    raise ActionRefused(f"{printable(f'{request.method} {request.path}')} was not sent: {why}")
