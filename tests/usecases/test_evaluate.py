"""One check between its snapshot and the database: what is open when, and what a broken one leaves behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from posture.definitions.compiled import CompiledCheck
from posture.domain.judgement import CheckOutcome, CheckResult, Value, VerdictCounts
from posture.domain.outcome import TableOutcome
from posture.domain.verdict import Verdict
from posture.errors import CheckBroken
from posture.usecases.evaluate import evaluate_check
from posture.usecases.events import CheckDone
from tests.ports.memory_store import MemoryStore, MemoryUnitOfWork
from tests.usecases.builders import MONDAY, TENANT_ID, a_compiled_check, a_table, an_outcome


def a_failing_row(id: str) -> Mapping[str, Value]:
    return {
        "resource_id": id,
        "resource_name": None,
        "display_name": id,
        "account_enabled": False,
        "_verdict": "fail",
        "_severity": "high",
    }


@dataclass
class Rows:
    """Failing rows, as many as asked for; with ``breaks`` one more cannot be fetched."""

    number: int
    breaks: bool = False

    @property
    def counts(self) -> VerdictCounts:
        return VerdictCounts(passed=0, failed=self.number, unknown=0, not_applicable=0)

    def rows(self, verdicts: Iterable[Verdict]) -> Iterator[Mapping[str, Value]]:
        yield from (a_failing_row(f"u{number}") for number in range(self.number))
        if self.breaks:
            raise CheckBroken("check disabled-users: a value cannot be fetched")

    def verdicts_of(self, things: Sequence[tuple[str, Mapping[str, Value]]]) -> Sequence[str | None]:
        return ["fail" for _ in things]


@dataclass
class OneTable:
    """A snapshot with a complete table of users, whose checks return what they are told to."""

    answer: Rows
    outcomes: Mapping[str, TableOutcome] = field(default_factory=lambda: {"users": an_outcome("users")})
    previous_outcomes: Mapping[str, TableOutcome] | None = None
    taken_at: datetime = MONDAY
    happened: list[str] = field(default_factory=list)

    @contextmanager
    def judge(self, compiled: CompiledCheck) -> Iterator[Rows]:
        self.happened.append("judged")
        yield self.answer


@dataclass
class WatchedStore:
    """Tells when its transactions begin."""

    store: MemoryStore
    happened: list[str]

    @contextmanager
    def open_unit(self, tenant_id: str) -> Iterator[MemoryUnitOfWork]:
        self.happened.append("began")
        with self.store.open_unit(tenant_id) as unit:
            yield unit


def evaluate(snapshot: OneTable, store: MemoryStore, *, is_first: bool = False) -> CheckResult:
    *_, last = evaluate_check(
        a_compiled_check(),
        snapshot=snapshot,
        tables={"users": a_table("users")},
        open_unit=WatchedStore(store, snapshot.happened).open_unit,
        exemptions={},
        tenant_id=TENANT_ID,
        tenant_name="contoso",
        is_first=is_first,
        all_verdicts=False,
    )
    assert isinstance(last, CheckDone)
    return last.result


def test_a_check_that_breaks_while_its_rows_are_fetched_touches_no_finding() -> None:
    store = MemoryStore()

    result = evaluate(OneTable(Rows(1200, breaks=True)), store)

    assert result.outcome is CheckOutcome.BROKEN
    assert store.findings == {}
    assert store.history == {}
    assert store.notices == {}


def test_a_check_that_is_evaluated_for_the_first_time_makes_no_notice_a_finding() -> None:
    store = MemoryStore()

    evaluate(OneTable(Rows(1200)), store, is_first=True)

    assert len(store.findings) == 1200
    assert store.notices == {}


def test_other_writers_wait_only_while_findings_are_written_and_not_for_the_sql_of_a_check() -> None:
    snapshot = OneTable(Rows(1))

    assert evaluate(snapshot, MemoryStore()).outcome is CheckOutcome.EVALUATED

    assert snapshot.happened == ["judged", "began"]


def test_a_check_that_is_skipped_opens_no_transaction() -> None:
    snapshot = OneTable(Rows(1), outcomes={})

    assert evaluate(snapshot, MemoryStore()).outcome is CheckOutcome.SKIPPED

    assert snapshot.happened == []
