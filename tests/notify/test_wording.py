"""Letters in words: every event in every form, digests of any size."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from html import unescape
from typing import Any

import pytest

from posture.domain.delivery import Letter, TrendPoint
from posture.domain.judgement import Value
from posture.domain.notice import Event
from posture.domain.severity import Severity
from posture.notify.happening import HEADLINES
from posture.notify.letter_view import Measure, letter_view
from posture.notify.links import Links
from posture.notify.samples import sample_letter
from posture.notify.wording import MailText, Wording, WordingBroken
from tests.notify.letters import many_findings

PAGE = "https://posture.example.com"
LINKS = Links(page=PAGE, reference_hosts=frozenset())
WORDING = Wording(LINKS, None)
WITHOUT_PAGE = Wording(Links(page=None, reference_hosts=frozenset()), None)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("event", Event)
def test_every_event_has_its_words_in_every_form(event: Event) -> None:
    letter = sample_letter(event)
    [notice] = letter.notices

    mail, card = WORDING.mail(letter), WORDING.card(letter, longest=20_000)

    for form in (mail.text, words_of(mail.html), " ".join(texts_of(card))):
        assert HEADLINES[event] in form
        assert "sample" in form
        assert "2 March 2026, 06:30 UTC" in form
    assert mail.subject.startswith("[sample] [")
    assert notice.tenant_name is None or f"{notice.tenant_name}: " in mail.subject


@pytest.mark.parametrize("event", Event)
def test_every_form_says_what_to_do_next(event: Event) -> None:
    letter = sample_letter(event)

    mail, card = WORDING.mail(letter), WORDING.card(letter, longest=20_000)

    commands = re.findall(r"^    (posture .+)$", mail.text, re.MULTILINE)
    assert bool(commands) == (event is not Event.FINDING_RESOLVED)
    for command in commands:
        assert command in words_of(mail.html)
        assert command in list(texts_of(card))


@pytest.mark.parametrize("event", [*Event, None])
def test_without_a_page_nothing_links_to_it(event: Event | None) -> None:
    letter = sample_letter(event)

    mail, card = WITHOUT_PAGE.mail(letter), WITHOUT_PAGE.card(letter, longest=20_000)

    for form in (mail.text, mail.html, json.dumps(card)):
        assert "posture.example.com" not in form
        assert re.sub(r"https://learn\.microsoft\.com\S*|http://adaptivecards\.io\S*", "", form).count("http") == 0


def test_a_subject_says_how_bad_where_what_and_to_what() -> None:
    letter = replace(sample_letter(Event.FINDING_OPENED), id="0" * 32)

    subject = WORDING.mail(letter).subject

    assert subject == "[high] contoso: Client secret of an application ends soon: Payroll"


def test_a_finding_comes_with_why_and_how_to_fix_it() -> None:
    letter = sample_letter(Event.FINDING_OPENED)
    [check] = letter.checks.values()

    mail, card = WORDING.mail(letter), WORDING.card(letter, longest=20_000)

    for form in (mail.text, words_of(mail.html), " ".join(texts_of(card))):
        assert check.why in form
        assert check.fix in form
        assert "14 March 2026, 09:00 UTC" in form
    assert f'href="{check.references[0]}"' in mail.html
    assert check.references[0] in urls_of(card)


def test_a_finding_of_a_check_that_is_gone_is_told_without_it() -> None:
    letter = replace(sample_letter(Event.FINDING_OPENED), checks={})

    mail = WORDING.mail(letter)

    assert "Payroll" in mail.text
    assert "Why it matters" not in mail.text + mail.html


def test_a_resolved_finding_asks_for_nothing() -> None:
    mail = WORDING.mail(sample_letter(Event.FINDING_RESOLVED))

    assert "Resolved because: it is as it should be" in mail.text
    assert "What to do next" not in mail.text + mail.html


def test_a_plan_that_waits_is_reviewed_and_approved_by_commands_and_never_by_a_link() -> None:
    letter = sample_letter(Event.PLAN_WAITING)
    plan = letter.notices[0].about

    mail, card = WORDING.mail(letter), WORDING.card(letter, longest=20_000)

    assert f"posture plans show {plan}" in mail.text
    assert f"posture plans approve {plan}" in mail.text
    assert urls_of(card) == [f"{PAGE}/plans/{plan}"]
    assert re.findall(r'href="([^"]*)"', mail.html) == [f"{PAGE}/plans/{plan}"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "not known"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (0.5, "0.5"),
        (float("nan"), "nan"),
        ([], "none"),
        (["a", None], "a, not known"),
        ({"a": [1, 2]}, "a: 1, 2"),
        ({}, "none"),
        ("2026-03-14T09:00:00Z", "14 March 2026, 09:00 UTC"),
        ("2026-99-99", "2026-99-99"),
    ],
)
def test_evidence_of_any_kind_is_shown_as_people_read_it(value: Value, shown: str) -> None:
    letter = with_facts(Event.FINDING_OPENED, evidence={"end_at": value})

    mail, card = WORDING.mail(letter), WORDING.card(letter, longest=20_000)

    assert f"End at: {shown}\n" in mail.text
    assert f"End at {shown} " in words_of(mail.html)
    assert shown in list(texts_of(card))


def test_evidence_that_is_too_much_is_counted() -> None:
    owners: list[Value] = [f"owner-{number}" for number in range(1_060)]
    letter = with_facts(Event.FINDING_OPENED, evidence={"owners": owners, **dict.fromkeys(map(str, range(25)), 1)})

    view = letter_view(letter, LINKS, Measure(notices=1, tenants=1, characters=100))

    assert view["notice"]["evidence"][0]["value"][-2:] == ["owner-49", "… and 1,010 more"]
    assert view["notice"]["evidence"][-1] == {"name": "…", "value": "and 6 more"}


def test_a_number_that_is_missing_leaves_a_sentence() -> None:
    letter = with_facts(Event.CREDENTIAL_ENDING, days_left=None)

    assert "(posture reader) ends in days" in WORDING.mail(letter).text


def test_a_credential_that_ends_today_ends_today() -> None:
    assert "ends today" in WORDING.mail(with_facts(Event.CREDENTIAL_ENDING, days_left=0)).subject


def test_an_undo_is_called_one() -> None:
    letter = with_facts(Event.PLAN_WAITING, undoes="plan-20260301-1111", targets=12_000)

    mail = WORDING.mail(letter)

    assert (
        mail.subject
        == "[sample] [please review] contoso: Plan waits for approval: undo of revoke-sessions for 12,000 users"
    )
    assert "Undoes plan: plan-20260301-1111" in mail.text
    assert "… and 11,997 more" in mail.text


@pytest.mark.parametrize("totals", [(4, 2, 8), (0, 0), (1, 1_234_567)])
def test_a_trend_is_a_row_of_bars_with_their_numbers(totals: tuple[int, ...]) -> None:
    points = [
        TrendPoint(at=MARCH + timedelta(days=day), failed={Severity.HIGH: total}) for day, total in enumerate(totals)
    ]
    letter = replace(sample_letter(Event.FINDING_OPENED), trends={"contoso": points})

    mail, card = WORDING.mail(letter), WORDING.card(letter, longest=20_000)

    bars = {(4, 2, 8): "▄▂█", (0, 0): "▁▁", (1, 1_234_567): "▁█"}[totals]
    change = f"{totals[0]:,} → {totals[-1]:,}"
    assert f"{bars}  {change}" in mail.text
    assert change in words_of(mail.html)
    assert bars in list(texts_of(card))
    assert mail.html.count('class="column"') == len(totals)


def test_one_run_makes_no_trend() -> None:
    points = [TrendPoint(at=MARCH, failed={Severity.HIGH: 3})]
    letter = replace(sample_letter(Event.FINDING_OPENED), trends={"contoso": points})

    assert "over time" not in WORDING.mail(letter).text


@pytest.mark.parametrize("name", ["Payroll", "給与計算 アプリケーション 🧾" * 20, "🧾" * 300, '"' * 300])
@pytest.mark.parametrize("tenants", [1, 60])
def test_ten_thousand_findings_make_a_mail_of_less_than_100_kb(name: str, tenants: int) -> None:
    letter = many_findings(10_000, tenants=[f"tenant-{number}" for number in range(tenants)], name=name)

    mail = WORDING.mail(letter)

    assert len(as_sent(mail)) < 100_000
    for form in (mail.text, words_of(mail.html)):
        assert "2,000 critical" in form
        assert "… and " in form


def test_a_digest_of_many_tenants_shows_the_worst_of_all_and_counts_the_other_tenants() -> None:
    letter = many_findings(10_000, tenants=[f"tenant-{number}" for number in range(60)])

    mail = WORDING.mail(letter)

    assert mail.subject.startswith("[2,000 critical] 60 tenants: 10,000 changes")
    assert len(re.findall(r"^  \[critical\]", mail.text, re.MULTILINE)) == 50
    for form in (mail.text, words_of(mail.html)):
        assert "tenant-49" in form
        assert "… and 10 more tenants" in form


def test_a_digest_shows_the_worst_fifty_and_counts_the_rest() -> None:
    letter = many_findings(10_000)

    mail = WORDING.mail(letter)

    assert len(re.findall(r"^  \[", mail.text, re.MULTILINE)) == 50
    assert "  [critical] Client secret of an application ends soon: Payroll 0\n" in mail.text
    assert "Payroll 50\n" not in mail.text
    assert f"… and 9,950 more: {PAGE}/tenants/contoso" in mail.text
    assert "… and 9,950 more" in words_of(mail.html)


@pytest.mark.parametrize("longest", [20_000, 10_000, 6_000])
def test_a_card_is_never_longer_than_asked_for(longest: int) -> None:
    for count in (1, 9, 200, 10_000):
        letter = many_findings(count, tenants=["contoso", "fabrikam"], name="給与計算" * 40)

        card = WORDING.card(letter, longest=longest)

        assert len(json.dumps(card)) <= longest
        assert f"{count:,} change" in " ".join(texts_of(card))
    assert "… and " in " ".join(texts_of(card))


def test_a_card_for_which_there_is_no_room_at_all_is_broken() -> None:
    with pytest.raises(WordingBroken, match=r"teams/digest\.card\.j2 makes a card of \d+ bytes, of which only 500"):
        WORDING.card(many_findings(100), longest=500)


def test_a_digest_names_each_tenant_with_what_is_there() -> None:
    letter = many_findings(30, tenants=["contoso", "fabrikam", "northwind"])

    text = WORDING.mail(letter).text

    assert "30 changes in 3 tenants" in text
    assert "\nfabrikam\n  2 critical, 2 high, 2 medium, 2 low, 2 info\n" in text


def test_several_notices_are_worded_as_a_digest_and_one_alone_may_be_too() -> None:
    several = replace(many_findings(3), is_digest=False)
    alone = replace(many_findings(1), is_digest=True)

    assert "3 changes" in WORDING.mail(several).text
    assert "1 change\n" in WORDING.mail(alone).text


def test_a_digest_of_nothing_is_still_a_message() -> None:
    letter = replace(many_findings(1), notices=())

    mail, card = WORDING.mail(letter), WORDING.card(letter, longest=20_000)

    assert mail.subject == "0 changes"
    assert "0 changes" in " ".join(texts_of(card))


def test_a_mail_fetches_nothing_and_says_how_it_wants_to_be_shown() -> None:
    html = WORDING.mail(sample_letter(None)).html

    assert '<html lang="en" dir="ltr">' in html
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert re.search(r"<img|<link|<script|src=|url\(|@import", html) is None


def with_facts(event: Event, **facts: Value) -> Letter:
    letter = sample_letter(event)
    [notice] = letter.notices
    return replace(letter, notices=(replace(notice, facts={**notice.facts, **facts}),))


def as_sent(mail: MailText) -> bytes:
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message["Subject"] = mail.subject
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message.as_bytes()


def words_of(html: str) -> str:
    """Return what people read of HTML, its spaces as they see them."""
    body = html[html.index("<body") :]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from texts_of(item)


def urls_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["url"]] if "url" in value else []
        return own + [url for item in value.values() for url in urls_of(item)]
    return [url for item in value for url in urls_of(item)] if isinstance(value, list) else []
