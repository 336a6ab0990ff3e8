"""Mails in a real browser: light, dark, and as narrow as a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from posture.domain.notice import Event
from posture.notify.links import Links
from posture.notify.samples import sample_letter
from posture.notify.wording import Wording
from tests.notify.browser import Scheme, a_page, contrasts, is_too_wide, keep_screenshot, look_at
from tests.notify.letters import HOSTILE, hostile_letter

ENOUGH = 4.5  # WCAG 2.2, 1.4.3: https://www.w3.org/TR/WCAG22/#contrast-minimum
WORDING = Wording(Links(page="https://posture.example.com", reference_hosts=frozenset()), None)


VIEWS: tuple[tuple[Scheme, int], ...] = (("light", 720), ("dark", 720), ("light", 360), ("dark", 360))


@pytest.mark.parametrize("event", [*Event, None])
def test_every_mail_reads_well(browser: Browser, event: Event | None) -> None:
    mail = WORDING.mail(sample_letter(event))

    with a_page(browser) as (page, asked):
        page.set_content(mail.html)
        for scheme, width in VIEWS:
            look_at(page, scheme=scheme, width=width)

            assert not is_too_wide(page)
            assert [text for text in contrasts(page) if text["contrast"] < ENOUGH] == []
            keep_screenshot(page, f"mail-{event or 'digest'}-{scheme}-{width}")
        assert asked == []


def test_dark_mode_is_dark(browser: Browser) -> None:
    mail = WORDING.mail(sample_letter(Event.FINDING_OPENED))

    with a_page(browser, scheme="dark") as (page, _):
        page.set_content(mail.html)

        behind = page.evaluate("getComputedStyle(document.querySelector('.sheet')).backgroundColor")

        assert behind == "rgb(22, 27, 34)"


def test_hostile_names_are_shown_as_they_are(browser: Browser) -> None:
    with a_page(browser, width=360) as (page, asked):
        for name, hostile in HOSTILE.items():
            page.set_content(WORDING.mail(hostile_letter(Event.FINDING_OPENED, name)).html)
            text = page.inner_text("body").replace("\u2060", "")

            assert hostile.shown in text, name
            assert not is_too_wide(page), name
            assert page.locator("script, img, iframe, form").count() == 0, name
        assert asked == []


def test_the_longest_names_fit_a_phone(browser: Browser) -> None:
    with a_page(browser, width=360) as (page, _):
        for event in [*Event, None]:
            page.set_content(WORDING.mail(hostile_letter(event, "ten kilobytes")).html)

            assert not is_too_wide(page), event


def test_a_mail_says_everything_without_its_style_sheet(browser: Browser) -> None:
    mail = WORDING.mail(sample_letter(Event.FINDING_OPENED))
    start, end = mail.html.index("<style>"), mail.html.index("</style>")

    with a_page(browser, width=360) as (page, _):
        page.set_content(mail.html[:start] + mail.html[end:])

        assert not is_too_wide(page)
        assert [text for text in contrasts(page) if text["contrast"] < ENOUGH] == []
