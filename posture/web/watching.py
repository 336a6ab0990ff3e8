"""Who looks at the page from outside: metrics for Prometheus, traces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

from posture.bootstrap import Application
from posture.domain.gauges import Gauges
from posture.telemetry.metrics import Metrics
from posture.telemetry.traces import Traces

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Metrics and traces of what this process answers."""

    metrics: Metrics
    traces: Traces

    def answered(self, scope: Scope, *, status: int, seconds: float) -> None:
        """Count an answer by the pattern of its path: ids in it would make a label each."""
        route = getattr(scope.get("route"), "path", None)
        pattern = "(none)" if route is None else f"{scope.get('root_path', '')}{route}"
        self.metrics.answered(method=_method(scope), route=pattern, status=status, seconds=seconds)


def watch_of(application: Application, traces: Traces) -> Watch:
    """Return the watch of an application; the database is asked when somebody looks."""

    def gauges() -> Gauges:
        names = {tenant.tenant_id: tenant.name for tenant in application.settings.tenants}
        with application.store.reading() as reader:
            return reader.gauges(tenants=names, now=application.clock.now())

    return Watch(metrics=Metrics(gauges), traces=traces)


def _method(scope: Scope) -> str:
    """Return the method, those that nobody uses as one: everybody may send any word."""
    return str(scope["method"]) if scope["method"] in _METHODS else "OTHER"
