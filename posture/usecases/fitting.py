"""Which actions fit a finding, and whether they are possible now. Pure: nothing is asked of the tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from posture.definitions.loaded_action import LoadedAction
from posture.domain.finding_view import FindingView, Standing


@dataclass(frozen=True, kw_only=True)
class FittingAction:
    """An action that the finding's check offers. ``impossible_because`` is a sentence; None if it can be proposed."""

    loaded: LoadedAction
    impossible_because: str | None


def fitting_actions(
    view: FindingView, offered: Iterable[LoadedAction], *, closed: Callable[[LoadedAction], str | None]
) -> Sequence[FittingAction]:
    """Return the offered actions with what stands in their way; ``closed`` tells what holds in the tenant."""
    not_open = None if view.standing is Standing.OPEN else f"the finding is {view.standing}"
    return tuple(
        FittingAction(loaded=loaded, impossible_because=not_open or closed(loaded))
        for loaded in sorted(offered, key=lambda one: one.action.id)
    )
