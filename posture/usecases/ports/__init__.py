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
from posture.usecases.ports.telling import Calendar, Chance, Channel, OpenOutbox, Outbox

__all__ = [
    "ActingUnit",
    "Actuator",
    "Bench",
    "Calendar",
    "Chance",
    "Channel",
    "Clock",
    "FindingBook",
    "GraphReader",
    "Judged",
    "LiveDesk",
    "LiveRows",
    "OpenActingUnit",
    "OpenOutbox",
    "OpenUnit",
    "Outbox",
    "Passwords",
    "Pause",
    "PlanLocks",
    "PlanQuery",
    "Snapshot",
    "Snapshots",
    "Spool",
    "UnitOfWork",
]
