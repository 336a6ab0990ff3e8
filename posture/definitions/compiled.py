"""A check made ready for one tenant: its SQL, its parameter values, and the data it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from posture.domain.check import Check, ParameterValue
from posture.domain.judgement import Value


class MessageTemplate(Protocol):
    """A sentence about one row, ready to be filled in."""

    def render(self, row: Mapping[str, Value]) -> str:
        """Return the sentence, without control characters and of bounded length."""


@dataclass(frozen=True, kw_only=True)
class Reads:
    """Tables and columns that a check reads, derived tables followed down to source tables.

    ``source_columns`` maps each source table to the columns needed of it. ``derived`` names the derived tables on
    the way, each after the ones it reads. ``previous`` names the tables read from the snapshot before.
    """

    source_columns: Mapping[str, frozenset[str]]
    derived: tuple[str, ...]
    previous: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class CompiledCheck:
    """``sql`` returns one row per judged thing, not applicable ones included, with the columns of ``rows`` and
    ``_verdict`` ('pass', 'fail', 'unknown', 'not_applicable') and ``_severity``. Its named parameters are the
    keys of ``parameters`` and ``now``, the snapshot time.
    """

    check: Check
    sql: str
    parameters: Mapping[str, ParameterValue]
    reads: Reads
    message_fail: MessageTemplate
    message_unknown: MessageTemplate
