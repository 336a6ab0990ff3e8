"""A channel that keeps what it is given, and has trouble when a test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from posture.domain.delivery import Allowance, Letter, Refused, Sent, Tried, TryLater


class Dies(Exception):
    """The process died, or a channel has a bug."""


@dataclass(kw_only=True)
class MadeUpChannel:
    """``answer`` says what becomes of a letter; what it answers with ``Sent`` has arrived. After trouble that is not
    that of one letter alone the rest is answered with the same, as every channel does. ``dies_after`` lists ids of
    letters that arrive and that nobody is told of.
    """

    name: str = "admins"
    settings: str = "settings-1"
    allowance: Allowance | None = None
    answer: Callable[[Letter], Tried] = field(default=lambda _: Sent(note=None))
    arrived: list[Letter] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    dies_after: set[str] = field(default_factory=set)

    def deliver(self, letters: Sequence[Letter]) -> Iterator[Tried]:
        trouble: Tried | None = None
        for letter in letters:
            if trouble is None:
                tried = self._try(letter)
                trouble = tried if _is_trouble(tried) else None
                yield tried
            else:
                yield trouble

    def _try(self, letter: Letter) -> Tried:
        self.asked.append(letter.id)
        tried = self.answer(letter)
        if isinstance(tried, Sent):
            self.arrived.append(letter)
        if letter.id in self.dies_after:
            raise Dies
        return tried


def _is_trouble(tried: Tried) -> bool:
    return (isinstance(tried, TryLater) and not tried.spares_channel) or (
        isinstance(tried, Refused) and tried.closes_channel
    )
