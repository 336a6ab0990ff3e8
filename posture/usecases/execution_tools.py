"""Everything that executing in one tenant needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from posture.usecases.engine_guards import TenantRules
from posture.usecases.ports import Actuator, Clock, GraphReader, LiveDesk, OpenActingUnit, Passwords, Pause, PlanLocks


@dataclass(frozen=True, kw_only=True)
class ExecutionTools:
    """Everything that executing in one tenant needs. ``worker`` names this execution alone."""

    worker: str
    reader: GraphReader
    remediator: GraphReader
    actuator: Actuator
    desk: LiveDesk
    open_unit: OpenActingUnit
    locks: PlanLocks
    clock: Clock
    pause: Pause
    passwords: Passwords
    graph_root: str
    rules: Callable[[], TenantRules]
    is_switched_on: bool
