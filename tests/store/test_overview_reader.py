"""What the first page counts, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posture.domain.check import CheckId
from posture.domain.finding import Finding, FindingState, Resolution
from posture.domain.judgement import CheckOutcome, CheckResult, Counts, SkipKind, SkipReason
from posture.domain.numbers import Mark, Numbers, NumbersAt, numbers_of
from posture.domain.run import RunState, RunSummary
from posture.domain.severity import Severity
from posture.errors import UsageError
from posture.store.database import Store
from tests.domain.builders import CHECK, MONDAY, TENANT, a_check_result, a_finding, a_resource, a_run, a_table_outcome
from tests.store.prepared import prepared_store

OTHER_TENANT = "22222222-2222-2222-2222-222222222222"
OTHER_CHECK = CheckId("mfa-gaps")
DAY = timedelta(days=1)


def counts(*, failed: int = 0, unknown: int = 0) -> Counts:
    return Counts(passed=1, failed=failed, unknown=unknown, not_applicable=0, exempted=0)


def end_run(store: Store, id: str, at: datetime, *checks: CheckResult, **changes: Any) -> None:
    ended: dict[str, Any] = {"state": RunState.COMPLETE, "finished_at": at + timedelta(minutes=2)}
    run = a_run(id=id, taken_at=at, **(ended | changes))
    tables = (a_table_outcome(), a_table_outcome(table="groups", rows=5, requests=1))
    with store.open_unit(run.tenant_id) as unit:
        unit.save_summary(RunSummary(run=run, tenant_display_name="Contoso Ltd", tables=tables, checks=checks))


def save(store: Store, *findings: Finding) -> None:
    for finding in findings:
        with store.open_unit(finding.tenant_id) as unit:
            unit.findings.save([finding])


def skipped(kind: SkipKind, check: CheckId = CHECK) -> CheckResult:
    reason = SkipReason(kind=kind, detail="a table cannot be read")
    return a_check_result(check=check, outcome=CheckOutcome.SKIPPED, skipped=reason, counts=None)


def judged(check: CheckId = CHECK, *, failed: int = 0, unknown: int = 0) -> CheckResult:
    return a_check_result(check=check, counts=counts(failed=failed, unknown=unknown))


def numbers_after_runs(store: Store, tenant: str = TENANT) -> list[Numbers | None]:
    with store.reading() as reader:
        lines = reader.run_pages.page([tenant], cursor=None, limit=50).items
    return [line.numbers for line in reversed(lines)]


# Open findings


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A database that several examples write to; each has a check of its own."""
    with prepared_store(request.param, request, tmp_path_factory.mktemp("shared")) as opened:
        yield opened


EXAMPLES = count()
MOVES = st.tuples(st.integers(0, 4), st.sampled_from(FindingState), st.sampled_from(Severity))


@given(st.lists(st.lists(MOVES, max_size=5, unique_by=lambda move: move[0]), max_size=5))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_open_is_counted_exactly_whatever_happens_to_findings(
    shared: Store, saves: Sequence[Sequence[tuple[int, FindingState, Severity]]]
) -> None:
    check = CheckId(f"check-{next(EXAMPLES)}")
    there: dict[str, Finding] = {}
    for moves in saves:
        batch = [_moved(check, *move) for move in moves]
        there |= {finding.fingerprint: finding for finding in batch}
        with shared.open_unit(TENANT) as unit:
            unit.findings.save(batch)

    with shared.reading() as reader:
        counted = reader.overview.open_counts([TENANT, OTHER_TENANT], check=check)

    expected = Counter(one.severity for one in there.values() if one.state is FindingState.OPEN)
    assert {one.severity: one.findings for one in counted} == dict(expected)


def _moved(check: CheckId, number: int, state: FindingState, severity: Severity) -> Finding:
    return a_finding(
        check=check,
        resource=a_resource(id=str(number)),
        state=state,
        severity=severity,
        resolution=Resolution.PASSED if state is FindingState.RESOLVED else None,
    )


def test_open_findings_are_counted_by_tenant_and_check(store: Store) -> None:
    save(store, a_finding(), a_finding(check=OTHER_CHECK), a_finding(tenant_id=OTHER_TENANT))

    with store.reading() as reader:
        mine = reader.overview.open_counts([TENANT])

    assert {(one.tenant_id, one.check, one.findings) for one in mine} == {
        (TENANT, CHECK, 1),
        (TENANT, OTHER_CHECK, 1),
    }


def test_a_save_that_fails_counts_nothing(store: Store) -> None:
    with suppress(RuntimeError), store.open_unit(TENANT) as unit:
        unit.findings.save([a_finding()])
        raise RuntimeError

    with store.reading() as reader:
        assert reader.overview.open_counts([TENANT]) == []


