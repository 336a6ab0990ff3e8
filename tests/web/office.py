"""A web page over a real database, and people who sign in on it."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from posture.bootstrap import Application, dictionary
from posture.config import ServiceSettings, load_settings
from posture.definitions.catalog import Catalog, load_catalog
from posture.domain.operator import Operator, Role, Scope
from posture.graph.throttle import PUBLISHED
from posture.usecases.operators import add_operator
from posture.web.app import create_app
from posture.web.safety.forgery import csrf_token_of
from posture.web.serving import bound_socket, server_of

with warnings.catch_warnings():
    # Starlette would rather have the successor of httpx, which is not among the packages.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

CONTOSO = "11111111-1111-4111-8111-111111111111"
FABRIKAM = "22222222-2222-4222-8222-222222222222"
URL = "http://127.0.0.1:8080"
COOKIE = "posture_sign_in"

_SETTINGS = f"""\
data_dir: ./data
tenants:
  - name: contoso
    tenant_id: {CONTOSO}
    reader: {{client_id: 33333333-3333-4333-8333-333333333333, client_secret: "${{env:NOBODY_LOOKS_IT_UP}}"}}
  - name: fabrikam
    tenant_id: {FABRIKAM}
    reader: {{client_id: 33333333-3333-4333-8333-333333333333, client_secret: "${{env:NOBODY_LOOKS_IT_UP}}"}}
"""


@cache
def _shipped() -> Catalog:
    return load_catalog([], dictionary())


class TriedApplication(Application):
    """posture as it is, with the shipped checks read once for all tests."""

    @property
    def catalog(self) -> Catalog:  # type: ignore[override]
        return _shipped()


class Client(TestClient):
    """A browser that follows no redirects. ``csrf_token`` is that of its sign-in, "" without one."""

    csrf_token: str = ""


class Office:
    """A page with a database of its own."""

    def __init__(self, directory: Path, *, settings: str = _SETTINGS) -> None:
        path = directory / "posture.yaml"
        path.write_text(settings, encoding="utf-8")
        self.application: Application = TriedApplication(load_settings(path, environment={}), pace=PUBLISHED)
        self.service: ServiceSettings = self.application.settings.service
        self.app: FastAPI = create_app(self.application, settings=self.service)

    def close(self) -> None:
        self.application.store.close()

    def client(self, **options: Any) -> Client:
        """Return a browser in which nobody is signed in."""
        return Client(self.app, base_url=self.service.url, follow_redirects=False, **options)

    def operator(
        self,
        role: Role = Role.ADMIN,
        tenants: Sequence[str] | None = None,
        *,
        name: str | None = None,
        scopes: Sequence[Scope] | None = None,
    ) -> tuple[Operator, str]:
        """Record an operator and return it with its token."""
        known = self.application.acting.operators()
        by = next((one for one in known if one.administers_everything), None)
        if by is None:
            by, token = self._added("first-admin", Role.ADMIN, tenants=None, scopes=None, by=None)
            if (role, tenants, name, scopes) == (Role.ADMIN, None, None, None):
                return by, token
        return self._added(name or f"{role}-{len(known)}", role, tenants=tenants, scopes=scopes, by=by)

    def _added(
        self,
        name: str,
        role: Role,
        *,
        tenants: Sequence[str] | None,
        scopes: Sequence[Scope] | None,
        by: Operator | None,
    ) -> tuple[Operator, str]:
        return add_operator(
            name,
            role,
            account=None,
            lasts=timedelta(days=1),
            by=by,
            tenants=None if tenants is None else frozenset(tenants),
            scopes=None if scopes is None else frozenset(scopes),
            open_unit=self.application.store.open_acting_unit,
            clock=self.application.clock,
        )

    def sign_in(self, client: Client, operator: Operator, *, age: timedelta = timedelta()) -> Client:
        """Sign an operator in at a browser; they proved who they are so long ago."""
        _, id = self.application.signing_in.begin(
            operator,
            lasts=timedelta(hours=8),
            before=None,
            signed_in_at=self.application.clock.now() - age,
        )
        client.cookies.set(COOKIE, id)
        client.csrf_token = csrf_token_of(id)
        client.headers.update({"origin": self.service.url, "x-csrf-token": client.csrf_token})
        return client

    def signed_in(
        self,
        role: Role = Role.ADMIN,
        tenants: Sequence[str] | None = None,
        *,
        name: str | None = None,
        age: timedelta = timedelta(),
        **options: Any,
    ) -> Client:
        """Return a browser in which a new operator is signed in. Its changes carry what they need to be believed."""
        operator, _ = self.operator(role, tenants, name=name)
        return self.sign_in(self.client(**options), operator, age=age)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve the page on this machine and give its address, for a browser."""
        port = free_port()
        service = replace(self.service, port=port, url=f"http://127.0.0.1:{port}")
        with serving(create_app(self.application, settings=service), service):
            yield service.url


@contextmanager
def serving(app: FastAPI, service: ServiceSettings, **options: Any) -> Iterator[uvicorn.Server]:
    """Run the server in a thread."""
    server = server_of(app, service, **options)
    listening = bound_socket(service)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield server
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def free_port() -> int:
    """Return a port on which nobody listens now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_signed_out(client: Client) -> bool:
    """Say whether the page asks who it is."""
    return client.get("/sign-in").status_code == 200
