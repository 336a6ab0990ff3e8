"""A directory whose every text tries to run in the browser: it is shown on every page, and never runs."""

from __future__ import annotations

import csv
import io
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from posture.bootstrap import Application
from posture.bootstrap.access import Access
from posture.domain.finding_pages import FindingQuery
from posture.domain.finding_view import FindingView
from posture.domain.operator import Role
from posture.simulator.demo_tenant.remediator import add_remediator
from posture.simulator.registrations import DEMO_CLIENT_ID
from posture.simulator.server import SimulatorServer
from posture.web.app import create_app
from tests.notify.browser import a_browser
from tests.web.office import COOKIE, serving

from .acting_company import REMEDIATOR, SECRETS
from .conftest import TENANT, application_of, company, gathered, write_settings
from .hostile_company import PAYLOADS, let_everything_be_written, let_people_write
from .test_hostile_names import FORMULA_STARTS

USERS: Final = 60
ELSEWHERE: Final = "bbbbbbbb-2222-4333-8444-555555555555"
# Runs before any script of the page, and cannot be stopped by its policy.
_WATCH: Final = """
window.complaints = [];
window.ran = () => window.complaints.push("a text ran");
document.addEventListener("securitypolicyviolation", (event) =>
  window.complaints.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""
# What no page of ours has: handlers and code in the document, and what the payloads would make.
_MADE_OF_DATA: Final = """
() => [...document.querySelectorAll("*")].filter((each) =>
    each.matches("x-ran, [data-ran], img[src='x'], script:not([src]), style, [href^='javascript:' i]")
    || each.getAttribute("hx-get") === "/ran"
    || [...each.attributes].some((attribute) => attribute.name.startsWith("on") || attribute.name.includes("ran("))
  ).map((each) => each.outerHTML.slice(0, 160))
