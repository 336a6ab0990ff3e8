"""Mail from mailboxes of one tenant: asynchronous inside, one call after the other outside."""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import quote
from uuid import uuid4

from posture.domain.request import Answered, Lost
from posture.graph.addresses import url_of
from posture.graph.credentials import Connection
from posture.graph.line import Line, open_line
from posture.graph.pursuit import RetryBudget
from posture.graph.sending import Dispatch, Sending
from posture.graph.throttle import PUBLISHED, Pace
from posture.graph.timing import REAL_TIME, Timing
from posture.graph.tokens import TokenSource
from posture.tables.table import ThrottleClass

SHORT_PATIENCE: Final = RetryBudget(tries=3, waiting_seconds=30, answer_seconds=60)
"""Little is waited for here: what is not sent now is due again soon."""


class TenantMailer:
    """Sends mail with the permission Mail.Send, with one sign-in for all.

    Building one costs nothing. The first mail opens connections, which are kept until ``close``; a context manager.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        pace: Pace = PUBLISHED,
        budget: RetryBudget = SHORT_PATIENCE,
        timing: Timing = REAL_TIME,
    ) -> None:
        self._connection = connection
        self._tokens = TokenSource(connection, timing=timing)
        self._pace = pace
        self._budget = budget
        self._timing = timing
        self._line: Line | None = None

    def __enter__(self) -> TenantMailer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection. The next mail would open new ones."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def send_mail(self, mailbox: str, mime: bytes) -> Answered | Lost:
        """Send a whole MIME message from a mailbox, given by its address or the id of its user.

        A copy stays in Sent Items. A lost answer is asked for again: the message may arrive twice, as the same one.

        Raises:
            TokenRefused: there is no token.
            TenantUnreachable: no token or no connection.

        Source: https://learn.microsoft.com/graph/outlook-send-mime-message
        """
        if self._line is None:
            self._line = open_line(
                self._connection, self._tokens, pace=self._pace, budget=self._budget, timing=self._timing
            )
        # Outlook has a limit of its own, far from what notices reach: 10,000 requests in 10 minutes for a mailbox.
        pacer = self._line.pacer.of(ThrottleClass.UNLISTED)
        dispatch = self._dispatch(mailbox, mime)
        sending = Sending(dispatch, self._line.client, pacer, budget=self._budget, timing=self._timing)
        return self._line.runner.run(sending.result())

    def _dispatch(self, mailbox: str, mime: bytes) -> Dispatch:
        return Dispatch(
            method="POST",
            url=url_of(f"/users/{quote(mailbox, safe='@')}/sendMail", graph_root=self._connection.graph_root),
            headers={"client-request-id": str(uuid4())},
            content=base64.b64encode(mime),
            content_type="text/plain",
            may_repeat=True,
            secrets=frozenset(),
        )
