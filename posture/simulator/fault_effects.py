"""What a fault does to an answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from posture.simulator.faults import ArmedFault, FaultKind
from posture.simulator.graph_errors import GraphError, invalid_token, missing_permission
from posture.simulator.messages import GraphAnswer, GraphRequest
from posture.simulator.paging import PageTokens, expired_page_token
from posture.simulator.rendering import encode

_FOREIGN_HOST = "https://graph.example.net"
_REPEATED_ITEMS = 3


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How an answer goes over the wire: late, cut, not at all, with a wrong date."""

    answer: GraphAnswer
    delay: float = 0.0
    is_cut: bool = False
    is_dropped: bool = False
    clock_offset: float = 0.0
    faults: tuple[str, ...] = ()


def instead_of_answer(armed: ArmedFault) -> GraphError | None:
    """Return the error that a fault puts in place of the answer, or None if it only changes the answer."""
    fault = armed.fault
    match fault.kind:
        case FaultKind.THROTTLED:
            wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return GraphError(429, "TooManyRequests", "Please retry again later.", wait)
        case FaultKind.SERVER_ERROR:
            return GraphError(500, "InternalServerError", "An unexpected error occurred.")
        case FaultKind.UNAVAILABLE:
            wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return GraphError(503, "serviceNotAvailable", "The service is temporarily unavailable.", wait)
        case FaultKind.GATEWAY_TIMEOUT:
            return GraphError(504, "UnknownError", "")
        case FaultKind.EXPIRED_PAGE_TOKEN:
            return expired_page_token()
        case FaultKind.CLAIMS_CHALLENGE:
            return _challenge(armed.challenge)
        case FaultKind.REVOKED_TOKEN:
            return invalid_token("Continuous access evaluation resulted in a revoked token.")
        case FaultKind.FORBIDDEN:
            return missing_permission()
        case FaultKind.NOT_IN_THIS_CLOUD:
            return _not_in_this_cloud(fault.status or 404)
    return None


def _challenge(value: str) -> GraphError:
    claims = json.dumps({"access_token": {"nbf": {"essential": True, "value": value}}})
    encoded = base64.b64encode(claims.encode()).decode()
    header = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
        f'error="insufficient_claims", claims="{encoded}"'
    )
    return GraphError(
        401,
        "InvalidAuthenticationToken",
        "Continuous access evaluation resulted in challenge with result: InteractionRequired "
        "and code: TokenIssuedBeforeRevocationTimestamp",
        {"WWW-Authenticate": header},
    )


def _not_in_this_cloud(status: int) -> GraphError:
    if status == 404:
        return GraphError(404, "ResourceNotFound", "Invalid version or resource for this national cloud.")
    return GraphError(status, "BadRequest", "This operation is not supported in this national cloud.")


def after_answer(
    delivery: Delivery, armed: ArmedFault, request: GraphRequest, tokens: PageTokens, resume: Callable[[], str | None]
) -> Delivery:
    """Return the delivery as a fault leaves it; ``resume`` gives a fresh link to the same page, if it has one."""
    fault = armed.fault
    match fault.kind:
        case FaultKind.SLOW:
            return replace(delivery, delay=delivery.delay + fault.seconds)
        case FaultKind.CONNECTION_RESET | FaultKind.ANSWER_LOST:
            return replace(delivery, is_dropped=True)
        case FaultKind.TRUNCATED if not delivery.answer.body:
            return replace(delivery, is_dropped=True)  # half of an empty body would look like the whole answer
        case FaultKind.TRUNCATED:
            return replace(delivery, is_cut=True)
        case FaultKind.CLOCK_SKEW:
            return replace(delivery, clock_offset=delivery.clock_offset + fault.seconds)
        case FaultKind.MALFORMED_JSON:
            body = delivery.answer.body
            return replace(delivery, answer=replace(delivery.answer, body=body[: len(body) // 2]))
    return _with_page(delivery, fault.kind, request, tokens, resume)


def _with_page(
    delivery: Delivery, kind: FaultKind, request: GraphRequest, tokens: PageTokens, resume: Callable[[], str | None]
) -> Delivery:
    """Change the page in a successful answer; answers that are no page stay as they are."""
    if delivery.answer.status != 200:
        return delivery
    page = msgspec.json.decode(delivery.answer.body)
    if not isinstance(page, dict) or not isinstance(page.get("value"), list):
        return delivery
    changed = _changed_page(page, kind, request, tokens, resume)
    return replace(delivery, answer=replace(delivery.answer, body=encode(changed)))


def _changed_page(
    page: dict[str, Any], kind: FaultKind, request: GraphRequest, tokens: PageTokens, resume: Callable[[], str | None]
) -> Mapping[str, Any]:
    following = page.get("@odata.nextLink")
    match kind:
        case FaultKind.NEXT_LINK_LOOP:
            return page | {"@odata.nextLink": f"{request.root}{request.path}?{request.query}"}
        case FaultKind.FOREIGN_NEXT_LINK:
            path = urlsplit(following).path if following else request.path
            return page | {"@odata.nextLink": f"{_FOREIGN_HOST}{path}?$skiptoken=x"}
        case FaultKind.EMPTY_PAGE:
            link = resume()
            return page | {"value": [], "@odata.nextLink": link} if link else page
        case FaultKind.DUPLICATED_ITEMS if following:
            return page | {"@odata.nextLink": _earlier(following, tokens, len(page["value"]))}
    return page


def _earlier(link: str, tokens: PageTokens, page_items: int) -> str:
    """Return a next link that starts a few items before the one given, but after the first of the page."""
    token = dict(parse_qsl(urlsplit(link).query)).get("$skiptoken", "")
    moved = tokens.moved(token, -min(_REPEATED_ITEMS, max(page_items - 1, 0)))
    return link.replace(quote(token), moved)
