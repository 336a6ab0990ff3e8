"""One request through faults, the token host or Graph, and into the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from posture.simulator.batch import answer_batch
from posture.simulator.fault_effects import Delivery, after_answer, instead_of_answer
from posture.simulator.faults import ArmedFault, FaultKind, FaultPlan
from posture.simulator.graph_errors import GraphError
from posture.simulator.identity import Caller
from posture.simulator.messages import GraphAnswer, GraphRequest
from posture.simulator.rendering import encode
from posture.simulator.request_log import RequestRecord, sent_by
from posture.simulator.service import GraphService
from posture.simulator.sign_in import SignIn
from posture.simulator.stale_views import view_of


@dataclass(kw_only=True)
class Exchange:
    """Everything a server does with a request but the transport."""

    service: GraphService
    sign_in: SignIn
    now: Callable[[], datetime]
    faults: FaultPlan = field(default_factory=FaultPlan)
    requests: list[RequestRecord] = field(default_factory=list)

    def deliver(self, request: GraphRequest) -> Delivery:
        """Return how to answer, after faults have had their say; the request is logged."""
        struck = self._struck(request)
        delivery = Delivery(answer=self._answer(request, struck), faults=tuple(a.fault.kind for a in struck))
        for armed in struck:
            delivery = after_answer(
                delivery,
                armed,
                request,
                self.service.reader.tokens,
                lambda: self.service.resume_link(request),
            )
        self._record(request, delivery)
        return delivery

    def _struck(self, request: GraphRequest) -> list[ArmedFault]:
        if not len(self.faults):
            return []
        caller = self._caller(request)
        return self.faults.strike(
            f"{request.path}?{request.query}" if request.query else request.path,
            request.method,
            now=self.now(),
            answered_challenge=caller.challenge if caller else None,
            can_be_challenged=caller.can_be_challenged if caller else False,
        )

    def _caller(self, request: GraphRequest) -> Caller | None:
        try:
            return self.service.caller(request)
        except GraphError:
            return None

    def _answer(self, request: GraphRequest, struck: list[ArmedFault]) -> GraphAnswer:
        for armed in struck:
            error = instead_of_answer(armed)
            if error is not None:
                return self.service.refusal(error, request, self.service.route_of(request))
        if any(a.fault.kind is FaultKind.CONNECTION_RESET for a in struck):
            return GraphAnswer(status=503, route=self.service.route_of(request))
        token = self.sign_in.answer(request)
        if token is not None:
            return token
        if request.method == "POST" and request.path.lower() in {"/v1.0/$batch", "/beta/$batch"}:
            return self._batch(request)
        return self._of_graph(request, struck)

    def _of_graph(self, request: GraphRequest, struck: list[ArmedFault]) -> GraphAnswer:
        """Answer a read, perhaps as a replica that lags behind would, or a write, keeping what was before it."""
        stale = next((a.stale for a in struck if a.stale is not None), None)
        waiting = self.faults.waiting() if self.service.is_write(request) else []
        caller = self._caller(request) if waiting else None
        before = view_of(self.service.tenants[caller.tenant_id.lower()], self.now()) if caller else None
        answer = self.service.answer(request, seen=stale.tenant if stale else None)
        if answer.status < 300:
            for armed in waiting:
                armed.stale = before
        return answer

    def _batch(self, request: GraphRequest) -> GraphAnswer:
        try:
            self.service.caller(request)
            body = answer_batch(request, self._inner)
        except GraphError as error:
            return self.service.refusal(error, request, "batch")
        headers = {"Content-Type": "application/json"}
        return GraphAnswer(status=200, body=encode(body), headers=headers, route="batch")

    def _inner(self, request: GraphRequest) -> GraphAnswer:
        answer = self._of_graph(request, [])
        self._record(request, Delivery(answer=answer), in_batch=True)
        return answer

    def _record(self, request: GraphRequest, delivery: Delivery, *, in_batch: bool = False) -> None:
        answer = delivery.answer
        wait = answer.headers.get("Retry-After")
        record = RequestRecord(
            at=self.now(),
            method=request.method,
            path=request.path,
            query=request.query,
            status=None if delivery.is_dropped else answer.status,
            route=answer.route,
            client_request_id=request.headers.get("client-request-id"),
            throttled=answer.throttled,
            retry_after=int(wait) if wait else None,
            faults=delivery.faults,
            body_bytes=len(answer.body),
            sent=sent_by(request),
        )
        self.requests.append(replace(record, in_batch=in_batch))
