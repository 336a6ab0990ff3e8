"""Telling people with one configuration: the use cases bound to channels, routes and the outbox."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict

from posture.config import ChannelSettings, NotifySettings
from posture.domain.check import Check, CheckId
from posture.domain.delivery import UNDELIVERED, UNDELIVERED_FOR, ClosedChannel, Delivery, Tried, is_failing
from posture.domain.delivery_view import DeliveryFilter, DeliveryView, WaitingErrands
from posture.domain.notice import Event
from posture.domain.routing import Routes
from posture.errors import SettingsError, UsageError
from posture.schedule.cron import CronCalendar
from posture.usecases.notify_changes import send_pending
from posture.usecases.ports import Channel, Clock, OpenOutbox
from posture.usecases.retry_deliveries import retry_channel, retry_deliveries
from posture.usecases.telling_events import TellingEvent

if TYPE_CHECKING:
    from posture.bootstrap.application import Application
    from posture.bootstrap.previews import PreviewFile
    from posture.notify.links import Links
    from posture.notify.wording import Wording
    from posture.store.telling_reader import TellingReader


class _Records(TypedDict):
    """Where deliveries stand, and what time it is."""

    open_outbox: OpenOutbox
    clock: Clock


class RandomShare:
    def share(self) -> float:
        """Return a number from 0 to 1."""
        return random.random()  # noqa: S311 - it only spreads tries over time


@dataclass(frozen=True, kw_only=True)
class ChannelState:
    """How it stands with a channel. ``unusable`` says which secret is missing, ``closed`` why nothing is sent to it;
    None if nothing is wrong. ``failing`` are deliveries that have failed and wait, and those that were refused or
    given up in the last week."""

    name: str
    kind: str
    unusable: str | None
    closed: ClosedChannel | None
    failing: Sequence[Delivery]

    @property
    def is_well(self) -> bool:
        return self.unusable is None and self.closed is None and not self.failing


@dataclass(frozen=True, kw_only=True)
class Preview:
    """``is_sample``: nothing like it has happened yet, so it shows a made-up company."""

    is_sample: bool
    files: Sequence[PreviewFile]


class Telling:
    """Everything about who is told what. Channels are built when they are first used."""

    def __init__(self, application: Application) -> None:
        self._application = application

    @property
    def settings(self) -> NotifySettings:
        return self._application.settings.notify

    @property
    def unusable(self) -> Mapping[str, str]:
        """Why channels cannot be used, by name: a secret is missing, or does not fit."""
        return {name: str(built) for name, built in self._built.items() if isinstance(built, SettingsError)}

    def send_pending(self, *, only_channel: str | None = None) -> Iterator[TellingEvent]:
        """Send what is due and yield what comes of it; see ``send_pending``. What goes to a channel that cannot be
        used waits."""
        application = self._application
        return send_pending(
            [built for built in self._built.values() if not isinstance(built, SettingsError)],
            routes=self._routes,
            checks=self._checks,
            open_outbox=application.store.open_outbox,
            open_acting_unit=application.store.open_acting_unit,
            calendar=CronCalendar(),
            chance=RandomShare(),
            clock=application.clock,
            worker=uuid.uuid4().hex,
            only_channel=only_channel,
        )

    def test(self, name: str) -> Tried:
        """Send a sample to one channel now, whatever is said of it elsewhere, and return how it went.

        Raises:
            UsageError: there is no such channel.
            SettingsError: a secret of it is missing, or does not fit.
        """
        from posture.notify.samples import sample_letter

        channel = self._channel(self.settings.channel(name))
        sample = sample_letter(Event.FINDING_OPENED)
        # With an id of its own each time: mailboxes drop what they have seen before.
        letter = replace(sample, id=f"{sample.id}-{uuid.uuid4().hex[:8]}", written_at=self._application.clock.now())
        (tried,) = channel.deliver([letter])
        return tried

    def preview(self, name: str, event: Event | None) -> Preview:
        """Return what would be sent of an event, None for a digest: of what happened last, else of a made-up company.

        Raises:
            UsageError: there is no such channel, or a template is wrong.
        """
        from posture.bootstrap.previews import letter_of_latest, preview_files
        from posture.notify.samples import sample_letter

        channel = self.settings.channel(name)
        with self._application.store.reading() as reader:
            now = self._application.clock.now()
            real = letter_of_latest(reader.telling, event, checks=self._checks, now=now)
        letter = real or sample_letter(event)
        files = tuple(preview_files(letter, channel, wording=self._wording, links=self._links))
        return Preview(is_sample=real is None, files=files)

    def deliveries(self, wanted: DeliveryFilter) -> Sequence[DeliveryView]:
        with self._application.store.reading() as reader:
            return reader.telling.deliveries(wanted)

    def waiting(self) -> Sequence[WaitingErrands]:
        with self._application.store.reading() as reader:
            return reader.telling.waiting()

    def closed_channels(self) -> Mapping[str, ClosedChannel]:
        with self._application.store.reading() as reader:
            return reader.telling.closed_channels()

    def retry(self, prefixes: Sequence[str]) -> Sequence[Delivery]:
        """Try deliveries, given by the beginnings of their ids, for another day, and return them.

        Raises:
            UsageError: there is none of such an id, or more than one.
        """
        with self._application.store.reading() as reader:
            found = [self._delivery(reader.telling, prefix) for prefix in prefixes]
        return retry_deliveries([delivery.id for delivery in found], **self._records)

    def retry_channel(self, name: str) -> Sequence[Delivery]:
        """Open a channel if it is closed, try what was not sent to it for another day, and return that.

        Raises:
            UsageError: there is no such channel.
        """
        return retry_channel(self.settings.channel(name).name, **self._records)

    def examine(self) -> Sequence[ChannelState]:
        """Return how it stands with every channel. Nothing is sent and no server is asked."""
        with self._application.store.reading() as reader:
            closed = reader.telling.closed_channels()
            views = reader.telling.deliveries(DeliveryFilter(states=UNDELIVERED))
        since = self._application.clock.now() - UNDELIVERED_FOR
        return [
            ChannelState(
                name=channel.name,
                kind=channel.kind,
                unusable=self.unusable.get(channel.name),
                closed=closed.get(channel.name),
                failing=[
                    view.delivery
                    for view in views
                    if view.delivery.channel == channel.name and is_failing(view.delivery, since=since)
                ],
            )
            for channel in self.settings.channels
        ]

    @cached_property
    def _built(self) -> Mapping[str, Channel | SettingsError]:
        return {channel.name: self._usable(channel) for channel in self.settings.channels}

    def _usable(self, channel: ChannelSettings) -> Channel | SettingsError:
        try:
            return self._channel(channel)
        except SettingsError as error:
            return error

    def _channel(self, channel: ChannelSettings) -> Channel:
        # Here and not above: who configured no channels does not need it.
        from posture.bootstrap.channels import channel_of

        application = self._application
        return channel_of(
            channel, application.settings, wording=self._wording, links=self._links, clock=application.clock
        )

    @cached_property
    def _links(self) -> Links:
        from posture.notify.links import Links

        return Links(page=self.settings.page, reference_hosts=frozenset(self.settings.reference_hosts))

    @cached_property
    def _wording(self) -> Wording:
        from posture.notify.wording import Wording

        return Wording(self._links, self.settings.templates)

    @property
    def _checks(self) -> Mapping[CheckId, Check]:
        return {loaded.check.id: loaded.check for loaded in self._application.catalog.checks}

    @property
    def _routes(self) -> Routes:
        tags = {id: frozenset(check.tags) for id, check in self._checks.items()}
        return Routes(routes=self.settings.routes, default=self.settings.default, tags=tags)

    def _delivery(self, telling: TellingReader, prefix: str) -> Delivery:
        found = telling.by_prefix(prefix) if prefix else ()
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f'{len(found)} deliveries have an id that begins with "{prefix}"; give more of it')
        raise UsageError(f'no delivery has an id that begins with "{prefix}"; see posture notify list')

    @property
    def _records(self) -> _Records:
        return {"open_outbox": self._application.store.open_outbox, "clock": self._application.clock}
