"""The file of exemptions beside the settings, read again when it was changed and not before."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from posture.definitions.exemption_file import load_exemptions
from posture.domain.check import CheckId
from posture.domain.exemption import Exemption

_Stamp = tuple[int, int, int] | None


class ExemptionsFile:
    """``check_ids`` and ``tenants`` are those that the file may name. The file need not be there."""

    def __init__(self, path: Path, *, check_ids: Collection[CheckId], tenants: Collection[str]) -> None:
        self._path = path
        self._check_ids = frozenset(check_ids)
        self._tenants = tuple(tenants)
        # One value, so that threads see both parts of it or neither.
        self._read: tuple[_Stamp, tuple[Exemption, ...]] | None = None

    def exemptions(self) -> tuple[Exemption, ...]:
        """Return what the file says now.

        Raises:
            DefinitionError: the file is wrong.
        """
        stamp = _stamp(self._path)
        read = self._read
        if read is None or read[0] != stamp:
            read = (stamp, load_exemptions(self._path, self._check_ids, known_tenants=self._tenants))
            self._read = read
        return read[1]


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)
