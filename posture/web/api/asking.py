"""What a request may hold: parameters and bodies, nothing that is not in the document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from posture.web.api.failures import wrong_parts
from posture.web.api.problem import Problem, ProblemKind

LONGEST_PAGE: Final = 500
LONGEST_TEXT: Final = 2_000
LONGEST_NAME: Final = 200
LONGEST_CURSOR: Final = 1_000

Content = TypeVar("Content", bound="Body")


class Parameters(BaseModel):
    """The query of a route; without fields of its own it takes none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Paged(Parameters):
    """The query of a list."""

    limit: int = Field(50, ge=1, le=LONGEST_PAGE, description="At most so many items.")
    cursor: str | None = Field(
        None, min_length=1, max_length=LONGEST_CURSOR, description="`next` of the page before; opaque."
    )


class Body(BaseModel):
    """The body of a route. Values are of exactly the type that the document says; nothing else may be in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


NoParameters = Annotated[Parameters, Query()]


def body_of(model: type[Content]) -> Callable[[Request], Awaitable[Content]]:
    """Return a dependency that reads the body as ``model``."""

    async def read(request: Request) -> Content:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise Problem(ProblemKind.WRONG_TYPE, "send the body as Content-Type: application/json")
        try:
            return model.model_validate_json(await request.body())
        except ValidationError as error:
            raise _problem(error) from None

    return read


async def refuse_body(request: Request) -> None:
    """Refuse what nobody would read: a route without a body takes none, or an empty object."""
    if (await request.body()).strip() not in (b"", b"{}"):
        raise Problem(ProblemKind.INVALID, "this takes no body")


NoBody = Depends(refuse_body)


def _problem(error: ValidationError) -> Problem:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if any(each["type"] == "json_invalid" for each in found):
        return Problem(ProblemKind.MALFORMED, "the body is not valid JSON")
    located = [{"msg": each["msg"], "loc": ("body", *each["loc"])} for each in found]
    return Problem(ProblemKind.INVALID, "parts of the body are not valid", errors=wrong_parts(located))
