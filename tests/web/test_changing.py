"""Settings that change while the page is served."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from posture.bootstrap import Application
from posture.cli.web import app_of, next_app
from posture.config import load_settings
from posture.graph.throttle import PUBLISHED
from posture.telemetry.traces import Traces
from posture.web.changing import Changing
from posture.worker.settings_in_force import SettingsInForce
from tests.web.office import Client, Office, TriedApplication

NO_TRACES = Traces(None)
PROVIDER = "{issuer: https://a.example.com, client_id: a, client_secret: '${env:NONE}', roles: {admin: [a]}}"


@pytest.fixture
def in_force(office: Office) -> SettingsInForce:
    """The settings of the office, as their file has them."""
    path = office.application.settings.path

    def load() -> Application:
        return TriedApplication(load_settings(path, environment={}), pace=PUBLISHED)

    found = SettingsInForce(load)
    found.application.store = office.application.store
    return found


@pytest.fixture
def client(office: Office, in_force: SettingsInForce) -> Client:
    """A browser of a page that looks at its settings with every request."""
    app = Changing(app_of(in_force.application, NO_TRACES), lambda: next_app(in_force, NO_TRACES), every_seconds=0)
    _, token = office.operator()
    browser = Client(app, base_url=office.service.url, headers={"authorization": f"Bearer {token}"})
    browser.get("/healthz")
    return browser


def change(office: Office, old: str, new: str) -> None:
    path: Path = office.application.settings.path
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def tenants(client: Client) -> list[str]:
    return [each["name"] for each in client.get("/api/v1/tenants").json()["items"]]


def test_a_changed_file_counts_with_the_next_request(office: Office, client: Client) -> None:
    before = tenants(client)
    change(office, "name: fabrikam", "name: fabrikam-europe")

    assert before == ["contoso", "fabrikam"]
    assert tenants(client) == ["contoso", "fabrikam-europe"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tenants:", "tenant:"),
        ("data_dir: ./data", "data_dir: ./elsewhere"),
        (
            "data_dir:",
            f"service: {{sign_in: {PROVIDER}}}\ndata_dir:",
        ),
    ],
    ids=["broken", "another database", "a secret that is missing"],
)
def test_a_file_that_cannot_be_used_is_logged_and_changes_nothing(
    office: Office, client: Client, caplog: pytest.LogCaptureFixture, old: str, new: str
) -> None:
    with caplog.at_level(logging.ERROR, logger="posture"):
        change(office, old, new)

        assert tenants(client) == ["contoso", "fabrikam"]
        assert client.get("/sign-in").status_code == 200
    assert [record.action for record in caplog.records] == ["settings_refused"]  # type: ignore[attr-defined]


def test_the_file_is_looked_at_now_and_then_only(office: Office) -> None:
    looks: list[None] = []
    client = Client(Changing(office.app, lambda: looks.append(None), every_seconds=3600), base_url=office.service.url)

    for _ in range(5):
        client.get("/healthz")

    assert looks == []
