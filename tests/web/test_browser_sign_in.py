"""Signing in and out in a real browser, which holds our pages to their own policy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from posture.web.app import create_app
from tests.notify.browser import CHROMIUM, QUIET, keep_screenshot
from tests.notify.conftest import missing
from tests.web.furnished import FurnishedOffice
from tests.web.office import Office, free_port, serving
from tests.web.openid import OpenIdProvider, ProviderOffice


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        missing("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield chromium
        chromium.close()


@contextmanager
def a_person(browser: Browser, *known: str) -> Iterator[tuple[Page, list[str]]]:
    """Open a page; what goes wrong in it is listed, and what it asks of any host but those that are known."""
    context = browser.new_context()
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(known) else wrong.append(asked.url))
    yield page, wrong
    context.close()


def test_a_token_signs_in_and_a_button_signs_out(office: Office, browser: Browser) -> None:
    _, token = office.operator()

    with office.served() as url, a_person(browser, url) as (page, wrong):
        page.goto(f"{url}/plans")
        keep_screenshot(page, "sign-in")
        page.get_by_label("Your operator token").fill(token)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{url}/plans")
        page.get_by_role("button", name="Signed in as first-admin").click()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(f"{url}/sign-in")
        page.goto(f"{url}/plans")

        assert urlsplit(page.url).path == "/sign-in"
        assert wrong == []


def test_a_provider_signs_in_and_is_told_of_the_sign_out(
    provider_office: ProviderOffice, provider: OpenIdProvider, browser: Browser
) -> None:
    port = free_port()
    service = replace(provider_office.service, port=port, url=f"http://127.0.0.1:{port}")
    provider.know_page(service.url)
    app = create_app(provider_office.application, settings=service)

    with serving(app, service), a_person(browser, service.url, provider.issuer) as (page, wrong):
        page.goto(f"{service.url}/plans")
        page.get_by_role("link", name="Sign in with").click()
        page.wait_for_url(f"{service.url}/plans")
        page.get_by_role("button", name="Signed in as ann@contoso.com").click()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("button", name="Yes, sign me out").click()
        page.wait_for_url(f"{service.url}/sign-in?*")

        assert wrong == []
        provider.nobody()  # who is still signed in there would not be asked
        page.get_by_role("link", name="Sign in with").click()
        page.get_by_text("did not let you in").wait_for()


def test_words_that_were_sent_after_the_sign_in_had_ended_are_there_again(tmp_path: Path, browser: Browser) -> None:
    office = FurnishedOffice(tmp_path)
    _, token = office.operator()

    with office.served() as url, a_person(browser, url) as (page, _):
        path = f"/propose?finding={office.open[0].fingerprint}&action=disable-user"
        page.goto(url + path)
        page.get_by_label("Your operator token").fill(token)
        page.keyboard.press("Enter")
        page.wait_for_url(url + path)
        page.get_by_label("Why").fill("left the company")
        page.context.clear_cookies()
        page.get_by_role("button", name="Propose").click()
        page.get_by_text("what you sent was not done").wait_for()
        page.get_by_label("Your operator token").fill(token)
        page.keyboard.press("Enter")
        page.wait_for_url(url + path)

        assert page.get_by_label("Why").input_value() == "left the company"
        assert page.evaluate("sessionStorage.getItem('posture-words')") is None
        with page.expect_navigation():
            page.get_by_role("button", name="Propose").click()
        page.goto(url + path)
        assert page.get_by_label("Why").input_value() == ""
    office.close()
