"""Refusals as Graph words them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


class GraphError(Exception):
    """A request that Graph would refuse: HTTP status, Graph's code and message, and headers to add."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def error_body(error: GraphError, *, now: datetime, request_id: str, client_request_id: str) -> dict[str, Any]:
    inner = {
        "date": now.strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id,
        "client-request-id": client_request_id,
    }
    return {"error": {"code": error.code, "message": error.message, "innerError": inner}}


def bad_request(message: str) -> GraphError:
    return GraphError(400, "BadRequest", message)


def unsupported_query(message: str = "Unsupported Query.") -> GraphError:
    return GraphError(400, "Request_UnsupportedQuery", message)


def unknown_property(name: str, type_name: str) -> GraphError:
    return bad_request(
        "Parsing OData Select and Expand failed: "
        f"Could not find a property named '{name}' on type 'microsoft.graph.{type_name}'."
    )


def not_found(resource: str) -> GraphError:
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{resource}' does not exist or one of its queried reference-property objects are not present.",
    )


def no_such_segment(segment: str) -> GraphError:
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


def invalid_request(message: str) -> GraphError:
    """Return the directory's refusal of a write that it understands but does not accept."""
    return GraphError(400, "Request_BadRequest", message)


def method_not_allowed() -> GraphError:
    return GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")


def missing_permission() -> GraphError:
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def invalid_token(message: str = "Access token validation failure.") -> GraphError:
    return GraphError(
        401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": 'Bearer realm="", error="invalid_token"'}
    )


_LICENCE_REFUSALS = {
    "premium": (
        403,
        "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
        "Neither tenant is B2C or tenant doesn't have premium license",
    ),
    "pim": (
        400,
        "AadPremiumLicenseRequired",
        "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.",
    ),
    "p2": (403, "Forbidden", "The tenant needs a Microsoft Entra ID P2 or Microsoft Entra ID Governance license."),
    "conditional_access": (403, "AccessDenied", "Your tenant is not licensed for this feature."),
    "risk": (403, "Forbidden", "Your tenant is not licensed for this feature."),
    "workload": (403, "Forbidden", "Your tenant is not licensed for this feature."),
    "intune": (400, "BadRequest", "Request not applicable to target tenant."),
}


def missing_licence(feature: str) -> GraphError:
    """Return the refusal that the documentation (or practice) names for one licensed feature."""
    return GraphError(*_LICENCE_REFUSALS[feature])
