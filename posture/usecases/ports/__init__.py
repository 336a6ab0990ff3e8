"""What the use cases need from the world, as protocols. Adapters fit by shape and do not import this package."""

from posture.usecases.ports.acting import (
    ActingUnit,
    Actuator,
    LiveDesk,
    LiveRows,
    OpenActingUnit,
    Passwords,
    Pause,
    PlanLocks,
    PlanQuery,
)
from posture.usecases.ports.scanning import (
    Bench,
    Clock,
    FindingBook,
    GraphReader,
    Judged,
    OpenUnit,
    Snapshot,
    Snapshots,
    Spool,
    UnitOfWork,
)

__all__ = [
    "ActingUnit",
    "Actuator",
    "Bench",
    "Clock",
    "FindingBook",
    "GraphReader",
    "Judged",
    "LiveDesk",
    "LiveRows",
    "OpenActingUnit",
    "OpenUnit",
    "Passwords",
    "Pause",
    "PlanLocks",
    "PlanQuery",
    "Snapshot",
    "Snapshots",
    "Spool",
    "UnitOfWork",
]
