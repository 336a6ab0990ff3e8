"""The simulator's own paths, for tests and benchmarks that run it in another process.

``POST`` and ``DELETE /_simulator/faults``, ``GET`` and ``DELETE /_simulator/requests``,
``GET /_simulator/faults`` (hits by kind).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from posture.simulator.faults import FaultPlan, read_faults
from posture.simulator.messages import GraphAnswer, GraphRequest
from posture.simulator.request_log import RequestRecord

_PREFIX = "/_simulator/"


@dataclass(frozen=True, kw_only=True)
class Control:
    """Reads and changes the faults and the log of one server."""

    faults: FaultPlan
    requests: list[RequestRecord]

    def answer(self, request: GraphRequest) -> GraphAnswer | None:
        """Return the answer, or None if the path is not one of the simulator's own."""
        if not request.path.startswith(_PREFIX):
            return None
        ways: Mapping[tuple[str, str], Callable[[GraphRequest], GraphAnswer]] = {
            ("POST", "faults"): self._add_faults,
            ("GET", "faults"): lambda _: _json(200, self.faults.hits),
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "requests"): lambda _: _json(200, self.requests),
            ("DELETE", "requests"): self._clear_requests,
        }
        way = ways.get((request.method, request.path.removeprefix(_PREFIX)))
        return way(request) if way else _json(404, {"error": "no such control"})

    def _add_faults(self, request: GraphRequest) -> GraphAnswer:
        try:
            faults = read_faults(request.body)
        except ValueError as error:
            return _json(400, {"error": str(error)})
        self.faults.add(*faults)
        return _json(201, {"faults": len(self.faults)})

    def _clear_faults(self, _: GraphRequest) -> GraphAnswer:
        self.faults.clear()
        return GraphAnswer(status=204)

    def _clear_requests(self, _: GraphRequest) -> GraphAnswer:
        self.requests.clear()
        return GraphAnswer(status=204)


def _json(status: int, body: object) -> GraphAnswer:
    return GraphAnswer(status=status, body=msgspec.json.encode(body), headers={"Content-Type": "application/json"})
