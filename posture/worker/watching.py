"""Who looks at a worker from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple

from posture.bootstrap import Application
from posture.domain.gauges import Gauges
from posture.errors import UsageError
from posture.telemetry.metrics import Metrics
from posture.telemetry.traces import Traces


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Metrics and traces of the jobs that this process runs; None leaves the traces out."""

    metrics: Metrics
    traces: Traces | None

    def span(self, name: str, **attributes: str) -> AbstractContextManager[None]:
        """Follow what is done inside."""
        return self.traces.span(name, **attributes) if self.traces is not None else nullcontext()

    def worked(self, *, kind: str, state: str, seconds: float) -> None:
        """Count a job that ended, or was put back."""
        self.metrics.worked(kind=kind, state=state, seconds=seconds)

    def failed_unexpectedly(self) -> None:
        """Count an error that nobody had foreseen."""
        self.metrics.failed_unexpectedly()


@contextmanager
def watched(
    in_force: Callable[[], Application], *, address: Address | None, traces: Traces | None
) -> Iterator[Watch]:
    """Give what looks at this worker, and answer Prometheus at an address meanwhile if there is one.

    Raises:
        UsageError: the address cannot be used.
    """

    def gauges() -> Gauges:
        application = in_force()
        names = {tenant.tenant_id: tenant.name for tenant in application.settings.tenants}
        with application.store.reading() as reader:
            return reader.gauges(tenants=names, now=application.clock.now())

    metrics = Metrics(gauges)
    stop: Callable[[], None] | None = None
    if address is not None:
        try:
            stop = metrics.serve(address.host, address.port)
        except OSError as error:
            sentence = f"metrics cannot be served at {address.host}:{address.port} ({error.strerror or error})"
            raise UsageError(f"{sentence}: name another address with --metrics") from error
    try:
        yield Watch(metrics=metrics, traces=traces)
    finally:
        if stop is not None:
            stop()
