"""Templates → pages. Every expression is escaped; nothing can be marked as safe."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from posture.definitions.content import content_directory
from posture.domain.printable import printable
from posture.errors import StoreError
from posture.web.frame import Frame, frame_of

STATIC: Final = Path(__file__).parent / "static"
_ASKED_BY_PLACE: Final = {"channels": "channels", "operators": "operators"}
"""Places of the navigation that not everybody may open → the method of ``Access`` that they begin with."""
_FORBIDDEN: Final = ("safe", "forceescape", "xmlattr", "tojson", "urlize", "striptags", "pprint", "random")


@cache
def page_environment() -> Environment:
    """Return the environment of pages. ``printable`` is a filter besides Jinja's."""
    environment = Environment(
        loader=FileSystemLoader(content_directory("templates") / "web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in _FORBIDDEN:
        del environment.filters[name]
    environment.filters["printable"] = _printable
    environment.globals = {"static": static, "dict": dict}
    return environment


def render(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page made of a template below ``templates/web`` and its values.

    It has besides: ``request``, ``csrf_token`` ("" for who is not signed in), ``operator`` (None for them),
    ``tenant_names`` that the operator may see, ``closed_places`` of the navigation that he or she may not open,
    ``stops`` (sentences) and ``static(path)``.
    """
    frame = frame_of(request)
    text = frame.pages.get_template(template).render(**_around(request, frame), **values)
    return HTMLResponse(text, status_code=status)


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
        nobody = {"csrf_token": "", "operator": None, "tenant_names": (), "closed_places": (), "stops": ()}
        return {"request": request, **nobody}
    operator = signed_in.operator
    access = frame.application.access(operator)
    tenants = {tenant.tenant_id: tenant.name for tenant in frame.application.settings.tenants}
    seen = {tenant_id: name for tenant_id, name in tenants.items() if operator.sees(name)}
    return {
        "request": request,
        "csrf_token": signed_in.csrf_token,
        "operator": operator,
        "tenant_names": tuple(seen.values()),
        "closed_places": tuple(place for place, method in _ASKED_BY_PLACE.items() if not access.may(method)),
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
