"""Open connections to one tenant's Graph, and the event loop that they belong to, for callers that wait."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posture.graph.credentials import Connection
from posture.graph.pursuit import RetryBudget
from posture.graph.throttle import Pace, Pacer
from posture.graph.timing import Timing
from posture.graph.tokens import TokenSource

if TYPE_CHECKING:
    from posture.graph.client import GraphClient


@dataclass(frozen=True, kw_only=True)
class Line:
    """To be closed by whoever opened it."""

    runner: asyncio.Runner
    client: GraphClient
    pacer: Pacer

    def close(self) -> None:
        """Close every connection."""
        with self.runner as runner:
            runner.run(self.client.close())


def open_line(
    connection: Connection, tokens: TokenSource, *, pace: Pace, budget: RetryBudget, timing: Timing
) -> Line:
    """Return a line that connects when it is first used.

    Raises:
        TenantUnreachable: the CA bundle or the proxy's address is unusable.
    """
    # Here and not above: it loads the HTTP library, and most commands never connect.
    from posture.graph.client import GraphClient

    client = GraphClient(connection, tokens, answer_seconds=budget.answer_seconds)
    return Line(runner=asyncio.Runner(), client=client, pacer=Pacer(pace, timing))
