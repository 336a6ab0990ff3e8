"""Cards in Microsoft's own renderer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from posture.domain.notice import Event
from posture.notify.links import Links
from posture.notify.samples import sample_letter
from posture.notify.wording import Wording
from tests.notify.browser import a_page, is_too_wide, keep_screenshot, render_card
from tests.notify.letters import HOSTILE, hostile_letter

LINKS = Links(page="https://posture.example.com", reference_hosts=frozenset())
WORDING = Wording(LINKS, None)


@pytest.fixture(scope="module")
def cards(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A page to draw cards on, and what they asked the network for, which is never anything."""
    with a_page(browser, width=480) as (page, asked):
        yield page, asked


@pytest.mark.parametrize("event", [*Event, None])
def test_every_card_is_read_without_complaint(
    cards: tuple[Page, list[str]], card_scripts: list[Path], event: Event | None
) -> None:
    card = WORDING.card(sample_letter(event), longest=20_000)

    page, asked = cards
    rendered = render_card(page, card, card_scripts)
    keep_screenshot(page, f"card-{event or 'digest'}")

    assert rendered["events"] == []
    assert rendered["version"] == "1.4"
    assert not is_too_wide(page)
    assert asked == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_as_it_is(cards: tuple[Page, list[str]], card_scripts: list[Path], name: str) -> None:
    card = WORDING.card(hostile_letter(Event.FINDING_OPENED, name), longest=20_000)

    page, asked = cards
    rendered = render_card(page, card, card_scripts)
    text = page.inner_text("body").replace("\u2060", "")

    assert rendered["events"] == []
    assert HOSTILE[name].shown in text
    assert page.locator("body").locator("a, img, script, iframe, strong, em").count() == 0
    assert asked == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_as_it_is_where_markdown_is_read(
    cards: tuple[Page, list[str]], card_scripts: list[Path], tmp_path: Path, name: str
) -> None:
    template = tmp_path / "teams/finding.card.j2"
    template.parent.mkdir()
    block = '{"type": "TextBlock", "wrap": true, "text": {{ "Named " ~ notice.thing }}}'
    template.write_text('{"type": "AdaptiveCard", "version": "1.4", "body": [' + block + "]}")
    letter = hostile_letter(Event.FINDING_OPENED, name)
    card = Wording(LINKS, tmp_path).card(letter, longest=20_000)

    page, asked = cards
    render_card(page, card, card_scripts)

    assert HOSTILE[name].shown in page.inner_text("body").replace("\u2060", "")
    # An address of mail may be written to; nobody is led elsewhere.
    made = "a:not([href^='mailto:']), img, script, iframe, strong, em, code, h1"
    assert page.locator("body").locator(made).count() == 0
    assert asked == []


def test_a_button_shows_why_and_how_to_fix(cards: tuple[Page, list[str]], card_scripts: list[Path]) -> None:
    letter = sample_letter(Event.FINDING_OPENED)
    [check] = letter.checks.values()

    page, _ = cards
    render_card(page, WORDING.card(letter, longest=20_000), card_scripts)
    before = page.inner_text("body")
    page.get_by_role("button", name="Why and how to fix").click()

    assert check.why not in before
    assert check.why in page.inner_text("body")
    assert check.fix in page.inner_text("body")
