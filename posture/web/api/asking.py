"""What a request may hold: parameters and bodies, nothing that is not in the document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar

from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.requests import Request

from posture.domain.page import LONGEST_PAGE
from posture.web.api.failures import wrong_parts
from posture.web.api.problem import Problem, ProblemKind

MOST_NAMED: Final = 500
"""So many things are named in one request at most."""
_LONGEST_TEXT: Final = 2_000
_LONGEST_NAME: Final = 200
# PostgreSQL keeps no text with a NUL in it.
_WITHOUT_NUL: Final = r"^[^\x00]*$"

Text = Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST_TEXT, pattern=_WITHOUT_NUL)]
"""A reason or a note."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST_NAME, pattern=_WITHOUT_NUL)]
"""A name or an id."""
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST_TEXT, pattern=r"^[A-Za-z0-9_-]+$")]
PathName = Annotated[str, Path(min_length=1, max_length=_LONGEST_NAME, pattern=r"^[!-~]+$")]
"""A name or an id as a part of the path; what no such name can be is not looked up."""

Content = TypeVar("Content", bound="Body")


class Parameters(BaseModel):
    """The query of a route; without fields of its own it takes none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Paged(Parameters):
    """The query of a list."""

    limit: int = Field(50, ge=1, le=LONGEST_PAGE, description="At most so many items.")
    cursor: Cursor | None = Field(None, description="`next` of the page before.")


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


WITHOUT_BODY: Final = Depends(refuse_body)


def _problem(error: ValidationError) -> Problem:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if any(each["type"] == "json_invalid" for each in found):
        return Problem(ProblemKind.MALFORMED, "the body is not valid JSON")
    located = [{"msg": each["msg"], "loc": ("body", *each["loc"])} for each in found]
    return Problem(ProblemKind.INVALID, "parts of the body are not valid", errors=wrong_parts(located))
