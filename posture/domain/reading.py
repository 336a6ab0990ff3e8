"""What reading a table yields on the way, before its outcome."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ResumePoint:
    """Where the reading of a table stopped: the link of the next page, and what was spent so far.

    ``link`` is Graph's next link, verbatim; None before the first page. ``part`` is the index into the values
    of a source that repeats its request. ``rows`` and ``requests`` count what the spool already holds.
    """

    link: str | None
    part: int
    rows: int
    requests: int


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of one table: ``items`` is newline-delimited JSON, one Graph object a line, ending in a newline.

    ``resume`` is where to go on if the process dies right after this page has been kept.
    """

    table: str
    items: bytes
    count: int
    resume: ResumePoint


@dataclass(frozen=True, kw_only=True)
class Restart:
    """The pages of ``table`` so far are void; it is read again from its first page."""

    table: str
    reason: str
