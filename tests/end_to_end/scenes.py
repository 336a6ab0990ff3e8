"""What every action does to one resource of the company: the requests, and the directory before and after them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .acting_company import Office, Sent


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One action and one resource.

    ``check`` has a finding about the resource that offers the action; None if nobody needs one. ``seen`` reads what
    matters of the simulator's state. ``sent`` is every request, in order; ``shown`` what the dry run shows, if Graph
    makes a difference. ``sent_back`` tells, once it is done, the requests of taking it back; None if that is
    impossible. ``again`` is why a second plan like it, approved before the first was executed, is refused after it;
    None if it is done already.
    """

    target: str
    seen: Callable[[], Any]
    before: Any
    after: Any
    sent: Sequence[Sent]
    sent_back: Callable[[], Sequence[Sent]] | None
    parameters: Mapping[str, str] = field(default_factory=dict)
    check: str | None = None
    reveals: frozenset[str] = frozenset()
    again: str | None = None
    shown: Sequence[Sent] | None = None


SetScene = Callable[[Office], Scene]
SCENES: Final[list[tuple[str, SetScene]]] = []
"""Action and scene."""


def scene(action: str) -> Callable[[SetScene], SetScene]:
    """Note a scene of an action."""

    def noted(set_scene: SetScene) -> SetScene:
        SCENES.append((action, set_scene))
        return set_scene

    return noted
