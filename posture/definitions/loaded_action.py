"""An action that was loaded: the action itself, and what was found out about it on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from posture.definitions.action_cases import ActionCase
from posture.definitions.compiled import Reads
from posture.definitions.yaml_source import YamlDocument
from posture.domain.action import Action
from posture.tables.live import LiveRead


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedAction:
    """``live`` are the source tables that acting reads, with the columns that its SQL needs, those included that
    undoing wants to know of the time before; ``undo_live`` are those that undoing reads. A ``LiveRead`` whose
    parameter begins with ``answers.`` is of the object whose id a step kept under that name.

    ``sources`` maps a parameter to the column of a finding that fills it.

    ``columns_read``, ``columns_matched`` and ``reads`` are over everything that the SQL reads, live or kept from
    before, as those of a check are; so are ``strings`` and ``integers``, the values that stand in SQL and parameters.
    """

    action: Action
    live: tuple[LiveRead, ...]
    undo_live: tuple[LiveRead, ...]
    sources: Mapping[str, str]
    reads: Reads
    columns_read: Mapping[str, frozenset[str]]
    columns_matched: Mapping[str, frozenset[str]]
    strings: frozenset[str]
    integers: frozenset[int]
    cases: tuple[ActionCase, ...]
    document: YamlDocument