# Numbers of runs


def test_a_run_keeps_the_numbers_of_every_check_known_by_then(store: Store) -> None:
    end_run(store, "1", MONDAY, judged(failed=2), judged(OTHER_CHECK))
    end_run(store, "2", MONDAY + DAY, judged(OTHER_CHECK, unknown=1))
    end_run(store, "3", MONDAY + 2 * DAY, skipped(SkipKind.TABLE_INCOMPLETE), state=RunState.INCOMPLETE)
    end_run(store, "4", MONDAY + 3 * DAY, skipped(SkipKind.SWITCHED_OFF), judged(OTHER_CHECK))

    assert numbers_after_runs(store) == [
        numbers_of([Mark.FAILED, Mark.PASSED]),
        numbers_of([Mark.FAILED, Mark.UNKNOWN]),
        numbers_of([Mark.NOT_JUDGED, Mark.UNKNOWN]),
        numbers_of([Mark.PASSED]),
    ]


def test_a_check_that_is_switched_on_again_counts_again(store: Store) -> None:
    end_run(store, "1", MONDAY, judged(failed=1))
    end_run(store, "2", MONDAY + DAY, skipped(SkipKind.SWITCHED_OFF))
    end_run(store, "3", MONDAY + 2 * DAY, judged())

    assert numbers_after_runs(store) == [numbers_of([Mark.FAILED]), numbers_of([]), numbers_of([Mark.PASSED])]


@pytest.mark.parametrize("state", [RunState.ABORTED, RunState.RUNNING])
def test_a_run_that_came_to_no_end_has_no_numbers(store: Store, state: RunState) -> None:
    end_run(store, "1", MONDAY, judged(), state=state)

    assert numbers_after_runs(store) == [None]


def test_of_several_runs_in_a_span_the_trend_has_the_last(store: Store) -> None:
    for hour in range(48):
        end_run(store, str(hour), MONDAY + timedelta(hours=hour), judged(failed=int(hour % 12 == 11)))
    end_run(store, "other", MONDAY, judged(), tenant_id=OTHER_TENANT)

    with store.reading() as reader:
        trends = reader.overview.trends([TENANT], since=MONDAY, every=timedelta(hours=12))

    # Spans begin at midnight and at noon, UTC; Monday's first run is at six.
    assert trends == {
        TENANT: tuple(
            NumbersAt(
                at=MONDAY + timedelta(hours=hour),
                numbers=numbers_of([Mark.FAILED if hour % 12 == 11 else Mark.PASSED]),
            )
            for hour in (5, 17, 29, 41, 47)
        )
    }


def test_the_trend_begins_when_it_is_asked_to(store: Store) -> None:
    for day in range(4):
        end_run(store, str(day), MONDAY + day * DAY, judged())

    with store.reading() as reader:
        trends = reader.overview.trends([TENANT], since=MONDAY + 2 * DAY, every=timedelta(hours=12))

    assert [point.at for point in trends[TENANT]] == [MONDAY + 2 * DAY, MONDAY + 3 * DAY]


# Standings


def test_a_skipped_check_keeps_the_counts_of_its_last_evaluation_and_when_that_was(store: Store) -> None:
    end_run(store, "1", MONDAY, judged(failed=2))
    end_run(store, "2", MONDAY + DAY, judged(failed=3))
    end_run(store, "3", MONDAY + 2 * DAY, skipped(SkipKind.LICENCE_MISSING))

    with store.reading() as reader:
        (standing,) = reader.overview.standings([TENANT])

    assert (standing.outcome, standing.counts) == (CheckOutcome.SKIPPED, counts(failed=3))
    assert (standing.first_evaluated_at, standing.evaluated_at) == (MONDAY, MONDAY + DAY)
    assert standing.skipped == SkipReason(kind=SkipKind.LICENCE_MISSING, detail="a table cannot be read")
    assert not standing.is_off


def test_standings_are_of_the_check_and_the_tenants_that_are_asked_for(store: Store) -> None:
    end_run(store, "1", MONDAY, judged(), judged(OTHER_CHECK))
    end_run(store, "2", MONDAY, judged(), tenant_id=OTHER_TENANT)

    with store.reading() as reader:
        found = reader.overview.standings([TENANT], check=OTHER_CHECK)

    assert [(one.tenant_id, one.check) for one in found] == [(TENANT, OTHER_CHECK)]


# Changes


