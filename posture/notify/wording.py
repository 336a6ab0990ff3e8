"""Letters put into words: mail as text and HTML, and adaptive cards."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, Template, TemplateNotFound

from posture.domain.delivery import Letter
from posture.domain.judgement import Value
from posture.domain.printable import printable
from posture.notify.broken import WordingBroken as WordingBroken
from posture.notify.broken import told_with_its_place
from posture.notify.card_rules import checked_card
from posture.notify.environment import card_environment, html_environment, text_environment
from posture.notify.letter_view import Measure, is_digest, is_sample, letter_view
from posture.notify.links import Links
from posture.notify.mail_rules import check_mail
from posture.notify.neutral import JOINER, one_line

LONGEST_SUBJECT: Final = 150
LARGEST_MAIL: Final = 98_000
"""Bytes of text and HTML as they are sent; with the headers around them they stay below 100 KB, where some mail
programs cut."""

_EMPTY_LINES: Final = re.compile(r"\n(?:[ \t]*\n){2,}")

_MEASURES: Final = (
    Measure(notices=50, tenants=50, characters=400),
    Measure(notices=50, tenants=50, characters=120),
    Measure(notices=50, tenants=20, characters=100),
    Measure(notices=25, tenants=10, characters=120),
    Measure(notices=12, tenants=6, characters=100),
    Measure(notices=6, tenants=3, characters=80),
    Measure(notices=3, tenants=2, characters=60),
    Measure(notices=1, tenants=1, characters=40),
)
"""Tried one after the other until the message is small enough."""


@dataclass(frozen=True, kw_only=True)
class MailText:
    subject: str
    text: str
    html: str


class Wording:
    """Puts letters into words. ``templates`` is the user's own directory, where templates are looked up first."""

    def __init__(self, links: Links, templates: Path | None) -> None:
        self._links = links
        self._own = templates

    def mail(self, letter: Letter) -> MailText:
        """Return subject, text and HTML of a mail.

        Raises:
            WordingBroken: a template is wrong.
        """
        mail = MailText(subject="", text="", html="")
        for measure in _MEASURES:
            view = letter_view(letter, self._links, measure)
            mail = self._mail(letter, view)
            if _sent_bytes(mail) <= LARGEST_MAIL:
                return mail
        return mail

    def card(self, letter: Letter, *, longest: int) -> dict[str, Value]:
        """Return an adaptive card of version 1.4 whose JSON has at most ``longest`` bytes, however it is written.

        Raises:
            WordingBroken: a template is wrong, or even one line of everything is longer.
        """
        cards = self._environments["card"]
        template = self._named(cards, "teams", "card.j2", letter)
        size = 0
        for measure in _MEASURES:
            view = letter_view(letter, self._links, measure)
            card = checked_card(self._render(cards, template, view), self._links, name=template.name or "")
            size = len(json.dumps(card))
            if size <= longest:
                return card
        raise WordingBroken(f"{template.name} makes a card of {size} bytes, of which only {longest} are taken")

    def _mail(self, letter: Letter, view: Mapping[str, Any]) -> MailText:
        texts, pages = self._environments["text"], self._environments["html"]
        subject = _subject(letter, self._render(texts, self._named(texts, "email", "subject.j2", letter), view))
        text = self._render(texts, self._named(texts, "email", "txt.j2", letter), view)
        template = self._named(pages, "email", "html.j2", letter)
        html = self._render(pages, template, {**view, "subject": subject})
        check_mail(html, self._links, name=template.name or "")
        return MailText(subject=subject, text=_spaced(text), html=html)

    @cached_property
    def _environments(self) -> Mapping[str, Environment]:
        if self._own is not None and not self._own.is_dir():
            raise WordingBroken(f"{self._own} is no directory: mend notify.templates in the settings")
        return {
            "text": text_environment(self._own),
            "html": html_environment(self._own),
            "card": card_environment(self._own),
        }

    def _named(self, environment: Environment, folder: str, ending: str, letter: Letter) -> Template:
        """Return the first template that there is: that of the event, of its family, of any notice."""
        names = [f"{folder}/{name}.{ending}" for name in template_names(letter)]
        for name in names[:-1]:
            with told_with_its_place(environment, name), suppress(TemplateNotFound):
                return environment.get_template(name)
        with told_with_its_place(environment, names[-1]):
            return environment.get_template(names[-1])

    def _render(self, environment: Environment, template: Template, view: Mapping[str, Any]) -> str:
        with told_with_its_place(environment, template.name or ""):
            return template.render(view)


def template_names(letter: Letter) -> Sequence[str]:
    """Return the names that a template of this letter may have, without folder and ending, the first to look for
    first."""
    if is_digest(letter):
        return ["digest"]
    event = letter.notices[0].event
    return list(dict.fromkeys([event.value, event.family, "notice"]))


def _subject(letter: Letter, rendered: str) -> str:
    """Return a subject on one line. That of a sample says so, whatever its template says."""
    marked = f"[sample] {rendered.strip()}" if is_sample(letter) else rendered.strip()
    # No program makes links in a subject.
    return printable(one_line(marked.replace(JOINER, "")), longest=LONGEST_SUBJECT)


def _sent_bytes(mail: MailText) -> int:
    """Return how many bytes text and HTML take on their way."""
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return len(message.as_bytes())


def _spaced(text: str) -> str:
    """Return a text with no more than one empty line in a row; templates need not care."""
    return _EMPTY_LINES.sub("\n\n", text).strip() + "\n"
