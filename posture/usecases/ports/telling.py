"""What telling people needs from the world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from posture.domain.delivery import Allowance, ClosedChannel, Delivery, Letter, TrendPoint, Tried
from posture.domain.notice import Notice
from posture.domain.routing import Digest, Errand


class Channel(Protocol):
    """One way to one set of people. It puts letters into words and sends them."""

    @property
    def name(self) -> str: ...

    @property
    def settings(self) -> str:
        """The digest of how it is set up, secrets included: a closed channel that is set up anew is open again."""

    @property
    def allowance(self) -> Allowance | None:
        """How many messages it takes within a time; None if as many as there are."""

    def deliver(self, letters: Sequence[Letter]) -> Iterator[Tried]:
        """Send letters in their order, over one connection where there is one, and yield how each went.

        After trouble that is not that of one letter alone, the rest is answered with the same trouble, unsent. The
        caller may stop early. Nothing is raised for what a server, a network or a template does.
        """


class Outbox(Protocol):
    """One transaction over notices and deliveries; leaving it without an exception commits.

    Two outboxes never overlap: what one read is still true when it writes.
    """

    def add_notices(self, notices: Sequence[Notice]) -> None:
        """Record notices that wait to be routed; those on record already are left alone."""

    def unrouted(self, limit: int) -> Sequence[Notice]:
        """Return notices that no route has been looked up for, in the order in which they were recorded."""

    def route(self, notices: Sequence[Notice], errands: Sequence[tuple[Errand, datetime]], *, at: datetime) -> None:
        """Record that these notices were routed, and the errands that came of it, each with when it is due.

        A notice that already goes to a channel does not go there twice.
        """

    def due_errands(
        self, channel: str, *, now: datetime, limit: int | None = None
    ) -> Sequence[tuple[Errand, datetime]]:
        """Return the errands to a channel that are due and in no delivery yet, at most so many, in the order of their
        notices."""

    def add_delivery(self, delivery: Delivery) -> None:
        """Record a delivery; its errands are in it from now on. One that is on record is left alone.

        Its notices come back in the order in which they were recorded.
        """

    def due(self, channel: str, *, now: datetime) -> Sequence[Delivery]:
        """Return deliveries that wait, are due and claimed by nobody, those that wait longest first."""

    def claim(self, delivery: Delivery, *, worker: str, until: datetime, now: datetime) -> bool:
        """Claim a delivery for a worker if it still waits, nobody tried it since it was read, and nobody holds it at
        ``now``; say whether that worked."""

    def save_try(self, delivery: Delivery, *, worker: str, now: datetime) -> bool:
        """Write how a try went and give up the claim, if the worker still has it; say whether it had.

        A try counts for ``tried_since`` from ``now``.
        """

    def release(self, deliveries: Sequence[Delivery], *, worker: str) -> None:
        """Give up claims of deliveries that were not tried."""

    def tried_since(self, channel: str, since: datetime, *, now: datetime) -> Sequence[datetime]:
        """Return when a channel was tried after ``since``, the earliest first.

        What somebody has claimed may be tried at any moment: it counts as tried at ``now``.
        """

    def take_failures(self) -> Sequence[Delivery]:
        """Return deliveries that were refused or given up, each only once: whoever takes them tells of them."""

    def notices(self, ids: Sequence[str]) -> Mapping[str, Notice]: ...

    def trend(self, tenant_id: str, *, points: int) -> Sequence[TrendPoint]:
        """Return what failed in the latest runs of a tenant that were not aborted, the oldest first; what one did not
        evaluate counts as it was last known."""

    def closed_channels(self) -> Mapping[str, ClosedChannel]: ...

    def close_channel(self, closed: ClosedChannel) -> None: ...

    def open_channel(self, name: str) -> None: ...

    def unsent(self, channel: str) -> Sequence[Delivery]:
        """Return the deliveries to a channel that wait, were refused or given up, in the order they were made."""

    def delivery(self, delivery_id: str) -> Delivery | None: ...

    def save_delivery(self, delivery: Delivery) -> None:
        """Write state and times of a delivery, whoever claims it."""

    def forget(self, before: datetime) -> None:
        """Delete deliveries that ended before then, and notices that were routed before then of which none is left.

        Notices that every scan makes anew stay: they say that it was told.
        """


class OpenOutbox(Protocol):
    def __call__(self) -> AbstractContextManager[Outbox]: ...


class Calendar(Protocol):
    """When digests are due."""

    def next_time(self, digest: Digest, *, after: datetime) -> datetime:
        """Return the first time of the schedule that is later than ``after``, in UTC."""


class Chance(Protocol):
    """Random numbers that spread what would happen at once."""

    def share(self) -> float:
        """Return a number from 0 to 1."""
