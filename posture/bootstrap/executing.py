"""What executing needs, made of the real parts: the clock, the network, random passwords."""

from __future__ import annotations

import secrets
import string
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from posture.bootstrap.connection import remediator_connection_of
from posture.bootstrap.tenant_gates import tenant_rules
from posture.config import TenantSettings
from posture.graph.actuator import TenantActuator
from posture.graph.pursuit import RetryBudget
from posture.graph.reader import TenantReader
from posture.graph.throttle import Pace
from posture.snapshot.live import LiveDesk
from posture.tables import TABLES
from posture.tables.live import ONLY_LIVE
from posture.usecases.execution_tools import ExecutionTools
from posture.usecases.ports import Pause

if TYPE_CHECKING:
    from posture.bootstrap.application import Application

_LENGTH: Final = 24
_KINDS: Final = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#%*+-=?@_")


class SystemPause:
    def wait(self, duration: timedelta) -> None:
        """Sleep."""
        time.sleep(duration.total_seconds())


class RandomPasswords:
    def make(self) -> str:
        """Return 24 random characters with at least one of each kind that Microsoft Entra ID counts."""
        alphabet = "".join(_KINDS)
        while True:
            password = "".join(secrets.choice(alphabet) for _ in range(_LENGTH))
            if all(any(sign in kind for sign in password) for kind in _KINDS):
                return password


class LiveDesks:
    """Desks for live rows. Whoever executes has one alone: a worker executes plans of several tenants at once."""

    def __init__(self) -> None:
        self._idle: list[LiveDesk] = []

    @contextmanager
    def one(self) -> Iterator[LiveDesk]:
        """Give a desk that nobody else has. Making one takes longer than acting on a target: it is kept."""
        try:
            desk = self._idle.pop()
        except IndexError:
            desk = LiveDesk([*TABLES, *ONLY_LIVE])
        try:
            yield desk
        finally:
            self._idle.append(desk)

    def close(self) -> None:
        """Give back the memory."""
        while self._idle:
            self._idle.pop().close()


def actuator_of(
    application: Application, tenant: TenantSettings, *, pace: Pace, budget: RetryBudget | None
) -> TenantActuator:
    """Return the remediator of a tenant that has one."""
    connection = remediator_connection_of(tenant, http=application.settings.http)
    return TenantActuator(connection, pace=pace, budget=budget)


@contextmanager
def execution_tools(
    application: Application,
    tenant: TenantSettings,
    *,
    pace: Pace,
    budget: RetryBudget | None,
    pause: Pause,
    desk: LiveDesk,
) -> Iterator[ExecutionTools]:
    """Give everything that executing in a tenant needs; the tenant has a remediator, closed on leaving."""
    connection = remediator_connection_of(tenant, http=application.settings.http)
    reader, remediator = application.reader(tenant), TenantReader(connection, pace=pace, budget=budget)
    with (
        reader.kept_open(),
        remediator.kept_open(),
        actuator_of(application, tenant, pace=pace, budget=budget) as actuator,
    ):
        yield ExecutionTools(
            worker=uuid.uuid4().hex,
            reader=reader,
            remediator=remediator,
            actuator=actuator,
            desk=desk,
            open_unit=application.store.open_acting_unit,
            locks=application.store.plan_locks(),
            clock=application.clock,
            pause=pause,
            passwords=RandomPasswords(),
            graph_root=f"{connection.graph_root.rstrip('/')}/v1.0",
            rules=lambda: tenant_rules(application, tenant, own_ids=actuator.own_ids()),
            is_switched_on=tenant.remediation_enabled,
        )
