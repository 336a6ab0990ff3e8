"""Templates → pages. Every expression is escaped; nothing can be marked as safe."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from posture.definitions.content import content_directory
from posture.domain.printable import printable
from posture.errors import StoreError
from posture.web.frame import Frame, frame_of

STATIC: Final = Path(__file__).parent / "static"
_FORBIDDEN: Final = ("safe", "forceescape", "xmlattr", "tojson", "urlize", "striptags", "pprint", "random")


@cache
def page_environment() -> Environment:
    """Return the environment of pages. Filters besides Jinja's: ``printable``, ``when``, ``number``."""
    environment = Environment(
        loader=FileSystemLoader(content_directory("templates") / "web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in _FORBIDDEN:
        del environment.filters[name]
    environment.filters |= {"printable": _printable, "when": when, "number": number}
    environment.globals = {"static": static, "range": range, "dict": dict}
    return environment


def render(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page made of a template below ``templates/web`` and its values.

    It has besides: ``request``, ``csrf_token`` ("" for who is not signed in), ``operator`` (None for them),
    ``tenant_names`` that the operator may see, ``stops`` (sentences) and ``static(path)``.
    """
    frame = frame_of(request)
    text = frame.pages.get_template(template).render(**_around(request, frame), **values)
    return HTMLResponse(text, status_code=status)


def render_block(request: Request, template: str, block: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """Return one block of a template, for a page that replaces a part of itself. Values as of ``render``."""
    frame = frame_of(request)
    found = frame.pages.get_template(template)
    context = found.new_context({**_around(request, frame), **values})
    return HTMLResponse("".join(found.blocks[block](context)), status_code=status)


def when(moment: datetime | None) -> Markup | str:
    """Return a time as an element that the script shows in the zone of whoever looks; "–" if there is none."""
    if moment is None:
        return "–"
    there = moment.astimezone(UTC)
    return Markup('<time datetime="{}" title="{} UTC">{} UTC</time>').format(
        f"{there:%Y-%m-%dT%H:%M:%SZ}", f"{there:%Y-%m-%d %H:%M:%S}", f"{there.day} {there:%b %Y, %H:%M}"
    )


def number(count: int | None) -> str:
    """Return a whole number with its thousands apart; "–" if it is not known."""
    return "–" if count is None else f"{count:,}"


@cache
def static(path: str) -> str:
    """Return the address of a static file; it changes with the content, so that browsers may keep the file."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]
    return f"/static/{path}?v={digest}"


def _printable(text: object, longest: int = 200) -> str:
    return printable(str(text), longest=longest)


def _around(request: Request, frame: Frame) -> Mapping[str, object]:
    signed_in = getattr(request.state, "signed_in", None)
    if signed_in is None:
        return {"request": request, "csrf_token": "", "operator": None, "tenant_names": (), "stops": ()}
    operator = signed_in.operator
    tenants = {tenant.tenant_id: tenant.name for tenant in frame.application.settings.tenants}
    seen = {tenant_id: name for tenant_id, name in tenants.items() if operator.sees(name)}
    return {
        "request": request,
        "csrf_token": signed_in.csrf_token,
        "operator": operator,
        "tenant_names": tuple(seen.values()),
        "stops": tuple(_stops(frame, seen)),
    }


def _stops(frame: Frame, seen: Mapping[str, str]) -> Iterator[str]:
    """Yield what is stopped in the tenants that are seen (id → name). It never fails: pages of errors show it too."""
    try:
        stops = frame.application.acting.stops()
    except StoreError:
        yield "Whether actions are stopped cannot be read now"
        return
    for stop in stops:
        if stop.tenant_id is None:
            yield f"Everywhere, {stop.sentence}"
        elif stop.tenant_id in seen:
            yield f"In {seen[stop.tenant_id]}, {stop.sentence}"
