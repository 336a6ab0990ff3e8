"""Which problem a failure is told as. The answers never hold more than the sentence that a person may see."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from posture.errors import (
    ActionRefused,
    NotAllowed,
    NotAllowedToDecide,
    NotThere,
    PlanInProgress,
    PostureError,
    ScanInProgress,
    StoreError,
    UsageError,
    WrongMove,
)
from posture.web.api.problem import Problem, ProblemKind, WrongPart, problem_response
from posture.web.safety.limits import TooMany

_LOG: Final = logging.getLogger(__name__)

# The first that fits counts: a narrower failure stands before the wider one.
_KINDS: Final[Sequence[tuple[type[PostureError], ProblemKind]]] = (
    (NotThere, ProblemKind.NOT_THERE),
    (NotAllowed, ProblemKind.NOT_ALLOWED),
    (NotAllowedToDecide, ProblemKind.NOT_ALLOWED),
    (ActionRefused, ProblemKind.REFUSED),
    (PlanInProgress, ProblemKind.REFUSED),
    (ScanInProgress, ProblemKind.REFUSED),
    (WrongMove, ProblemKind.REFUSED),
    (UsageError, ProblemKind.INVALID),
)
_BY_STATUS: Final[Mapping[int, tuple[ProblemKind, str]]] = {
    400: (ProblemKind.MALFORMED, "the request cannot be read"),
    404: (ProblemKind.NOT_THERE, "there is nothing at this address"),
    408: (ProblemKind.TOO_SLOW, "the request did not arrive in time"),
    413: (ProblemKind.TOO_LARGE, "a body may have one megabyte at most"),
    421: (ProblemKind.WRONG_HOST, "posture is not served under this name, or not over this connection"),
    500: (ProblemKind.BROKEN, "what went wrong is in the log of the service, under the id of this request"),
}
_METHODS: Final = ("DELETE", "GET", "POST")
_WHERE_PARAMETERS_ARE: Final = frozenset({"path", "query", "header"})
_RETRY_AFTER_SECONDS: Final = 5


def problem_of(error: PostureError) -> Problem:
    """Return the problem that an expected failure is."""
    for failure, kind in _KINDS:
        if isinstance(error, failure):
            return Problem(kind, str(error))
    if isinstance(error, TooMany):
        return Problem(ProblemKind.TOO_MANY, str(error), headers={"Retry-After": str(error.seconds)})
    if isinstance(error, StoreError):
        return Problem(
            ProblemKind.UNAVAILABLE,
            "the database cannot be used now; try again in a while",
            headers={"Retry-After": str(_RETRY_AFTER_SECONDS)},
        )
    return Problem(ProblemKind.BROKEN, "this cannot be done as posture is set up now; its log says why")


def problem_with(status: int) -> Problem:
    """Return the problem of a status, told in general words."""
    kind, sentence = _BY_STATUS.get(status, _BY_STATUS[500 if status >= 500 else 400])
    return Problem(kind, sentence)


def wrong_parts(errors: Sequence[Mapping[str, Any]]) -> list[WrongPart]:
    """Return what pydantic found, without the value that was sent: it may be a secret in the wrong place."""
    return [_wrong_part(str(each["msg"]), each["loc"]) for each in errors]


def _wrong_part(detail: str, place: Sequence[str | int]) -> WrongPart:
    where, *rest = place or ("body",)
    if where in _WHERE_PARAMETERS_ARE:
        return WrongPart(detail=detail, pointer=None, parameter=str(rest[0]) if rest else None)
    return WrongPart(detail=detail, pointer="".join(f"/{_escaped(part)}" for part in rest), parameter=None)


def _escaped(part: str | int) -> str:
    """Return one step of a JSON pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")


def register_failures(app: Starlette) -> None:
    """Answer every failure of the app as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(PostureError, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_http)


def request_id_of(request: Request) -> str | None:
    """Return the id that the frame gave to the request; None if there is no frame around it."""
    found = getattr(request.state, "request_id", None)
    return found if isinstance(found, str) else None


def told(request: Request, problem: Problem) -> Response:
    """Return a problem as the answer to a request."""
    return problem_response(problem, request_id=request_id_of(request))


def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - the type is what it was registered for
    return told(request, error)


def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, PostureError)  # noqa: S101 - the type is what it was registered for
    problem = problem_of(error)
    if problem.kind.status >= ProblemKind.BROKEN.status:
        _LOG.error("%s", error, extra={"action": "api_failed", "request_id": request_id_of(request)})
    return told(request, problem)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the type is what it was registered for
    return told(
        request,
        Problem(ProblemKind.INVALID, "parts of the request are not valid", errors=wrong_parts(error.errors())),
    )


def _of_http(request: Request, error: Exception) -> Response:
    """Answer what the router finds out itself: no such address, or not with this method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - the type is what it was registered for
    if error.status_code == ProblemKind.WRONG_METHOD.status:
        allowed = ", ".join(_methods(request))
        problem = Problem(ProblemKind.WRONG_METHOD, f"known here: {allowed}", headers={"Allow": allowed})
        return told(request, problem)
    return told(request, problem_with(error.status_code))


def leads_somewhere(scope: Scope) -> bool:
    """Say whether the API has a route for the address and method of a request."""
    return any(route.matches(scope)[0] is Match.FULL for route in scope["app"].router.routes)


def _methods(request: Request) -> list[str]:
    """Return every method of the address; the router itself names those of one route only."""
    return [method for method in _METHODS if leads_somewhere({**request.scope, "method": method})]