"""


@dataclass(kw_only=True)
class House:
    """A page over two scanned companies, and somebody who is signed in on it."""

    application: Application
    access: Access
    url: str
    cookie: str

    def findings(self) -> list[FindingView]:
        """Return one finding of each check in each tenant."""
        with self.access.every_finding(FindingQuery()) as views:
            of_each = {(view.finding.tenant_id, view.finding.check): view for view in views}
        return list(of_each.values())

    def text(self, path: str) -> str:
        answer = httpx.get(self.url + path, cookies={COOKIE: self.cookie})
        assert answer.status_code == httpx.codes.OK, path
        return answer.text


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    directory = tmp_path_factory.mktemp("hostile")
    tenants = [company(users=USERS), company(users=USERS, tenant_id=ELSEWHERE)]
    for tenant in tenants:
        add_remediator(tenant, datetime.now(UTC))
    let_people_write(tenants[0])
    let_everything_be_written(tenants[1])
    with (
        pytest.MonkeyPatch.context() as environment,
        SimulatorServer(tenants=tenants, directory=directory / "simulator", throttling=False) as server,
    ):
        for name, value in SECRETS.items():
            environment.setenv(name, value)
        application = application_of(_settings(directory, server))
        for tenant in application.settings.tenants:
            selection = application.selection(tenant, checks=[], tags=[])
            gathered(application.scan(tenant, selection, all_verdicts=False))
            application.examine(tenant)
        with _served(application) as opened:
            yield opened


def _settings(directory: Path, server: SimulatorServer) -> Path:
    secret = "client_secret: ${env:POSTURE_TEST_SECRET}"
    common = {"url": server.url, "client_id": DEMO_CLIENT_ID, "credential": secret}
    entries = [
        TENANT.format(name=name, tenant_id=tenant.tenant_id, **common) + REMEDIATOR
        for name, tenant in zip(("contoso", "fabrikam"), server.tenants, strict=True)
    ]
    return write_settings(directory, server, tenants="".join(entries))


@contextmanager
def _served(application: Application) -> Iterator[House]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    service = replace(application.settings.service, port=port, url=url)
    operator, _ = application.acting.add_operator("ada", Role.ADMIN, account=None, lasts=timedelta(days=1), by=None)
    _, id = application.signing_in.begin(operator, lasts=timedelta(hours=1), before=None)
    access = application.access(replace(operator, signed_in_at=application.clock.now()))
    with serving(create_app(application, settings=service), service):
        yield House(application=application, access=access, url=url, cookie=id)


@pytest.fixture(scope="module")
def plan(house: House) -> str:
    """A plan for an account with a hostile name, for a hostile reason; and an exemption of another one."""
    inactive = next(view for view in house.findings() if view.finding.check == "inactive-users")
    tenant = house.application.tenant_by_id(inactive.finding.tenant_id).name
    proposed = house.access.propose(
        action="disable-user",
        tenant=tenant,
        findings=[inactive.finding.fingerprint],
        parameters={},
        reason=" ".join(PAYLOADS[:4]),
    )
    house.access.exempt(
        tenant=tenant,
        resource=inactive.finding.resource.id,
        check=None,
        reason=" ".join(PAYLOADS[4:]),
        ends_at=house.application.clock.now() + timedelta(days=9),
        owner=PAYLOADS[1],
    )
    return proposed.id


def paths(house: House, plan: str) -> list[str]:
    """Return an address of every kind of page, and those of one finding of each check."""
    found = house.findings()
    runs = house.access.runs(tenant=None, cursor=None, limit=9).items
    return [
        *(f"/findings/{view.finding.fingerprint}" for view in found),
        *(f"/propose?finding={view.finding.fingerprint}" for view in found[:2]),
        *(f"/findings?standing=any&sort={sort}" for sort in ("severity", "resource", "check")),
        "/findings?text=%3Cscript%3Eran()%3C/script%3E",
        *(f"/checks/{check}" for check in sorted({view.finding.check for view in found})[:4]),
        *(f"/runs/{run.id}" for run in runs),
        f"/plans/{plan}",
        *("/", "/checks", "/frameworks", "/plans", "/exemptions", "/exemptions/new", "/runs", "/audit"),
        *("/schedules", "/channels", "/operators", "/doctor"),
    ]


def test_nothing_that_a_directory_says_runs_on_any_page(house: House, plan: str) -> None:
    troubles: list[str] = []
    shown: set[str] = set()
    addresses = paths(house, plan)

    with a_browser() as browser, _watched(browser, house, troubles) as page:
        for path in addresses:
            page.goto(house.url + path, wait_until="load")
            troubles += [f"{path}: {each}" for each in page.evaluate("window.complaints")]
            troubles += [f"{path}: made of data: {each}" for each in page.evaluate(_MADE_OF_DATA)]
            text = page.evaluate("document.body.innerText")
            shown |= {payload for payload in PAYLOADS if payload in text}

    assert troubles == []
    assert len(addresses) > 40
    # What turns the direction of writing is shown as what it is.
    assert shown >= {payload for payload in PAYLOADS if payload.isascii()}


@contextmanager
def _watched(browser: Browser, house: House, troubles: list[str]) -> Iterator[Page]:
    context: BrowserContext = browser.new_context()
    context.add_init_script(_WATCH)
    context.add_cookies([{"name": COOKIE, "value": house.cookie, "url": house.url}])
    page = context.new_page()

    def trouble(words: str) -> None:
        troubles.append(f"{page.url}: {words}")

    page.on("console", lambda said: trouble(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble(str(error)))
    page.on("dialog", lambda dialog: (trouble(dialog.message), dialog.dismiss()))
    page.on("request", lambda asked: None if asked.url.startswith(house.url) else trouble(asked.url))
    page.on("response", lambda answer: trouble(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    yield page
    context.close()


EXPORTS: Final = ("findings", "plans", "exemptions", "runs", "audit", "checks", "tenants", "operators")


@pytest.mark.parametrize("name", EXPORTS)
def test_no_cell_of_an_export_is_a_formula(house: House, plan: str, name: str) -> None:
    rows = list(csv.reader(io.StringIO(house.text(f"/{name}.csv?standing=any"), newline="")))
    document: Any = json.loads(house.text(f"/{name}.json"))

    assert not [cell for row in rows for cell in row if cell.startswith(FORMULA_STARTS)]
    assert len(rows) > 1
    assert document


def test_every_finding_has_its_texts_as_the_directory_wrote_them(house: House) -> None:
    told = house.text("/findings.json?standing=any")

    missing = [payload for payload in PAYLOADS if json.dumps(payload)[1:-1] not in told and payload not in told]
    assert missing == []
