"""Runs on the page: what every scan read and found, and how it differs from the one before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from posture.domain.judgement import CheckOutcome, Counts
from posture.domain.operator import Role
from posture.domain.outcome import Outcome
from posture.domain.run import RunState, RunSummary
from tests.domain.builders import a_check_result, a_run, a_table_outcome
from tests.web.api.recorded import CHECK, HOUR
from tests.web.office import CONTOSO
from tests.web.service_pages.reception import Reception, read, rows_of, text_of


def scanned(reception: Reception, *, failed: int, users: int) -> str:
    """Record one more run of contoso and return its id."""
    run = a_run(id="the-latest", tenant_id=CONTOSO, tenant_name="contoso", taken_at=reception.now - HOUR / 4)
    ended = replace(run, state=RunState.COMPLETE, finished_at=run.taken_at + timedelta(seconds=75))
    summary = RunSummary(
        run=ended,
        tenant_display_name="Contoso",
        tables=(
            a_table_outcome(table="users", rows=users),
            a_table_outcome(table="groups", rows=70, outcome=Outcome.PARTIAL, reason="page 7 was not answered"),
        ),
        checks=(
            a_check_result(
                check=CHECK,
                outcome=CheckOutcome.EVALUATED,
                counts=Counts(passed=9, failed=failed, unknown=0, not_applicable=0, exempted=0),
            ),
        ),
    )
    with reception.application.store.open_unit(CONTOSO) as unit:
        unit.save_run(run)
        unit.save_summary(summary)
    return ended.id


def test_the_list_leads_to_every_run(reception: Reception) -> None:
    addresses = read(reception.admin().get("/runs")).addresses

    assert {"/runs/run-of-contoso", "/runs/run-of-fabrikam"} <= set(addresses)


def test_the_list_is_of_one_tenant_if_one_is_chosen(reception: Reception) -> None:
    addresses = read(reception.admin().get("/runs?tenant=fabrikam")).addresses

    assert "/runs/run-of-contoso" not in addresses


def test_a_run_tells_which_tables_it_read_and_why_one_is_missing(reception: Reception) -> None:
    run = scanned(reception, failed=2, users=1234)

    page = text_of(reception.admin().get(f"/runs/{run}"))

    assert "1,234" in page
    assert "page 7 was not answered" in page
    assert "partial" in page


def test_a_run_tells_what_got_worse_since_the_one_before(reception: Reception) -> None:
    before = a_check_result(check=CHECK)
    assert before.counts is not None
    run = scanned(reception, failed=before.counts.failed + 3, users=10)

    page = text_of(reception.admin().get(f"/runs/{run}"))

    assert "worse risky-users" in page
    assert f"{before.counts.failed} failed before, {before.counts.failed + 3} now" in page


def test_a_run_without_one_before_it_is_compared_with_nothing(reception: Reception) -> None:
    page = text_of(reception.admin().get("/runs/run-of-fabrikam"))

    assert "Compared with the run before" not in page


def test_a_skipped_check_says_why(reception: Reception) -> None:
    page = text_of(reception.admin().get("/runs/run-of-contoso"))

    assert "permission missing: a permission is missing" in page


def test_runs_of_another_tenant_are_not_there(reception: Reception) -> None:
    client = reception.signed_in(Role.VIEWER, ["fabrikam"])

    for address in ("/runs/run-of-contoso", "/runs/run-of-contoso/tables.csv", "/runs/run-of-contoso/checks.json"):
        assert client.get(address).status_code == 404
    assert {row["tenant"] for row in rows_of(client, "/runs")} == {"fabrikam"}
    assert client.get("/runs?tenant=contoso").status_code == 404


def test_a_scan_that_is_asked_for_leads_to_its_job(reception: Reception) -> None:
    client = reception.signed_in(Role.HELPDESK)

    answer = client.post("/runs", data={"tenant": "fabrikam"})
    page = text_of(client.get(answer.headers["location"]))

    assert answer.status_code == 303
    assert "Scan" in page
    assert "fabrikam" in page
    assert "waiting" in page


def test_a_viewer_can_ask_for_no_scan(reception: Reception) -> None:
    client = reception.signed_in(Role.VIEWER)

    assert "Scan now" not in text_of(client.get("/runs"))
    assert client.post("/runs", data={"tenant": "contoso"}).status_code == 403


def test_tables_and_checks_of_a_run_are_files(reception: Reception) -> None:
    run, client = scanned(reception, failed=2, users=1234), reception.admin()

    tables, checks = rows_of(client, f"/runs/{run}/tables"), rows_of(client, f"/runs/{run}/checks")

    assert {(row["table"], row["rows"]) for row in tables} == {("groups", "70"), ("users", "1234")}
    assert [(row["check"], row["fail"]) for row in checks] == [(CHECK, "2")]
