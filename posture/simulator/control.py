"""The simulator's own paths, for tests and benchmarks that run it in another process.

``POST`` and ``DELETE /_simulator/faults``, ``GET`` and ``DELETE /_simulator/requests``,
``GET /_simulator/faults`` (hits by kind), ``GET`` and ``DELETE /_simulator/mails`` (what was sent, in its order),
``GET /_simulator/state?path=users/{id}`` (the tenant as it is now,
whatever a fault lets reads see; ``tenant=`` names one of several).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

import msgspec

from posture.simulator.faults import FaultPlan, read_faults
from posture.simulator.messages import GraphAnswer, GraphRequest
from posture.simulator.request_log import RequestRecord
from posture.simulator.tenant import Tenant
from posture.simulator.tenant_state import state_of

_PREFIX = "/_simulator/"


@dataclass(frozen=True, kw_only=True)
class Control:
    """Reads and changes the faults and the log of one server."""

    faults: FaultPlan
    requests: list[RequestRecord]
    tenants: Sequence[Tenant] = ()

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
            ("GET", "mails"): lambda request: self._of_tenant(request, lambda tenant: _json(200, tenant.mails)),
            ("DELETE", "mails"): lambda request: self._of_tenant(request, _clear_mails),
            ("GET", "state"): lambda request: self._of_tenant(request, lambda tenant: _state(tenant, request)),
        }
        way = ways.get((request.method, request.path.removeprefix(_PREFIX)))
        return way(request) if way else _json(404, {"error": "no such control"})

    def _of_tenant(self, request: GraphRequest, answer: Callable[[Tenant], GraphAnswer]) -> GraphAnswer:
        asked = dict(parse_qsl(request.query))
        for tenant in self.tenants:
            if asked.get("tenant", tenant.tenant_id) == tenant.tenant_id:
                return answer(tenant)
        return _json(404, {"error": "no such tenant"})

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


def _state(tenant: Tenant, request: GraphRequest) -> GraphAnswer:
    found = state_of(tenant, dict(parse_qsl(request.query)).get("path", ""))
    return _json(404, {"error": "no such path"}) if found is None else _json(200, found)


def _clear_mails(tenant: Tenant) -> GraphAnswer:
    tenant.mails.clear()
    return GraphAnswer(status=204)


def _json(status: int, body: object) -> GraphAnswer:
    return GraphAnswer(status=status, body=msgspec.json.encode(body), headers={"Content-Type": "application/json"})
