"""Values that a column might have had, for asking whether an unknown one could have mattered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Protocol

from posture.domain.judgement import Value
from posture.tables.table import Column, Spelling

UNHEARD_OF = "posture-unheard-of-value"
_FAR = timedelta(days=40_000)
_NEAR = timedelta(days=1)


class Compares(Protocol):
    """A definition, and the values that it compares with."""

    @property
    def strings(self) -> frozenset[str]: ...

    @property
    def integers(self) -> frozenset[int]: ...


def candidate_values(column: Column, loaded: Compares, *, now: datetime) -> Iterator[Value]:
    """Yield the values to try: both booleans; times far back, near and far ahead; every text that the check or
    the dictionary names and one that neither does; lists empty and not; numbers around those in the check.

    Structures are tried as empty lists only: their insides come from Graph whole or not at all.
    """
    kind = column.type.upper()
    if kind == "BOOLEAN":
        yield from (True, False)
    elif kind == "TIMESTAMP":
        yield from (_text(now + shift) for shift in (-_FAR, -_NEAR, timedelta(0), _NEAR, _FAR))
    elif kind == "VARCHAR":
        yield from _texts(column, loaded)
    elif kind == "VARCHAR[]":
        texts: list[Value] = [*_texts(column, loaded)]
        yield from ([], [*texts], *([text] for text in texts))
    elif kind.endswith("[]"):
        yield []
    else:
        numbers = {number + step for number in (0, *loaded.integers) for step in (-1, 0, 1)}
        yield from sorted(numbers | {1_000_000_000})


def _texts(column: Column, loaded: Compares) -> list[str]:
    named = set(column.values) | loaded.strings
    if column.spelling is Spelling.LOWER:
        named = {text.lower() for text in named}
    return [UNHEARD_OF, *sorted(named - column.unknown)]


def _text(time: datetime) -> str:
    return time.replace(tzinfo=None).isoformat() + "Z"
