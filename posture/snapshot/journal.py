"""The journal of a spool: what has been kept so far, one JSON line for each event, appended only.

A line is written after the bytes it speaks of. A process killed in between leaves bytes that no line
mentions; they are cut off when the spool is opened again. A torn last line never happened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from posture.domain.outcome import TableOutcome
from posture.domain.reading import ResumePoint
from posture.tables.table import WantedTable


class Began(msgspec.Struct, frozen=True, kw_only=True, tag="began"):
    """The first line. ``wanted`` is the digest of the tables and columns asked for."""

    spool_id: str
    taken_at: datetime
    wanted: str


class PageKept(msgspec.Struct, frozen=True, kw_only=True, tag="page"):
    """``size`` is the length in bytes that the page added to the table's file."""

    table: str
    size: int
    resume: ResumePoint


class Restarted(msgspec.Struct, frozen=True, kw_only=True, tag="restart"):
    table: str


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    outcome: TableOutcome


Entry = Began | PageKept | Restarted | Ended

_DECODER: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


@dataclass(frozen=True, kw_only=True)
class KeptTable:
    """What the spool holds of one table: bytes, its largest page, and where to go on (None before the first page)."""

    size: int = 0
    largest_page: int = 0
    resume: ResumePoint | None = None


NOTHING_KEPT = KeptTable()


@dataclass(kw_only=True)
class Progress:
    """The sum of a journal's lines. ``length`` is that of its whole lines, in bytes."""

    began: Began
    tables: dict[str, KeptTable] = field(default_factory=dict)
    finished: dict[str, TableOutcome] = field(default_factory=dict)
    length: int = 0

    def add(self, entry: Entry) -> None:
        """Take one more line into account."""
        match entry:
            case PageKept():
                kept = self.tables.get(entry.table, NOTHING_KEPT)
                self.tables[entry.table] = KeptTable(
                    size=kept.size + entry.size,
                    largest_page=max(kept.largest_page, entry.size),
                    resume=entry.resume,
                )
            case Restarted():
                self.tables.pop(entry.table, None)
                self.finished.pop(entry.table, None)
            case Ended():
                self.finished[entry.outcome.table] = entry.outcome
            case Began():
                raise ValueError("a journal begins once")


def encode_entry(entry: Entry) -> bytes:
    """Return the line for an entry, its newline included."""
    return msgspec.json.encode(entry) + b"\n"


def replay(journal: bytes) -> Progress | None:
    """Return what a journal adds up to; None if it does not begin as one.

    It counts as far as it can be understood: a torn or damaged line ends it.
    """
    lines = journal.splitlines(keepends=True)
    first = _entry(lines[0]) if lines else None
    if not isinstance(first, Began):
        return None
    progress = Progress(began=first, length=len(lines[0]))
    for line in lines[1:]:
        entry = _entry(line)
        if entry is None or isinstance(entry, Began):
            break
        progress.add(entry)
        progress.length += len(line)
    return progress


def _entry(line: bytes) -> Entry | None:
    if not line.endswith(b"\n"):
        return None
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def digest_of(wanted: Iterable[WantedTable]) -> str:
    """Return what two scans must share for one to go on with the spool of the other."""
    tables = sorted((_described(table) for table in wanted), key=lambda described: str(described[0]))
    return hashlib.sha256(msgspec.json.encode(tables)).hexdigest()


def _described(wanted: WantedTable) -> Sequence[object]:
    source = wanted.table.source
    columns = sorted(
        (column.name, column.type, column.field or "", sorted(column.unknown), column.spelling, column.beyond)
        for column in wanted.columns
    )
    return [wanted.table.name, source.kind, source.path, source.for_each, wanted.table.key, columns]
