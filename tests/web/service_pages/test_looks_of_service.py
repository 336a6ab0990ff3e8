"""Pages of plans, runs, jobs and people in a real browser: light and dark, wide and narrow, live, by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from posture.domain.operator import Role
from posture.domain.plan import Plan, PlanState
from tests.domain.plans import a_target
from tests.notify.browser import Scheme, a_browser
from tests.web.browsing import Tab, a_tab
from tests.web.office import Client, Office
from tests.web.service_pages.reception import NOTE, Reception

VIEWS: tuple[tuple[Scheme, int], ...] = (("light", 1440), ("dark", 360))
PAGES = {
    "plans": "/plans",
    "plan-proposed": "/plans/{proposed}",
    "plan-executing": "/plans/{executing}",
    "plan-done": "/plans/{done}",
    "plan-shown-once": "/plans/{shown_once}",
    "exemptions": "/exemptions?show=all",
    "exemption-new": "/exemptions/new",
    "exemption-end": "/exemptions/{exemption}/end",
    "runs": "/runs",
    "run": "/runs/run-of-contoso",
    "audit": "/audit",
    "audit-chain": "/audit/chain",
    "schedules": "/schedules",
    "schedule-pause": "/schedules/change?what=pause&schedule={schedule}",
    "job": "/jobs/{job}",
    "channels": "/channels",
    "operators": "/operators",
    "operator-new": "/operators/new",
    "operator-revoke": "/operators/revoke?name=ada",
    "doctor": "/doctor",
}
EMPTY = ("/plans", "/exemptions", "/runs", "/audit", "/schedules", "/channels", "/operators", "/doctor")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reception]:
    office = Reception(tmp_path_factory.mktemp("reception"))
    yield office
    office.close()


@pytest.fixture(scope="module")
def url(furnished: Reception) -> Iterator[str]:
    with furnished.served() as served:
        yield served


@pytest.fixture(scope="module")
def linus(furnished: Reception) -> Client:
    furnished.operator(Role.HELPDESK, name="ada")
    return furnished.admin(name="linus")


@pytest.fixture(scope="module")
def only_tab(browser: Browser, url: str, linus: Client) -> Iterator[Tab]:
    with a_tab(browser, url, linus) as tab:
        yield tab


@pytest.fixture
def tab(only_tab: Tab) -> Tab:
    """The tab of whoever leaves nothing behind in the browser: opening one takes longer than the page in it."""
    return only_tab.afresh()


@pytest.fixture(scope="module")
def places(furnished: Reception, linus: Client) -> dict[str, str]:
    """Return what stands in braces in the addresses."""
    two = (a_target(1), a_target(2))
    executing = furnished.executing(furnished.approved(furnished.plan_in_contoso(targets=two)), ended=1)
    done = furnished.executing(furnished.approved(furnished.plan_in_contoso(targets=two, reason="again")), ended=2)
    linus.post("/stops", data={"tenant": "fabrikam", "reason": "wait for the new action"})
    linus.post("/schedules/pause", data={"schedule": _scan_schedule(furnished), "tenant": "contoso", "reason": NOTE})
    return {
        "proposed": furnished.plan_in_contoso().id,
        "executing": executing.id,
        "done": furnished.ended(done).id,
        "shown_once": furnished.plan_in_contoso(action="issue-temporary-access-pass").id,
        "exemption": str(furnished.of["contoso"].exemption),
        "schedule": _scan_schedule(furnished),
        "job": furnished.of["contoso"].job,
    }


def _scan_schedule(office: Reception) -> str:
    return next(one.name for one in office.application.settings.schedules if one.job == "scan")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_reads_well(tab: Tab, places: dict[str, str], name: str) -> None:
    """The names on record are hostile: none of them may run, or break the page."""
    page = tab.open(PAGES[name].format(**places))

    for scheme, width in VIEWS:
        tab.look(scheme, width)
        tab.keep(f"service-{name}-{scheme}-{width}")

        assert tab.too_wide() == []
        assert tab.violations() == []
    assert page.locator("main script, main img, main iframe").count() == 0
    assert tab.complaints == []
    assert tab.elsewhere == []


def test_the_same_pages_without_anything_in_them_say_what_to_do(browser: Browser, office: Office) -> None:
    with office.served() as served, a_tab(browser, served, office.signed_in(), width=360) as tab:
        for path in EMPTY:
            page = tab.open(path)
            tab.keep(f"service-empty-{path[1:]}")

            expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert tab.too_wide() == [], path
            assert tab.violations() == [], path
        assert tab.complaints == []


def test_progress_is_shown_live_and_the_results_when_it_has_ended(browser: Browser, tmp_path: Path) -> None:
    office = Reception(tmp_path)
    plan = office.approved(office.plan_in_contoso(targets=(a_target(1), a_target(2), a_target(3))))
    with office.served() as served, a_tab(browser, served, office.admin()) as tab:
        going = office.executing(plan)
        page = tab.open(f"/plans/{plan.id}")
        expect(page.locator("#progress")).to_contain_text("0 of 3 targets")

        going = office.goes_on(going, ended=2)
        expect(page.locator("#progress")).to_contain_text("2 of 3 targets")
        expect(page.locator("#announcer")).to_have_text("It is being carried out: 2 of 3 targets")
        going = office.goes_on(going, ended=3)
        office.ended(going)

        expect(page.get_by_role("heading", name="It was carried out")).to_be_visible()
        expect(page.locator(".plan-line")).to_contain_text("done")
        expect(page.locator("[hx-trigger]")).to_have_count(0)
        assert tab.complaints == []
    office.close()


def test_a_plan_is_read_approved_and_watched_by_keyboard_alone(
    browser: Browser, url: str, furnished: Reception, linus: Client
) -> None:
    plan = furnished.plan_in_contoso(reason="their phone was stolen")
    with a_tab(browser, url, linus) as tab:
        page = tab.open(f"/plans/{plan.id}")
        page.get_by_role("link", name="Decide").focus()
        page.keyboard.press("Enter")
        page.get_by_label("Why").focus()
        page.keyboard.type(NOTE)
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Approve")).to_be_focused()
        page.keyboard.press("Enter")

        expect(page.get_by_role("status").first).to_contain_text("Your yes is on record.")
        expect(page.get_by_role("heading", name="A worker is about to begin")).to_be_visible()
        assert _state(furnished, plan) is PlanState.APPROVED


def test_a_plan_is_rejected_without_scripts(browser: Browser, url: str, furnished: Reception, linus: Client) -> None:
    plan = furnished.plan_in_contoso(reason="for no good reason")
    with a_tab(browser, url, linus, has_scripts=False) as tab:
        page = tab.open(f"/plans/{plan.id}")
        page.get_by_label("Why").fill("not without a ticket")
        page.get_by_role("button", name="Reject").click()

        expect(page.locator("main")).to_contain_text("linus: not without a ticket")
        assert _state(furnished, plan) is PlanState.REJECTED


def test_stopping_everything_takes_two_clicks_and_a_reason(browser: Browser, tmp_path: Path) -> None:
    office = Reception(tmp_path)
    for has_scripts in (True, False):
        with (
            office.served() as served,
            a_tab(browser, served, office.admin(), width=360, has_scripts=has_scripts) as tab,
        ):
            page = tab.open("/doctor")
            page.get_by_role("button", name="Stop actions …").click()
            page.get_by_label("Why").fill("something is wrong")
            page.get_by_role("button", name="Stop them now").click()

            expect(page.locator(".notice-bad")).to_contain_text("Everywhere, actions are stopped by")
            tab.keep(f"service-stopped-{has_scripts}")
            page.get_by_role("button", name="Allow again everywhere").click()
            expect(page.locator("main")).to_contain_text("No switch is pulled")
    office.close()


def test_the_list_of_plans_is_narrowed_without_leaving_it(
    browser: Browser, url: str, places: dict[str, str], linus: Client
) -> None:
    with a_tab(browser, url, linus) as tab:
        page = tab.open("/plans")
        page.locator("summary", has_text="State").click()
        page.get_by_role("checkbox", name="executing").check()

        expect(page).to_have_url(re.compile(r"/plans\?state=executing$"))
        expect(page.locator("#results tbody tr")).to_have_count(1)
        expect(page.locator("#results tbody tr a").first).to_have_attribute("href", f"/plans/{places['executing']}")
        assert tab.complaints == []


def _state(office: Reception, plan: Plan) -> PlanState:
    return office.application.acting.plan(plan.id).state
