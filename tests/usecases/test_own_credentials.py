"""posture's own secrets and certificates, judged by the shipped checks on what a scan read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from posture.definitions.catalog import Catalog, load_catalog
from posture.definitions.check_sql import compile_check
from posture.definitions.dictionary import Dictionary
from posture.domain.notice import Event, Notice
from posture.domain.outcome import Outcome
from posture.domain.run import RunState
from posture.tables import RESOURCE_TYPES, TABLES
from posture.usecases.own_credentials import OwnCredentials
from posture.usecases.wanted import wanted_tables
from tests.usecases.builders import MONDAY, a_compiled_check, an_outcome
from tests.usecases.scan_desk import Scanner, ScriptedGraph, a_page, summary_of

READER = "aaaaaaaa-0000-4000-8000-000000000001"
REMEDIATOR = "bbbbbbbb-0000-4000-8000-000000000002"
SOMEBODY = "cccccccc-0000-4000-8000-000000000003"
DAY = timedelta(days=1)


@cache
def catalog() -> Catalog:
    return load_catalog([], Dictionary(TABLES, RESOURCE_TYPES))


def own(*app_ids: str, warn_days: int = 90) -> OwnCredentials:
    return OwnCredentials(
        app_ids=frozenset(app_ids or (READER, REMEDIATOR)),
        checks=tuple(
            compile_check(catalog().check(name), {"warn_days": warn_days})
            for name in ("secret-expiring-soon", "certificate-expiring-soon")
        ),
        within=timedelta(days=warn_days),
    )


def an_application(app_id: str, **lists: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"object-{app_id[:4]}",
        "appId": app_id,
        "displayName": f"App {app_id[:4]}",
        "passwordCredentials": lists.get("secrets", []),
        "keyCredentials": lists.get("certificates", []),
    }


def a_secret(ends_at: datetime | None, key_id: str = "key-1") -> dict[str, Any]:
    return {"keyId": key_id, "endDateTime": None if ends_at is None else f"{ends_at:%Y-%m-%dT%H:%M:%SZ}"}


def a_certificate(ends_at: datetime, key_id: str = "key-2") -> dict[str, Any]:
    return a_secret(ends_at, key_id) | {"type": "AsymmetricX509Cert", "usage": "Verify"}


class Directory:
    """A tenant whose applications are scanned, with other checks than those about credentials."""

    def __init__(self, place: Path) -> None:
        self.scanner = Scanner(place, tables=TABLES)

    def scan(self, *applications: Mapping[str, Any], **request: Any) -> list[Notice]:
        """Return what a scan told of credentials."""
        graph = ScriptedGraph([a_page(*applications, table="applications"), an_outcome("applications")])
        return self.told_by(graph, **request)

    def told_by(self, graph: ScriptedGraph, **request: Any) -> list[Notice]:
        before = set(self.scanner.store.notices)
        wanted = wanted_tables(own().checks, TABLES)
        self.events = self.scanner.scan(graph, **({"checks": (), "wanted": wanted, "own": own()} | request))
        return [
            notice
            for id, notice in self.scanner.store.notices.items()
            if id not in before and notice.event is Event.CREDENTIAL_ENDING
        ]


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    return Directory(tmp_path)


def test_a_secret_and_a_certificate_of_posture_that_end_soon_are_told_of(directory: Directory) -> None:
    notices = directory.scan(
        an_application(READER, secrets=[a_secret(MONDAY + 60 * DAY)]),
        an_application(REMEDIATOR.upper(), certificates=[a_certificate(MONDAY + 60 * DAY)]),
        an_application(SOMEBODY, secrets=[a_secret(MONDAY + 60 * DAY, "key-3")]),
    )

    told = [(one.facts["app_id"], one.facts["kind"], one.facts["key_id"], one.facts["ends_at"]) for one in notices]
    assert told == [
        (READER, "secret", "key-1", "2026-05-01T00:00:00Z"),
        (REMEDIATOR, "certificate", "key-2", "2026-05-01T00:00:00Z"),
    ]
    assert notices[0].facts["app_name"] == "App aaaa"


def test_a_credential_is_told_of_once_at_each_stage(directory: Directory) -> None:
    end = MONDAY + 100 * DAY
    told = []
    for left in (100, 90, 89, 31, 30, 29, 8, 7, 6, 2, 1):
        directory.scanner.clock.time = end - left * DAY
        told += directory.scan(an_application(READER, secrets=[a_secret(end)]))

    assert [notice.facts["days_left"] for notice in told] == [89, 29, 6, 0]


def test_a_wider_window_adds_a_stage(directory: Directory) -> None:
    reader = an_application(READER, secrets=[a_secret(MONDAY + 200 * DAY)])

    [notice] = directory.scan(reader, own=own(warn_days=365))

    assert notice.facts["days_left"] == 199
    assert directory.scan(reader, own=own(warn_days=365)) == []


def test_a_new_credential_of_the_same_application_is_told_of_for_itself(directory: Directory) -> None:
    directory.scan(an_application(READER, secrets=[a_secret(MONDAY + 20 * DAY)]))

    notices = directory.scan(
        an_application(READER, secrets=[a_secret(MONDAY + 20 * DAY), a_secret(MONDAY + 25 * DAY, "key-9")])
    )

    assert [notice.facts["key_id"] for notice in notices] == ["key-9"]


def test_without_an_end_date_nothing_is_said(directory: Directory) -> None:
    assert directory.scan(an_application(READER, secrets=[a_secret(None)])) == []


def test_a_credential_whose_id_graph_did_not_tell_is_told_of_all_the_same(directory: Directory) -> None:
    nameless = {"keyId": None, "endDateTime": "2026-03-20T00:00:00Z"}

    [notice] = directory.scan(an_application(READER, secrets=[nameless]))

    assert (notice.facts["key_id"], notice.facts["ends_at"]) == ("unknown", "2026-03-20T00:00:00Z")


@pytest.mark.parametrize("outcome", [Outcome.FORBIDDEN, Outcome.PARTIAL])
def test_applications_that_could_not_be_read_say_nothing(directory: Directory, outcome: Outcome) -> None:
    reader = an_application(READER, secrets=[a_secret(MONDAY + DAY)])
    graph = ScriptedGraph([a_page(reader, table="applications"), an_outcome("applications", outcome, reason="no")])

    assert directory.told_by(graph) == []


def test_applications_that_no_check_asked_for_say_nothing(directory: Directory) -> None:
    assert directory.told_by(ScriptedGraph(), wanted=()) == []


def test_columns_that_no_check_asked_for_say_nothing_and_spoil_no_run(directory: Directory) -> None:
    [wanted] = wanted_tables(
        [a_compiled_check(source_columns={"applications": frozenset({"id", "display_name"})})], TABLES
    )

    notices = directory.scan(an_application(READER, secrets=[a_secret(MONDAY + DAY)]), wanted=(wanted,))

    assert notices == []
    assert summary_of(directory.events).run.state is RunState.COMPLETE
