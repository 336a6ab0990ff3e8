"""Judging one check on made-up rows, over and over, and remembering the answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from posture.definitions.case_tables import Rows
from posture.definitions.check_sql import compile_with
from posture.definitions.inline_tests import NOT_APPLICABLE, Case
from posture.definitions.loaded import LoadedCheck
from posture.domain.judgement import Value
from posture.usecases.ports import Bench

Thing = tuple[Value, ...]
"""A resource id and the values of the identity columns, lists as JSON text."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a check said about one thing."""

    thing: Thing
    verdict: str
    severity: str

    @property
    def is_failing(self) -> bool:
        return self.verdict == "fail"

    @property
    def is_unknown(self) -> bool:
        return self.verdict == "unknown"

    @property
    def resource_id(self) -> Value:
        return self.thing[0]


class Trial:
    """One check on one bench."""

    def __init__(self, loaded: LoadedCheck, bench: Bench) -> None:
        self.loaded = loaded
        self._bench = bench
        self._answers: dict[str, tuple[Answer, ...]] = {}

    def answers(self, case: Case, rows: Rows) -> tuple[Answer, ...]:
        """Return the answers of the check to a case with other rows, sorted by thing.

        Raises:
            CheckBroken: the SQL failed, or a resource was judged twice or has no id.
        """
        key = json.dumps([rows, case.previous, str(case.now), case.parameters], sort_keys=True)
        if key not in self._answers:
            self._bench.load(rows, now=case.now, previous=case.previous)
            found = self._bench.judge(compile_with(self.loaded, case.parameters))
            self._answers[key] = self._read(found)
        return self._answers[key]

    def _read(self, found: Sequence[Mapping[str, Value]]) -> tuple[Answer, ...]:
        columns = ("resource_id", *self.loaded.check.identity)
        answers = (
            Answer(
                thing=tuple(_plain(row[name]) for name in columns),
                verdict=str(row["_verdict"]),
                severity=str(row["_severity"]),
            )
            for row in found
        )
        return tuple(sorted(answers, key=lambda answer: tuple(map(str, answer.thing))))


def verdicts_of(answers: Sequence[Answer]) -> set[str]:
    """Return the verdicts given; nothing judged at all is "not applicable"."""
    return {answer.verdict for answer in answers} or {NOT_APPLICABLE}


def _plain(value: Value) -> Value:
    return json.dumps(value, sort_keys=True) if isinstance(value, list | dict) else value
