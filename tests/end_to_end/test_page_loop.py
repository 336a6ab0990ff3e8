"""The whole loop in a real browser, through the processes that run it: a finding is found, fixed, and put back."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from posture.domain.plan import PlanState
from posture.domain.run import Run, RunState
from tests.notify.browser import a_browser, keep_screenshot

from .acting_company import REMEDIATOR, SECRETS, Office, OpenOffice
from .conftest import command_environment
from .workers import until

PATIENCE = 60.0
SERVICE = """\
service: {{listen: "127.0.0.1:{port}"}}
schedules:
  - {{name: yearly, job: scan, cron: "0 0 1 1 *"}}
"""


class Person:
    """Somebody at a browser of their own, in which nothing may go wrong silently."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self.complaints: list[str] = []
        self.hosts: set[str | None] = set()
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE * 1000)
        self.page.on("console", lambda said: said.type in ("error", "warning") and self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname))

    def sign_in(self, token: str) -> None:
        self.page.goto(self.url)
        self.page.get_by_label(re.compile("token", re.IGNORECASE)).fill(token)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{self.url}/")

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.url}{path}")
        return self.page

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def say(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).first.fill(text)


@contextmanager
def served(office: Office, url: str) -> Iterator[None]:
    """Run ``posture serve``, and hold it to an end in good order."""
    log = (office.directory / "service.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "posture", "serve", "--config", str(office.directory / "posture.yaml")],
        env=command_environment(**SECRETS),
        stdout=log,
        stderr=log,
    )
    try:
        wait_for(url, process)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(PATIENCE)
        log.close()
    assert code == 0, (office.directory / "service.log").read_text()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the page does not come")


def runs_of(office: Office) -> list[Run]:
    """Return the runs that have ended."""
    with office.application.store.reading() as reader:
        return [run for run in reader.runs(None, limit=9) if run.state is not RunState.RUNNING]


def test_from_a_finding_to_its_fix_and_back_by_two_people(open_office: OpenOffice) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    office = open_office(more=REMEDIATOR + SERVICE.format(port=port))
    for tenant in office.application.settings.tenants:
        office.application.examine(tenant)
    user = office.user("member_inactive")
    url = f"http://127.0.0.1:{port}"
    # The browser comes last: while it is there, nothing else in this thread can have an event loop.
    with served(office, url), a_browser() as browser:
        ada = Person(browser.new_context(viewport={"width": 1440, "height": 900}), url)
        grace = Person(browser.new_context(viewport={"width": 360, "height": 800}, color_scheme="dark"), url)
        ada.sign_in(office.tokens["ada"])

        ada.open("/schedules")
        ada.page.get_by_role("link", name="Run now yearly").click()
        ada.press("Run it now")
        until(lambda: len(runs_of(office)) == 2)
        ada.open("/runs")
        expect(ada.page.get_by_role("main").get_by_text("complete")).to_have_count(2)

        ada.open("/findings?check=inactive-users")
        ada.page.get_by_role("link", name=str(user["userPrincipalName"])).first.click()
        ada.page.get_by_role("link", name=re.compile("^Propose")).first.click()
        ada.say("Why", "nobody uses it")
        ada.press("Propose")
        expect(ada.page.get_by_role("main")).to_contain_text("somebody else must approve it")
        assert ada.page.get_by_role("button", name="Approve").count() == 0
        keep_screenshot(ada.page, "plan-of-ada")
        plan = urlsplit(ada.page.url).path

        grace.sign_in(office.tokens["grace"])
        grace.page.get_by_role("link", name="Block a user from signing in").first.click()
        assert urlsplit(grace.page.url).path == plan
        grace.say("Why", "agreed")
        grace.press("Approve")
        expect(grace.page.get_by_role("main")).to_contain_text("1 of 1 target is as wished", timeout=PATIENCE * 1000)
        keep_screenshot(grace.page, "plan-of-grace")
        assert user["accountEnabled"] is False

        ada.open(plan)
        ada.press("Take it back …")
        ada.say("Why", "she is back")
        ada.press("Propose to take it back")
        expect(ada.page.get_by_role("main")).to_contain_text("she is back")
        undo = urlsplit(ada.page.url).path
        assert undo != plan

        grace.open(undo)
        grace.say("Why", "agreed again")
        grace.press("Approve")
        expect(grace.page.get_by_role("main")).to_contain_text("1 of 1 target is as wished", timeout=PATIENCE * 1000)
        assert user["accountEnabled"] is True

        ada.open("/audit")
        expect(ada.page.get_by_role("main")).to_contain_text("grace")
        for person in (ada, grace):
            assert person.complaints == []
            assert person.hosts == {"127.0.0.1"}
            person.page.context.close()
    plans = [office.application.acting.plan(path.rpartition("/")[2]) for path in (plan, undo)]
    assert [each.state for each in plans] == [PlanState.DONE, PlanState.DONE]
    assert office.posture("audit", "verify").code == 0
