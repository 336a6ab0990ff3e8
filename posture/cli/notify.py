"""``posture notify``: who was told what, what waits, and sending it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from posture.cli import notify_preview
from posture.cli.console import ExitCode, Format, err, out
from posture.cli.options import ConfigOption, FormatOption
from posture.cli.tell import Sending
from posture.domain.delivery import ClosedChannel, DeliveryState
from posture.domain.delivery_view import DeliveryFilter, DeliveryView, WaitingErrands
from posture.domain.judgement import Value
from posture.domain.printable import printable
from posture.errors import UsageError
from posture.report.telling_json import list_document, note_of, outcome_of, sending_document

if TYPE_CHECKING:
    from posture.bootstrap import Application

notify_app = typer.Typer(help="Who is told of what happens: messages, channels, routes.", no_args_is_help=True)

ID_SHOWN = 8
_LIMIT = 50
_STYLES = {"sent": "green", "later": "yellow", "refused": "red"}

ChannelsOption = Annotated[
    list[str] | None, typer.Option("--channel", help="Name of a channel in the settings; may be repeated.")
]
ChannelOption = Annotated[str | None, typer.Option("--channel", help="Name of a channel in the settings.")]


def register(app: typer.Typer) -> None:
    app.add_typer(notify_app, name="notify")
    notify_preview.register(notify_app)


@notify_app.command("list")
def list_deliveries(
    channel: ChannelsOption = None,
    state: Annotated[
        list[DeliveryState] | None, typer.Option("--state", help="Only messages in this state; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = _LIMIT,
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """List messages, the newest first; what waits to be in one; and channels that are closed."""
    from posture.bootstrap import load_application

    telling = load_application(config).telling
    # A channel that the settings no longer have may still be asked for: its messages are on record.
    channels = tuple(dict.fromkeys(channel or ()))
    views = telling.deliveries(DeliveryFilter(channels=channels, states=tuple(state or ()), limit=limit))
    waiting = [each for each in telling.waiting() if not channels or each.channel in channels]
    closed = [each for name, each in telling.closed_channels().items() if not channels or name in channels]
    if format is Format.JSON:
        typer.echo(json.dumps(list_document(views, waiting, closed), indent=2))
        return
    _print_deliveries(out(), views)
    _print_waiting(out(), waiting)
    _print_closed(out(), closed)


@notify_app.command("retry")
def retry(
    message: Annotated[list[str] | None, typer.Argument(help="Id of a message, or the beginning of it.")] = None,
    channel: ChannelOption = None,
    config: ConfigOption = None,
) -> None:
    """Try messages that were refused or given up for another day, or open a closed channel and try all of its."""
    from posture.bootstrap import load_application

    if bool(message) == (channel is not None):
        raise UsageError("name either messages, by their ids from posture notify list, or one --channel")
    telling = load_application(config).telling
    tried = telling.retry_channel(channel) if channel is not None else telling.retry(message or [])
    what = "1 message is" if len(tried) == 1 else f"{len(tried)} messages are"
    out().print(f"{what} due now. Next: posture notify send")


@notify_app.command("send")
def send(channel: ChannelOption = None, format: FormatOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Send what is due now. Meant for cron; any number of them may run at once.

    Exit codes: 0 everything that is due was sent; 2 wrong usage or settings; 3 something was refused or waits to be
    tried again, or a channel is closed or cannot be used; 4 the database cannot be used.
    """
    from posture.bootstrap import load_application

    application = load_application(config)
    telling = application.telling
    chosen = [each.name for each in telling.settings.chosen(channel)]
    sending = Sending()
    sending.run(telling, only_channel=channel)
    unusable = {name: why for name, why in telling.unusable.items() if name in chosen}
    if format is Format.JSON:
        document = sending_document(
            sending.told, closed=sending.closed, postponed=sending.postponed, unusable=unusable
        )
        typer.echo(json.dumps(document, indent=2))
    else:
        _print_sending(out(), sending, unusable)
    is_done = not (sending.failures or unusable) and not _is_left(application, chosen)
    raise typer.Exit(ExitCode.DONE if is_done else ExitCode.INCOMPLETE)


def _is_left(application: Application, channels: Sequence[str]) -> bool:
    """Say whether something that these channels should be told by now is not."""
    telling, now = application.telling, application.clock.now()
    unsent = DeliveryFilter(channels=tuple(channels), states=(DeliveryState.WAITING,), limit=1)
    overdue = (each for each in telling.waiting() if each.next_due_at <= now and each.channel in channels)
    return bool(telling.deliveries(unsent)) or any(overdue)


def _print_deliveries(console: Console, views: Sequence[DeliveryView]) -> None:
    from posture.cli.grid import print_grid

    if not views:
        console.print("No messages.")
        return
    columns = ["message", "channel", "state", "tells of", "tries", "last try (UTC)", "next try (UTC)", "note"]
    print_grid(console, columns, map(_row, views), longest_cell=200)


def _row(view: DeliveryView) -> list[Value]:
    delivery = view.delivery
    next_try = f"{delivery.next_try_at:%Y-%m-%d %H:%M}" if delivery.ended_at is None else None
    return [
        delivery.id[:ID_SHOWN],
        delivery.channel,
        delivery.state.value.replace("_", " "),
        ", ".join(_told_of(view)),
        delivery.tries,
        f"{view.tried_at:%Y-%m-%d %H:%M}" if view.tried_at else None,
        next_try,
        delivery.note,
    ]


def _told_of(view: DeliveryView) -> Iterator[str]:
    for event, count in view.events.items():
        words = event.value.replace("_", " ")
        yield words if count == 1 else f"{count:,} × {words}"


def _print_waiting(console: Console, waiting: Sequence[WaitingErrands]) -> None:
    for each in waiting:
        what = "1 notice waits" if each.notices == 1 else f"{each.notices:,} notices wait"
        console.print(f"{printable(each.channel)}: {what}, due {each.next_due_at:%Y-%m-%d %H:%M} UTC")


def _print_closed(console: Console, closed: Sequence[ClosedChannel]) -> None:
    for each in closed:
        line = Text(f"{printable(each.name)} is closed since {each.at:%Y-%m-%d %H:%M} UTC: ", style="red")
        console.print(line.append(printable(each.because, longest=1000), style="default"), soft_wrap=True)
        console.print(f"  To open it: posture notify retry --channel {printable(each.name)}")


def _print_sending(console: Console, sending: Sending, unusable: Mapping[str, str]) -> None:
    for delivery, tried in sending.told:
        outcome, note = outcome_of(tried), note_of(tried)
        line = Text(f"{outcome:<8}", style=_STYLES[outcome])
        line.append(f"{delivery.id[:ID_SHOWN]} to {printable(delivery.channel)}", style="default")
        console.print(line.append(f": {printable(note, longest=1000)}" if note else "", style="dim"), soft_wrap=True)
    for closed in sending.closed:
        err().print(f"{printable(closed.name)} takes nothing any more: {printable(closed.because, longest=1000)}")
    for name, until in sending.postponed.items():
        console.print(f"{printable(name)} takes no more messages until {until:%H:%M:%S} UTC; the others wait")
    for name, because in unusable.items():
        err().print(f"{printable(name)} cannot be used: {because}", style="red")
    if not sending.told:
        console.print("Nothing was due.")