def test_what_was_opened_since_then_is_counted_less_what_was_resolved(store: Store) -> None:
    old, new, gone = (a_finding(resource=a_resource(id=id)) for id in ("old", "new", "gone"))
    save(store, old, gone)
    later = MONDAY + 3 * DAY
    save(
        store,
        replace(new, first_failed_at=later, last_failed_at=later, judged_at=later),
        replace(gone, state=FindingState.RESOLVED, resolution=Resolution.GONE, judged_at=later),
        a_finding(check=OTHER_CHECK, judged_at=later),
        a_finding(tenant_id=OTHER_TENANT, judged_at=later),
    )

    with store.reading() as reader:
        since_tuesday = reader.overview.opened_since([TENANT], MONDAY + DAY)
        since_ever = reader.overview.opened_since([TENANT], MONDAY)

    assert since_tuesday == {(TENANT, CHECK): 0, (TENANT, OTHER_CHECK): 1}
    assert since_ever == {(TENANT, CHECK): 2, (TENANT, OTHER_CHECK): 1}


# Runs


def test_a_line_of_a_run_says_what_it_cost(store: Store) -> None:
    end_run(store, "1", MONDAY, judged())

    with store.reading() as reader:
        line = reader.run_pages.line("1")

    assert line is not None
    assert (line.requests, line.rows, line.seconds) == (4, 2005, 120.0)
    assert (line.tenant, line.numbers) == ("contoso", numbers_of([Mark.PASSED]))


def test_a_run_that_goes_on_has_cost_nothing_yet(store: Store) -> None:
    with store.open_unit(TENANT) as unit:
        unit.save_run(a_run(id="1"))

    with store.reading() as reader:
        line = reader.run_pages.latest([TENANT, OTHER_TENANT])[TENANT]
        assert reader.run_pages.display_names([TENANT]) == {}

    assert (line.requests, line.rows, line.seconds, line.numbers) == (0, 0, None, None)


def test_the_newest_run_of_each_tenant_is_its_latest(store: Store) -> None:
    end_run(store, "1", MONDAY)
    end_run(store, "2", MONDAY + DAY)
    end_run(store, "3", MONDAY, tenant_id=OTHER_TENANT)

    with store.reading() as reader:
        latest = reader.run_pages.latest([TENANT, OTHER_TENANT])
        assert reader.run_pages.display_names([TENANT]) == {TENANT: "Contoso Ltd"}

    assert {tenant_id: line.id for tenant_id, line in latest.items()} == {TENANT: "2", OTHER_TENANT: "3"}


def test_a_run_is_compared_with_the_last_one_before_it_that_came_to_its_end(store: Store) -> None:
    end_run(store, "1", MONDAY)
    end_run(store, "other", MONDAY, tenant_id=OTHER_TENANT)
    end_run(store, "2", MONDAY + DAY, state=RunState.ABORTED)
    end_run(store, "3", MONDAY + 2 * DAY, state=RunState.INCOMPLETE)

    with store.reading() as reader:
        third, first = reader.run("3"), reader.run("1")
        assert third is not None
        assert first is not None
        assert reader.run_pages.id_before(third.run) == "1"
        assert reader.run_pages.id_before(first.run) is None


def test_pages_of_runs_show_each_once_the_newest_first_and_back(store: Store) -> None:
    for number in range(7):
        end_run(store, str(number), MONDAY)

    with store.reading() as reader:
        first = reader.run_pages.page(None, cursor=None, limit=3)
        second = reader.run_pages.page(None, cursor=first.next_cursor, limit=3)
        third = reader.run_pages.page(None, cursor=second.next_cursor, limit=3)
        back = reader.run_pages.page(None, cursor=third.previous_cursor, limit=3)
        front = reader.run_pages.page(None, cursor=back.previous_cursor, limit=3)

    assert [[line.id for line in page.items] for page in (first, second, third)] == [
        ["6", "5", "4"],
        ["3", "2", "1"],
        ["0"],
    ]
    assert (back.items, front.items) == (second.items, first.items)
    assert (first.previous_cursor, third.next_cursor, front.previous_cursor) == (None, None, None)


def test_a_page_of_plans_does_not_follow_a_cursor_of_runs(store: Store) -> None:
    for number in range(3):
        end_run(store, str(number), MONDAY)

    with store.reading() as reader:
        cursor = reader.run_pages.page(None, cursor=None, limit=1).next_cursor
        with pytest.raises(UsageError, match="begin at the first page"):
            reader.acting.page(tenant_ids=None, states=(), cursor=cursor, limit=1)
        with pytest.raises(UsageError, match="from 1 to 500"):
            reader.run_pages.page(None, cursor=None, limit=501)
