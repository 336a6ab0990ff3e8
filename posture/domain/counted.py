"""A number with its word, as people write it."""

from __future__ import annotations


def counted(number: object, one: str, several: str | None = None) -> str:
    """Return a number with its word: ``1 finding``, ``12,345 findings``; the plural alone if it is no number."""
    if not isinstance(number, int):
        return several or f"{one}s"
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
