"""Pages of findings on SQLite and PostgreSQL: which ones, in which order, each exactly once."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from posture.domain.finding import Finding, FindingState
from posture.domain.finding_pages import COUNTED_UP_TO, FindingSort
from posture.domain.finding_view import Standing
from posture.domain.page import written_cursor
from posture.domain.severity import Severity
from posture.errors import UsageError
from posture.store.database import Store, prepare_store
from posture.store.finding_conditions import FindingConditions
from posture.store.finding_pages import FoundPage
from tests.store.many_findings import CHECKS, TENANTS, in_order, matches, some_findings, wanted
from tests.store.prepared import prepared_store

FINDINGS = some_findings(500)
EXEMPTED = frozenset(one.fingerprint for one in FINDINGS[::3] if one.state is FindingState.OPEN)


def save(store: Store, findings: Sequence[Finding]) -> None:
    by_tenant: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_tenant[finding.tenant_id].append(finding)
    for tenant_id, theirs in by_tenant.items():
        with store.open_unit(tenant_id) as unit:
            unit.findings.save(theirs)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def full(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A database with findings that no test changes."""
    with prepared_store(request.param, request, tmp_path_factory.mktemp("full")) as opened:
        save(opened, FINDINGS)
        yield opened


def page(store: Store, conditions: FindingConditions, **changes: object) -> FoundPage:
    fields: dict[str, object] = {
        "sort": FindingSort.SEVERITY,
        "descending": True,
        "cursor": None,
        "limit": 50,
        "with_total": True,
    }
    with store.reading() as reader:
        return reader.finding_pages.page(conditions, **(fields | changes))  # type: ignore[arg-type]


def walked(store: Store, conditions: FindingConditions, **changes: object) -> list[Finding]:
    """Turn every page, on to the last."""
    found, cursor = [], None
    while True:
        one = page(store, conditions, cursor=cursor, **changes)
        found += one.findings
        cursor = one.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("sort", FindingSort)
def test_turning_the_pages_shows_each_finding_once_and_in_order(
    full: Store, sort: FindingSort, descending: bool
) -> None:
    found = walked(full, wanted(), sort=sort, descending=descending, limit=37)

    assert found == in_order(FINDINGS, sort, descending=descending)


@pytest.mark.parametrize("text", [None, "a"])
@pytest.mark.parametrize("sort", FindingSort)
def test_turning_back_shows_the_same_pages_again(full: Store, sort: FindingSort, text: str | None) -> None:
    conditions = wanted(text=text)
    there = [page(full, conditions, sort=sort, limit=60)]
    while there[-1].next_cursor is not None:
        there.append(page(full, conditions, sort=sort, limit=60, cursor=there[-1].next_cursor))

    back = [there[-1]]
    while back[-1].previous_cursor is not None:
        back.append(page(full, conditions, sort=sort, limit=60, cursor=back[-1].previous_cursor))

    assert [one.findings for one in reversed(back)] == [one.findings for one in there]
    assert len(there) > 2


def test_the_first_page_has_none_before_it_and_the_last_none_after(full: Store) -> None:
    only = page(full, wanted(), limit=500)

    assert (only.previous_cursor, only.next_cursor) == (None, None)


STANDINGS = [
    frozenset(),
    {Standing.OPEN},
    {Standing.EXEMPTED},
    {Standing.RESOLVED},
    {Standing.OPEN, Standing.EXEMPTED},
]
STANDINGS += [{Standing.OPEN, Standing.RESOLVED}, {Standing.EXEMPTED, Standing.RESOLVED}, set(Standing)]


@pytest.mark.parametrize("exempted", [frozenset(), EXEMPTED])
@pytest.mark.parametrize("standings", STANDINGS)
def test_how_findings_stand_is_what_the_exemptions_of_the_moment_make_of_them(
    full: Store, standings: set[Standing], exempted: frozenset[str]
) -> None:
    conditions = wanted(standings=frozenset(standings), exempted=exempted)

    _holds(full, conditions)


@pytest.mark.parametrize(
    "text", ["ada", "ÅSA", "åsa", "STRASSE", "straße", "%", "_", "id-7", "ÄÖ", "a\nb", "'", "ß", "\x00"]
)
def test_text_is_found_in_any_case_and_as_it_is_written(full: Store, text: str) -> None:
    _holds(full, wanted(text=text))


_MANY = {
    "tenant_ids": [TENANTS[:1], TENANTS[1:], ("nobody",)],
    "checks": [None, CHECKS[:1], ()],
    "severities": [(), (Severity.CRITICAL, Severity.INFO)],
    "standings": [frozenset(), frozenset({Standing.OPEN})],
    "text": [None, "message 1"],
}


@pytest.mark.parametrize("values", list(product(*_MANY.values())))
def test_conditions_hold_all_together(full: Store, values: tuple[object, ...]) -> None:
    _holds(full, wanted(exempted=EXEMPTED, **dict(zip(_MANY, values, strict=True))))


def _holds(store: Store, conditions: FindingConditions) -> None:
    expected = in_order([one for one in FINDINGS if matches(one, conditions)], FindingSort.SEVERITY, descending=True)
    first = page(store, conditions, limit=20)
    assert list(first.findings) == expected[:20]
    assert (first.total, first.total_is_more) == (len(expected), False)
    assert walked(store, conditions, limit=170) == expected


def test_a_thousand_exemptions_and_more_are_left_out(full: Store) -> None:
    exempted = EXEMPTED | {f"{number:032x}" for number in range(40_000)}

    _holds(full, wanted(standings=frozenset({Standing.OPEN}), exempted=exempted))


