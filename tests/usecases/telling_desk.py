"""People who are told, in a made-up world: channels, routes, an outbox, plans and a clock."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from posture.domain.check import Check, CheckId
from posture.domain.delivery import Delivery
from posture.domain.notice import Notice
from posture.domain.routing import Digest, Route, Routes
from posture.usecases.notify_changes import send_pending
from posture.usecases.telling_events import TellingEvent
from tests.domain.builders import MONDAY
from tests.domain.telling import a_route
from tests.ports.made_up_channel import MadeUpChannel
from tests.ports.memory_acting import MemoryActing
from tests.ports.memory_telling import MemoryTelling


@dataclass(kw_only=True)
class MadeUpTime:
    """A clock that stands still, a calendar whose digests come at eight on each day, and chance that is in the
    middle."""

    at: datetime = MONDAY

    def now(self) -> datetime:
        return self.at

    def next_time(self, digest: Digest, *, after: datetime) -> datetime:
        eight = after.replace(hour=8, minute=0, second=0, microsecond=0)
        return eight if eight > after else eight + timedelta(days=1)

    def share(self) -> float:
        return 0.5


@dataclass(kw_only=True)
class TellingDesk:
    """``default`` tells everything to ``admins`` at once."""

    channels: Sequence[MadeUpChannel] = field(default_factory=lambda: [MadeUpChannel()])
    routes: Sequence[Route] = ()
    default: Route | None = field(default_factory=a_route)
    checks: Mapping[CheckId, Check] = field(default_factory=dict)
    telling: MemoryTelling = field(default_factory=MemoryTelling)
    acting: MemoryActing = field(default_factory=MemoryActing)
    time: MadeUpTime = field(default_factory=MadeUpTime)
    worker: str = "one"

    def happen(self, *notices: Notice) -> None:
        with self.telling.open_outbox() as outbox:
            outbox.add_notices(notices)

    def send(self, *, only_channel: str | None = None) -> Sequence[TellingEvent]:
        return list(self.sending(only_channel=only_channel))

    def sending(self, *, only_channel: str | None = None) -> Generator[TellingEvent, None, None]:
        tags = {check_id: frozenset(check.tags) for check_id, check in self.checks.items()}
        yield from send_pending(
            self.channels,
            routes=Routes(routes=tuple(self.routes), default=self.default, tags=tags),
            checks=self.checks,
            open_outbox=self.telling.open_outbox,
            open_acting_unit=self.acting.open_unit,
            calendar=self.time,
            chance=self.time,
            clock=self.time,
            worker=self.worker,
            only_channel=only_channel,
        )

    def wait(self, **duration: float) -> None:
        self.time.at += timedelta(**duration)

    def wait_and_send(self, *, times: int, **duration: float) -> Sequence[TellingEvent]:
        """Let time pass and send, again and again, as cron does."""
        events: list[TellingEvent] = []
        for _ in range(times):
            self.wait(**duration)
            events += self.send()
        return events

    def deliveries(self, channel: str = "admins") -> Sequence[Delivery]:
        return [each for each in self.telling.deliveries.values() if each.channel == channel]
