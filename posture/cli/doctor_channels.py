"""What ``posture doctor`` says about channels. Nothing is sent, and no server is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from posture.domain.counted import counted
from posture.domain.printable import printable
from posture.report.telling_json import closed_json, delivery_json

if TYPE_CHECKING:
    from posture.bootstrap.telling import ChannelState

_SHOWN = 3


def print_channels(console: Console, states: Sequence[ChannelState]) -> None:
    """Print a line for each channel, and below it what is wrong."""
    console.print(Text("channels", style="bold"))
    for state in states:
        mark, style = ("✓", "green") if state.is_well else ("✗", "red")
        told = "nothing is known to be wrong" if state.is_well else ""
        line = Text(f"  {mark} ", style=style).append(f"{state.name} ({state.kind})", style="default")
        console.print(line.append(f": {told}" if told else "", style="default"))
        for sentence in _sentences(state):
            console.print(Text(f"      {printable(sentence, longest=1000)}", style="yellow"), soft_wrap=True)


def channels_json(states: Sequence[ChannelState]) -> dict[str, object]:
    """Return what scripts read about channels."""
    return {
        "channels": [
            {
                "channel": state.name,
                "kind": state.kind,
                "unusable": state.unusable,
                "closed": closed_json(state.closed) if state.closed else None,
                "failing": [delivery_json(delivery) for delivery in state.failing],
            }
            for state in states
        ]
    }


def _sentences(state: ChannelState) -> Iterator[str]:
    if state.unusable is not None:
        yield f"it cannot be used: {state.unusable}"
    if state.closed is not None:
        yield f"closed since {state.closed.at:%Y-%m-%d %H:%M} UTC: {state.closed.because}"
        yield f"to open it: posture notify retry --channel {state.name}"
    for delivery in state.failing[:_SHOWN]:
        words = delivery.state.value.replace("_", " ")
        tries = counted(delivery.tries, "try", "tries")
        yield f"message {delivery.id[:8]}: {words} after {tries}: {delivery.note or ''}"
    if len(state.failing) > _SHOWN:
        yield f"… and {len(state.failing) - _SHOWN} more: posture notify list --channel {state.name}"
