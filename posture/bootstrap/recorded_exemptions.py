"""The exemptions in the database, read again when one was added or ended and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posture.domain.exemption import RecordedExemption

if TYPE_CHECKING:
    from posture.store.reader import Reader


class RecordedExemptions:
    """Every request needs all of them."""

    def __init__(self) -> None:
        # One value, so that threads see both parts of it or neither.
        self._read: tuple[tuple[int, int], tuple[RecordedExemption, ...]] | None = None

    def exemptions(self, reader: Reader) -> tuple[RecordedExemption, ...]:
        """Return the exemptions of all tenants in the order they were added, those that no longer count too."""
        stamp = reader.exemptions_stamp()
        read = self._read
        if read is None or read[0] != stamp:
            read = (stamp, tuple(reader.exemptions()))
            self._read = read
        return read[1]
