"""Graph itself, without transport: one request in, one answer out."""

from __future__ import annotations

import uuid
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from posture.simulator.addresses import Address, WriteAddress, find_address
from posture.simulator.delta import DeltaReader
from posture.simulator.directory import Directory
from posture.simulator.graph_errors import GraphError, error_body
from posture.simulator.identity import Caller, TokenSigner
from posture.simulator.licences import without_plans, without_risk_detail
from posture.simulator.lookup import objects_by_ids
from posture.simulator.messages import GraphAnswer, GraphRequest
from posture.simulator.permissions import check_access, type_reader
from posture.simulator.query_options import QueryOptions, read_options
from posture.simulator.reading import Reader, Reading
from posture.simulator.rendering import encode
from posture.simulator.tenant import Tenant
from posture.simulator.throttling import Throttle, Toll
from posture.simulator.writes.bodies import read_body
from posture.simulator.writes.mail import read_mail
from posture.simulator.writes.risk import settle
from posture.simulator.writing import Writer, Writing

_JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"


@dataclass(kw_only=True)
class GraphService:
    """Answers Graph requests for several tenants; the token says which one is meant."""

    tenants: MutableMapping[str, Tenant]
    signer: TokenSigner
    throttle: Throttle
    now: Callable[[], datetime]
    reader: Reader = field(default_factory=Reader)
    delta: DeltaReader = field(init=False)
    writer: Writer = field(init=False)
    _directories: dict[str, Directory] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.delta = DeltaReader(tokens=self.reader.tokens, now=self.now)
        self.writer = Writer(now=self.now)

    def put(self, tenant: Tenant) -> None:
        """Answer for a tenant from now on, in place of the one with the same id."""
        self.tenants[tenant.tenant_id.lower()] = tenant
        self.reader.kept.forget()

    def caller(self, request: GraphRequest) -> Caller:
        return self.signer.verify(request.headers.get("authorization", ""), audience=request.root)

    def answer(self, request: GraphRequest, *, seen: Tenant | None = None) -> GraphAnswer:
        """Return Graph's answer, refusals included; reads see ``seen`` instead of the tenant of the same id."""
        route: str | None = None
        try:
            caller = self.caller(request)
            settle(self.tenants[caller.tenant_id.lower()], self.now())
            address = find_address(request.method, request.path)
            if isinstance(address, WriteAddress):
                route = address.routes[0].id
                writing = self._writing(request, caller, address)
                route = writing.routes[0].id
                return self._write(writing)
            route = address.route.id
            return self._read(request, caller, address, seen)
        except GraphError as error:
            return self.refusal(error, request, route)

    def refusal(self, error: GraphError, request: GraphRequest, route: str | None) -> GraphAnswer:
        request_id = str(uuid.uuid4())
        body = error_body(
            error,
            now=self.now(),
            request_id=request_id,
            client_request_id=request.headers.get("client-request-id", request_id),
        )
        headers = {"Content-Type": "application/json", "request-id": request_id, **error.headers}
        return GraphAnswer(
            status=error.status, body=encode(body), headers=headers, route=route, throttled=error.status == 429
        )

    def directory(self, tenant_id: str) -> Directory:
        tenant = self.tenants[tenant_id.lower()]
        known = self._directories.get(tenant_id)
        if known is None or known.tenant is not tenant:
            known = self._directories[tenant_id] = Directory(tenant=tenant)
        return known

    def route_of(self, request: GraphRequest) -> str | None:
        """Return the id of the route a request names, None if nobody knows the path."""
        try:
            address = find_address(request.method, request.path)
            return address.routes[0].id if isinstance(address, WriteAddress) else address.route.id
        except GraphError:
            return None

    def is_write(self, request: GraphRequest) -> bool:
        """Say whether a request would change something, if it were allowed."""
        try:
            return isinstance(find_address(request.method, request.path), WriteAddress)
        except GraphError:
            return False

    def resume_link(self, request: GraphRequest) -> str | None:
        """Return a fresh link to the same page of a collection; None for anything else."""
        address = find_address(request.method, request.path)
        if (
            isinstance(address, WriteAddress)
            or address.route.kind != "collection"
            or address.is_count
            or request.method != "GET"
        ):
            return None
        return self.reader.resume_link(self._reading(request, self.caller(request), address))

    def _reading(self, request: GraphRequest, caller: Caller, address: Address) -> Reading:
        options = read_options(
            request.query, request.headers, address.route, cast=address.cast, count_segment=address.is_count
        )
        return Reading(
            directory=self.directory(caller.tenant_id),
            address=address,
            options=options,
            request=request,
            may_read=type_reader(caller),
        )

    def _read(self, request: GraphRequest, caller: Caller, address: Address, seen: Tenant | None) -> GraphAnswer:
        reading = self._reading(request, caller, address)
        if seen is not None and seen.tenant_id == caller.tenant_id:
            reading = replace(reading, directory=Directory(tenant=seen))
        toll = self._charge(address, reading.options, caller, reading.directory)
        check_access(address, reading.options, caller, reading.directory.tenant)
        return self._answer(reading, toll)

    def _charge(self, address: Address, options: QueryOptions, caller: Caller, directory: Directory) -> Toll:
        return _paid(
            self.throttle.charge(
                address,
                options,
                tenant_id=caller.tenant_id,
                client_id=caller.client_id,
                tenant_users=len(directory.collection("users")),
            )
        )

    def _writing(self, request: GraphRequest, caller: Caller, address: WriteAddress) -> Writing:
        directory = self.directory(caller.tenant_id)
        body = read_mail(request) if address.routes[0].is_mail else read_body(request)
        return Writing(directory=directory, caller=caller, address=address, body=body, request=request)

    def _write(self, writing: Writing) -> GraphAnswer:
        route, caller = writing.routes[0], writing.caller
        toll = _paid(
            self.throttle.charge_write(
                route,
                tenant_id=caller.tenant_id,
                client_id=caller.client_id,
                tenant_users=len(writing.directory.collection("users")),
            )
        )
        changed = self.writer.write(writing)
        self.reader.kept.forget()
        headers = {"request-id": str(uuid.uuid4()), **toll.headers}
        if changed is None:
            return GraphAnswer(status=route.status, headers=headers, route=route.id)
        headers |= {"Content-Type": _JSON, "OData-Version": "4.0"}
        return GraphAnswer(status=route.status, body=encode(changed), headers=headers, route=route.id)

    def _answer(self, reading: Reading, toll: Toll) -> GraphAnswer:
        address = reading.address
        if address.is_count:
            body: bytes = str(self.reader.count(reading)).encode()
            return self._success(body, reading, toll, content_type="text/plain")
        shown: dict[str, Any]
        if address.route.kind == "object":
            shown = self.reader.single(reading)
        elif address.route.kind == "delta":
            shown = self.delta.page(reading)
        elif address.route.id == "directoryobjects-getbyids":
            shown = objects_by_ids(reading)
        else:
            shown = self.reader.page(reading)
        if address.route.licence == "risk":
            shown = without_risk_detail(shown, reading.directory.tenant)
        elif address.route.type == "organization":
            shown = without_plans(shown, reading.directory.tenant)
        return self._success(encode(shown), reading, toll, content_type=_JSON)

    def _success(self, body: bytes, reading: Reading, toll: Toll, *, content_type: str) -> GraphAnswer:
        headers = {
            "Content-Type": content_type,
            "OData-Version": "4.0",
            "request-id": str(uuid.uuid4()),
            **toll.headers,
        }
        return GraphAnswer(status=200, body=body, headers=headers, route=reading.address.route.id)


def _paid(toll: Toll) -> Toll:
    """Return what a request has cost; raise Graph's 429 if it was too much."""
    if toll.throttled:
        wait = {} if toll.retry_after is None else {"Retry-After": str(toll.retry_after)}
        raise GraphError(429, "TooManyRequests", "Please retry again later.", {**toll.headers, **wait})
    return toll
