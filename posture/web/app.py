"""The application that serves page and API: routers inside, what keeps them safe around them."""

from __future__ import annotations

from functools import partial
from typing import Final

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from posture.bootstrap import Application
from posture.config import ServiceSettings
from posture.telemetry.traces import Traces
from posture.web import health, metrics, sign_in_pages
from posture.web.answering import refuse_page, register_failures
from posture.web.api import PREFIX, create_api, is_of_api
from posture.web.api import refuse as refuse_api
from posture.web.current import guarded
from posture.web.frame import Frame
from posture.web.pages import PAGES
from posture.web.render import STATIC, page_environment
from posture.web.safety.bodies import BoundedBodies, Refuse
from posture.web.safety.boundary import RequestBoundary
from posture.web.safety.headers import headers_of_answers
from posture.web.safety.hosts import KnownHosts, OnlyThroughProxies, known_hosts
from posture.web.safety.limits import Limits
from posture.web.signing_in.bearers import bearer_of
from posture.web.signing_in.provider import Provider, provider_of
from posture.web.static_files import KeptFiles
from posture.web.watching import watch_of

NO_TRACES: Final = Traces(None)


def create_app(application: Application, *, settings: ServiceSettings, traces: Traces = NO_TRACES) -> FastAPI:
    """Return the application, which tells ``traces`` of its requests.

    Nothing is asked of the database or of the provider yet.

    Raises:
        SettingsError: what proves to the provider that we are we is missing.
    """
    watch = watch_of(application, traces)
    frame = Frame(
        application=application,
        settings=settings,
        pages=page_environment(),
        limits=Limits(),
        provider=_provider(settings, application),
        watch=watch,
    )

    async def refuse(scope: Scope, receive: Receive, send: Send, status: int) -> None:
        if is_of_api(scope):
            await refuse_api(scope, receive, send, status)
        else:
            await refuse_page(app, scope, receive, send, status)

    app = FastAPI(
        title="posture",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # A slash too many or too few is another address: a redirect would name the host that the request named.
        redirect_slashes=False,
        middleware=[
            Middleware(
                RequestBoundary, headers=headers_of_answers(is_secure=settings.is_secure), watch=watch, refuse=refuse
            ),
            *_around_proxies(settings, refuse),
            Middleware(KnownHosts, hosts=known_hosts(settings), scheme=settings.url.partition(":")[0], refuse=refuse),
            Middleware(BoundedBodies, refuse=refuse),
        ],
    )
    app.state.frame = frame
    api = create_api(application, sign_in=partial(bearer_of, frame), count=frame.limits.write)
    register_failures(app)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(sign_in_pages.router)
    for router in PAGES:
        app.include_router(router, dependencies=[Depends(guarded)], include_in_schema=False)
    app.mount(PREFIX, api)
    app.mount("/static", KeptFiles(directory=STATIC))
    return app


def _around_proxies(settings: ServiceSettings, refuse: Refuse) -> list[Middleware]:
    """Return what believes proxies about the client, and, where they end TLS, lets nobody go around them."""
    proxies = list(settings.trusted_proxies)
    if not proxies:
        return []
    # The address and the scheme of the client are taken from the headers of these alone.
    believing = Middleware(ProxyHeadersMiddleware, trusted_hosts=proxies)
    if settings.tls is not None:
        return [believing]
    return [Middleware(OnlyThroughProxies, proxies=proxies, refuse=refuse), believing]


def _provider(settings: ServiceSettings, application: Application) -> Provider | None:
    if settings.sign_in is None:
        return None
    return provider_of(settings, settings.sign_in, http=application.settings.http)