BROKEN = [
    "",
    "x",
    "not a cursor",
    "=" * 8,
    "é",
    "A" * 100_000,
    written_cursor([]),
    written_cursor(["check", True, False, "mfa", "f"]),
    written_cursor(["severity", False, False, 4, "2026-03-02T06:00:00+00:00", "f"]),
    written_cursor(["severity", True, False, 9, "2026-03-02T06:00:00+00:00", "f"]),
    written_cursor(["severity", True, False, True, "2026-03-02T06:00:00+00:00", "f"]),
    written_cursor(["severity", True, False, 4, "2026-03-02T06:00:00", "f"]),
    written_cursor(["severity", True, False, 4, "yesterday", "f"]),
    written_cursor(["severity", True, False, 4, "2026-03-02T06:00:00+00:00", "f\x00"]),
    written_cursor(["severity", True, False, 10**30, "2026-03-02T06:00:00+00:00", "f"]),
    written_cursor(["severity", True, 0, 4, "2026-03-02T06:00:00+00:00", "f"]),
]


@pytest.mark.parametrize("cursor", BROKEN)
def test_a_cursor_that_the_list_did_not_give_out_is_refused(full: Store, cursor: str) -> None:
    with pytest.raises(UsageError, match="begin at the first page"):
        page(full, wanted(), cursor=cursor)


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cursor_that_was_tampered_with_never_breaks_the_list(full: Store, data: st.DataObject) -> None:
    good = page(full, wanted(), limit=5).next_cursor
    assert good is not None
    place = data.draw(st.integers(0, len(good) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_=+/ "))
    tampered = good[:place] + letter + good[place + 1 :]

    try:
        shown = page(full, wanted(), limit=5, cursor=tampered).findings
    except UsageError:
        return
    assert all(one in FINDINGS for one in shown)


@pytest.mark.parametrize("sort", FindingSort)
def test_what_was_there_all_the_time_is_shown_once_while_others_come_and_change(
    store: Store, sort: FindingSort
) -> None:
    there, coming = FINDINGS[:150], FINDINGS[150:300]
    save(store, there)
    chance = random.Random(sort.value)  # noqa: S311 - an order, no secret
    chance.shuffle(coming)

    shown, cursor = [], None
    while True:
        one = page(store, wanted(), sort=sort, limit=13, cursor=cursor)
        shown += [finding.fingerprint for finding in one.findings]
        save(store, [coming.pop() for _ in range(min(9, len(coming)))])
        cursor = one.next_cursor
        if cursor is None:
            break

    assert len(shown) == len(set(shown))
    assert {finding.fingerprint for finding in there} <= set(shown)


def test_many_findings_are_counted_up_to_a_bound(tmp_path: Path) -> None:
    store = prepare_store(f"sqlite:///{tmp_path}/posture.db")
    save(store, some_findings(COUNTED_UP_TO + 2, seed=7))

    every, narrow = page(store, wanted()), page(store, wanted(text="message"))
    one_tenant = page(store, wanted(tenant_ids=TENANTS[:1]))

    assert (every.total, every.total_is_more) == (narrow.total, narrow.total_is_more) == (COUNTED_UP_TO, True)
    assert every.findings == narrow.findings
    assert one_tenant.total is not None
    assert not one_tenant.total_is_more
    assert len(walked(store, wanted(text="message"), sort=FindingSort.LAST_FAILED, limit=500)) == COUNTED_UP_TO + 2
    store.close()


def test_fingerprints_are_those_of_all_pages_in_their_order(full: Store) -> None:
    conditions = wanted(text="ada", severities=(Severity.HIGH, Severity.LOW))
    with full.reading() as reader:
        found = reader.finding_pages.fingerprints(conditions, sort=FindingSort.RESOURCE, descending=False)

    assert found == [
        one.fingerprint for one in walked(full, conditions, sort=FindingSort.RESOURCE, descending=False, limit=9)
    ]


def test_open_findings_are_found_by_resources_in_any_case(full: Store) -> None:
    with full.reading() as reader:
        found = reader.finding_pages.of_resources(TENANTS[:2], ["ID-7", "id-8", "id-none"])

    assert {one.fingerprint for one in found} == {
        one.fingerprint
        for one in FINDINGS
        if one.state is FindingState.OPEN and one.tenant_id in TENANTS[:2] and one.resource.id in ("Id-7", "Id-8")
    }


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """SQLite alone: PostgreSQL sorts a few findings, and rightly so. So many that they are not found at once."""
    opened = prepare_store(f"sqlite:///{tmp_path_factory.mktemp('embedded')}/posture.db")
    save(opened, some_findings(2000, seed=2))
    yield opened
    opened.close()


INDEXED = [sort for sort in FindingSort if sort is not FindingSort.LAST_FAILED]


@pytest.mark.parametrize("sort", INDEXED)
@pytest.mark.parametrize("changes", [{}, {"tenant_ids": TENANTS[:1]}, {"checks": CHECKS[:1], "exempted": EXEMPTED}])
def test_a_page_is_found_in_an_index_without_sorting(
    embedded: Store, sort: FindingSort, changes: dict[str, Any]
) -> None:
    conditions = wanted(standings=frozenset({Standing.OPEN}), **changes)
    asked: list[tuple[str, Any]] = []
    with embedded.reading() as reader:
        connection = reader.finding_pages._connection
        event.listen(connection, "before_cursor_execute", lambda *sent: asked.append((sent[2], sent[3])))
        reader.finding_pages.page(conditions, sort=sort, descending=True, cursor=None, limit=50, with_total=False)
        walk = next((sql, values) for sql, values in asked if "ORDER BY" in sql)
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {walk[0]}", walk[1]).all()

    plan = "\n".join(step.detail for step in steps)
    assert f"USING COVERING INDEX ix_findings_by_{sort}" in plan
    assert "TEMP B-TREE FOR ORDER BY" not in plan
