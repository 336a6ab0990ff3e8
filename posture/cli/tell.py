"""Sending what is due at the end of a command. It never changes how the command ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from posture.cli.console import err, warn
from posture.domain.delivery import ClosedChannel, Delivery, Refused, Sent, Tried
from posture.domain.printable import printable
from posture.errors import PostureError

if TYPE_CHECKING:
    from datetime import datetime

    from posture.bootstrap import Application
    from posture.bootstrap.telling import Telling
    from posture.usecases.telling_events import TellingEvent

NoNotifyOption = Annotated[
    bool, typer.Option("--no-notify", help="Tell nobody now; posture notify send does it later.")
]


class Sending:
    """What came of sending: each try, the channels that were closed by it, and those that take no more for now."""

    def __init__(self) -> None:
        self.told: list[tuple[Delivery, Tried]] = []
        self.closed: list[ClosedChannel] = []
        self.postponed: dict[str, datetime] = {}

    def run(self, telling: Telling, *, only_channel: str | None = None) -> None:
        """Send what is due. On a terminal it is seen that something is done."""
        with err().status("telling people"):
            for event in telling.send_pending(only_channel=only_channel):
                self._take(event)

    @property
    def failures(self) -> list[tuple[Delivery, Tried]]:
        """The tries that did not go well."""
        return [(delivery, tried) for delivery, tried in self.told if not isinstance(tried, Sent)]

    def _take(self, event: TellingEvent) -> None:
        from posture.usecases.telling_events import ChannelClosed, Told, Waiting

        match event:
            case Told():
                self.told.append((event.delivery, event.tried))
            case ChannelClosed():
                self.closed.append(event.closed)
            case Waiting():
                self.postponed[event.channel] = event.until


def tell(application: Application, *, no_notify: bool) -> None:
    """Send what is due, unless nobody is to be told now. Trouble is one warning.

    Settings without channels leave everything to a machine whose settings have some.
    """
    if no_notify or not application.settings.notify.channels:
        return
    sending = Sending()
    try:
        sending.run(application.telling)
    except PostureError as error:
        warn(f"not everybody was told: {printable(str(error), longest=1000)}")
        return
    trouble = _trouble(sending, application.telling)
    if trouble is not None:
        warn(trouble)


def _trouble(sending: Sending, telling: Telling) -> str | None:
    """Return the first thing that went wrong as a sentence, and how many others there are; None if all is well."""
    sentences = [
        *(f"the channel {name} cannot be used: {because}" for name, because in telling.unusable.items()),
        *(f"the channel {closed.name} is closed: {closed.because}" for closed in sending.closed),
        *(_failure(delivery, tried) for delivery, tried in sending.failures if not _closes(tried)),
    ]
    if not sentences:
        return None
    others = f" ({len(sentences) - 1} more: posture notify list)" if len(sentences) > 1 else ""
    return f"not everybody was told: {printable(sentences[0], longest=1000)}{others}"


def _failure(delivery: Delivery, tried: Tried) -> str:
    because = "" if isinstance(tried, Sent) else tried.because
    return f"a message to {delivery.channel} did not go out: {because}"


def _closes(tried: Tried) -> bool:
    return isinstance(tried, Refused) and tried.closes_channel
