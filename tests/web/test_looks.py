"""The pages in a real browser: light and dark, wide and narrow, by keyboard, and without scripts."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from posture.web.render import STATIC
from tests.notify.browser import CHROMIUM, QUIET, Scheme
from tests.notify.conftest import missing
from tests.web.browsing import COLOURS, RULES, Tab, a_tab
from tests.web.furnished import FurnishedOffice, Texts
from tests.web.office import Client, Office

VIEWS: tuple[tuple[Scheme, int, Sequence[str]], ...] = (("light", 1440, COLOURS), ("dark", 360, RULES))
OTHER_VIEWS: tuple[tuple[Scheme, int], ...] = (("light", 1440), ("dark", 1440), ("light", 360), ("light", 800))
PAGES = {
    "overview": "/",
    "tenant": "/?tenant=contoso",
    "findings": "/findings?standing=any&severity=high&severity=medium&limit=25",
    "finding": "/findings/{finding}",
    "no-findings": "/findings?text=zebra",
    "propose-where": "/propose?finding={finding}&finding={elsewhere}",
    "propose-what": "/propose?finding={finding}",
    "propose": "/propose?finding={finding}&action=disable-user",
    "checks": "/checks",
    "checks-of-one": "/checks?tenant=contoso&mark=failed",
    "check": "/checks/inactive-users",
    "frameworks": "/frameworks",
    "framework": "/frameworks/mitre",
    "not-there": "/findings/nobody",
}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202egnp.exe\x1b[31m " + "A" * 500


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        missing("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FurnishedOffice]:
    office = FurnishedOffice(tmp_path_factory.mktemp("furnished"), findings=60)
    office.proposed(office.open[1])
    yield office
    office.close()


@pytest.fixture(scope="module")
def url(furnished: FurnishedOffice) -> Iterator[str]:
    with furnished.served() as served:
        yield served


@pytest.fixture(scope="module")
def ada(furnished: FurnishedOffice) -> Client:
    return furnished.signed_in(name="ada")


@pytest.fixture(scope="module")
def only_tab(browser: Browser, url: str, ada: Client) -> Iterator[Tab]:
    with a_tab(browser, url, ada) as tab:
        yield tab


@pytest.fixture
def tab(only_tab: Tab) -> Tab:
    """The tab of whoever leaves nothing behind in the browser: opening one takes longer than the page in it."""
    return only_tab.afresh()


def address(path: str, office: FurnishedOffice) -> str:
    return path.format(finding=office.open[0].fingerprint, elsewhere=office.elsewhere.fingerprint)


def complaints_of(tab: Tab, name: str) -> list[str]:
    """Return what was complained about, but for the answer that says that something is not there."""
    return [each for each in tab.complaints if name != "not-there" or "404" not in each]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_reads_well(tab: Tab, furnished: FurnishedOffice, name: str) -> None:
    tab.open(address(PAGES[name], furnished))

    for scheme, width, rules in VIEWS:
        tab.look(scheme, width)
        tab.keep(f"{name}-{scheme}-{width}")

        assert tab.too_wide() == []
        assert tab.violations(rules) == []
    assert complaints_of(tab, name) == []
    assert tab.elsewhere == []


def test_what_reads_badly_would_be_found(tab: Tab) -> None:
    page = tab.open("/")
    assert tab.violations() == []

    page.evaluate("document.querySelector('main').append(new Image())")
    page.evaluate("document.querySelector('h1').style.color = '#cccccc'")

    assert {found.split(":")[0] for found in tab.violations()} == {"image-alt", "color-contrast"}
    (only,) = tab.violations(COLOURS)
    assert only.startswith("color-contrast: <h1 ")


def test_the_first_page_reads_well_at_other_widths_too(tab: Tab) -> None:
    tab.open("/")

    for scheme, width in OTHER_VIEWS:
        tab.look(scheme, width)
        tab.keep(f"overview-{scheme}-{width}")

        assert tab.too_wide() == []
        assert tab.violations(COLOURS) == []


def test_hostile_names_are_shown_and_the_page_holds(browser: Browser, tmp_path: Path) -> None:
    office = FurnishedOffice(tmp_path, texts=Texts(names=(HOSTILE, "ada"), other=HOSTILE), findings=4)
    client = office.signed_in(name="<b>ada</b>" + "a" * 150)
    with office.served() as served, a_tab(browser, served, client, width=360) as tab:
        for name, path in PAGES.items():
            page = tab.open(address(path, office))
            tab.keep(f"hostile-{name}")

            assert tab.too_wide() == [], name
            assert page.locator("main script, main img, main iframe").count() == 0, name
            assert complaints_of(tab, "not-there") == [], name
        assert tab.elsewhere == []
    office.close()


def test_the_same_pages_without_anything_in_them_say_what_to_do(browser: Browser, office: Office) -> None:
    with office.served() as served, a_tab(browser, served, office.signed_in(), width=360) as tab:
        for path in ("/", "/findings", "/checks", "/frameworks"):
            tab.open(path)

            assert tab.complaints == [], path
            if path in ("/", "/findings"):
                assert tab.violations() == [], path


def test_the_colours_that_somebody_chose_are_kept(browser: Browser, url: str, ada: Client) -> None:
    with a_tab(browser, url, ada, scheme="light") as tab:
        page = tab.open("/")
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.click(".who")
        page.click("[data-theme-choice=dark]")

        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert dark != light
        tab.open("/findings")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
        expect(page.locator("[data-theme-choice=dark]")).to_have_attribute("aria-pressed", "true")


def test_times_are_shown_in_the_zone_of_whoever_looks(tab: Tab, furnished: FurnishedOffice) -> None:
    page = tab.open(f"/findings/{furnished.open[0].fingerprint}")

    shown = page.locator("main time[data-shown]").first

    assert re.search(r"GMT-[45]|E[SD]T", str(shown.text_content()))
    assert str(shown.get_attribute("title")).endswith("UTC")


def test_a_filter_keeps_the_focus_and_says_what_it_found(tab: Tab) -> None:
    page = tab.open("/findings")
    field = page.get_by_role("searchbox", name="Find a name, an id or a message")
    field.press_sequentially("grace")

    expect(page.locator("tbody tr")).to_have_count(21)
    expect(page).to_have_url(re.compile(r"text=grace$"))
    expect(field).to_be_focused()
    expect(page.locator("#announcer")).to_contain_text("21 of 21 findings")


def test_a_filter_after_the_sign_in_has_ended_leads_to_signing_in(browser: Browser, url: str, ada: Client) -> None:
    with a_tab(browser, url, ada) as tab:
        page = tab.open("/findings")
        page.context.clear_cookies()
        page.get_by_role("searchbox").press_sequentially("g")

        expect(page).to_have_url(re.compile(r"/sign-in"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_filter_that_is_refused_says_why_on_a_page_of_its_own(tab: Tab) -> None:
    page = tab.open("/findings")
    page.locator("#filter-standing").evaluate("(select) => { select.options[1].value = 'nonsense'; }")
    page.locator("#filter-standing").select_option("nonsense")

    expect(page.locator("main")).to_contain_text("is not known; there are: open, exempted, resolved")


def test_sorting_keeps_the_focus_and_the_filter(tab: Tab) -> None:
    page = tab.open("/findings?text=grace")
    page.locator("#sort-resource").focus()
    page.keyboard.press("Enter")

    expect(page.locator("th[aria-sort]")).to_contain_text("Resource")
    expect(page.locator("#sort-resource")).to_be_focused()
    expect(page).to_have_url(re.compile(r"text=grace.*sort=resource"))
    # The next filter keeps the order.
    page.locator("summary", has_text="Severity").click()
    page.get_by_role("checkbox", name="high").check()
    expect(page).to_have_url(re.compile(r"sort=resource"))
    expect(page.locator("th[aria-sort]")).to_contain_text("Resource")


def test_findings_are_ticked_together_and_proposed(tab: Tab) -> None:
    page = tab.open("/findings?tenant=contoso&limit=25")
    page.get_by_role("checkbox", name="All on this page").check()
    expect(page.locator("[data-chosen-count]")).to_have_text("25")
    page.locator("input[data-choice]").first.uncheck()
    expect(page.locator("[data-chosen-count]")).to_have_text("24")

    page.get_by_role("button", name="Propose a plan").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Propose a plan")
    expect(page.locator("main")).to_contain_text("24 findings")


def test_the_skip_link_comes_first(tab: Tab) -> None:
    page = tab.open("/findings")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_dialog_keeps_the_focus_and_escape_closes_it(tab: Tab, furnished: FurnishedOffice) -> None:
    page = tab.open(f"/findings/{furnished.open[2].fingerprint}")
    opener = page.get_by_role("button", name="Exempt", exact=True)
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert tab.violations() == []
    tab.keep("finding-exempting")
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")

    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_navigation_opens_and_closes_where_it_is_narrow(browser: Browser, url: str, ada: Client) -> None:
    for has_scripts in (True, False):
        with a_tab(browser, url, ada, width=360, has_scripts=has_scripts) as tab:
            page = tab.open("/findings")
            places = page.get_by_role("navigation", name="Main")
            expect(places).to_be_hidden()

            page.get_by_role("button", name="Open the navigation").click()
            expect(places).to_be_visible()
            page.keyboard.press("Escape")
            expect(places).to_be_hidden()

            page.get_by_role("button", name="Open the navigation").click()
            places.get_by_role("link", name="Checks").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Checks")


def test_choosing_a_tenant_stays_on_the_page(tab: Tab) -> None:
    page = tab.open("/findings")
    page.get_by_role("button", name="Tenant:").click()
    page.get_by_role("link", name="fabrikam").click()

    expect(page).to_have_url(re.compile(r"/findings\?tenant=fabrikam$"))
    expect(page.locator("tbody tr")).to_have_count(1)
    # The rest of the navigation keeps to the tenant.
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Overview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("fabrikam")


def test_without_scripts_one_can_read_filter_and_exempt(
    browser: Browser, url: str, ada: Client, furnished: FurnishedOffice
) -> None:
    with a_tab(browser, url, ada, has_scripts=False) as tab:
        page = tab.open("/findings")
        page.get_by_role("searchbox").fill("grace")
        page.get_by_role("button", name="Filter").click()
        expect(page.locator("tbody tr")).to_have_count(21)
        page.locator("input[data-choice]").first.check()
        page.get_by_role("button", name="Propose a plan").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Propose a plan")

        tab.open(f"/findings/{furnished.open[40].fingerprint}")
        page.get_by_role("button", name="Exempt", exact=True).click()
        page.get_by_label("Why this is acceptable").fill("agreed with the owner")
        page.get_by_role("dialog").get_by_role("button", name="Exempt", exact=True).click()

        expect(page.get_by_role("status").first).to_contain_text("The exemption counts from now on.")
        expect(page.locator(".badge", has_text="exempted").first).to_be_visible()


def test_the_trend_is_drawn_and_drawn_anew_in_other_colours(browser: Browser, url: str, ada: Client) -> None:
    with a_tab(browser, url, ada) as tab:
        page = tab.open("/")
        expect(page.locator(".uplot canvas")).to_have_count(1)
        expect(page.locator(".u-legend .u-series").nth(1)).to_contain_text("2")
        page.click(".who")
        page.click("[data-theme-choice=dark]")

        expect(page.locator(".uplot canvas")).to_have_count(1)
        page.set_viewport_size({"width": 360, "height": 800})
        page.wait_for_function("document.querySelector('.uplot').clientWidth < 360")
        assert tab.too_wide() == []
        assert tab.complaints == []


def test_scripts_of_others_are_those_that_the_list_names() -> None:
    readme = (STATIC / "vendor" / "README.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"^\| `([^`]+)` \|.*`([^`]+)` \|$", readme, re.MULTILINE))

    found = {
        path.name: base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()
        for path in (STATIC / "vendor").iterdir()
        if path.suffix in (".js", ".css")
    }

    assert found == named
