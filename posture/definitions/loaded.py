"""A check that was loaded: the check itself, and what was found out about it on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from posture.definitions.compiled import Reads
from posture.definitions.inline_tests import Case
from posture.definitions.message import Message
from posture.definitions.parameters import defaults_of
from posture.definitions.yaml_source import YamlDocument
from posture.domain.check import Check, ParameterValue


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedCheck:
    """``columns_read`` maps each table that the SQL names itself to the columns it reads of it in this snapshot;
    ``columns_matched`` are those by which rows of tables find each other. ``reads`` is what is read, followed down
    to source tables. ``parameters_used`` are the ``$names`` of its SQL.

    ``strings`` and ``integers`` are the values that stand in its SQL and parameters: what the check compares with
    (of an open list only the first and the last item).
    """

    check: Check
    sql: str
    reads: Reads
    columns_read: Mapping[str, frozenset[str]]
    columns_matched: Mapping[str, frozenset[str]]
    parameters_used: frozenset[str]
    message_fail: Message
    message_unknown: Message
    cases: tuple[Case, ...]
    strings: frozenset[str]
    integers: frozenset[int]
    document: YamlDocument

    @property
    def defaults(self) -> dict[str, ParameterValue]:
        """The parameters with their default values."""
        return defaults_of(self.check.parameters)
