"""What the address of a list or a form asks for, read with care: anybody can write an address."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, TypeVar
from urllib.parse import urlencode

from fastapi import Depends
from starlette.datastructures import FormData
from starlette.requests import Request

from posture.errors import UsageError

Member = TypeVar("Member", bound=StrEnum)

MOST_VALUES: Final = 200
"""How many values one filter may have, and all filters together that a list names."""
# A form may say that it is in any encoding that Python knows; with some it holds half surrogate pairs, which no
# answer can repeat. PostgreSQL keeps no NUL.
_NO_TEXT: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A filter in force: in words, and the address of the list ``without`` it."""

    words: str
    without: str


async def _form(request: Request) -> FormData:
    form = await request.form()
    if any(_NO_TEXT.search(value) for _, value in form.multi_items() if isinstance(value, str)):
        raise UsageError("the form holds characters that nobody can type")
    return form


SentForm = Annotated[FormData, Depends(_form)]
"""The fields of a form; read before by whoever guards against forgery, so it is not read twice."""


def values_of(request: Request, name: str) -> tuple[str, ...]:
    """Return the values that a filter has in the address, each once; empty ones are none.

    Raises:
        UsageError: there are more than anybody chooses.
    """
    values = tuple(dict.fromkeys(value for value in request.query_params.getlist(name) if value.strip()))
    if len(values) > MOST_VALUES:
        raise UsageError(f"a filter has at most {MOST_VALUES} values; {name} has {len(values)}")
    return values


def value_of(request: Request, name: str) -> str | None:
    """Return the last value of a filter that has one; None if it has none."""
    values = values_of(request, name)
    return values[-1] if values else None


def members_of(request: Request, name: str, kind: type[Member]) -> tuple[Member, ...]:
    """Return the values of a filter that come from a closed list.

    Raises:
        UsageError: one is not of the list.
    """
    return tuple(member_named(kind, value, name) for value in values_of(request, name))


def member_named(kind: type[Member], value: str, name: str) -> Member:
    """Return the member of a closed list.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return kind(value)
    except ValueError:
        raise UsageError(f'{name} "{value}" is not known; there are: {", ".join(kind)}') from None


def sent(form: FormData, name: str) -> str:
    """Return a field of a form without the blanks around it; "" if it was not sent."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def all_sent(form: FormData, name: str) -> tuple[str, ...]:
    """Return every value of a field, each once."""
    return tuple(dict.fromkeys(value for value in form.getlist(name) if isinstance(value, str) and value))


def conditions_of(request: Request, names: Mapping[str, Mapping[str, str]]) -> Sequence[Condition]:
    """Return the filters in force. ``names`` maps those that are shown to the words of their values; a value without
    words is shown as it is.

    Raises:
        UsageError: there are more than anybody chooses; each is a link with all the others in it.
    """
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor" and value]
    if len(asked) > MOST_VALUES:
        raise UsageError(f"a list has at most {MOST_VALUES} filters in force; this address has {len(asked)}")
    return tuple(
        Condition(
            words=names[name].get(value, value),
            without=address(request.url.path, [pair for pair in asked if pair != (name, value)]),
        )
        for name, value in dict.fromkeys(asked)
        if name in names
    )


def address(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Return a local address with a query."""
    return f"{path}?{urlencode(pairs)}" if pairs else path
