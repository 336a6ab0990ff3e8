"""Letters in words: every event in every form."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from posture.domain.delivery import Letter, TrendPoint
from posture.domain.judgement import Value
from posture.domain.notice import Event
from posture.domain.severity import Severity
from posture.notify.happening import HEADLINES
from posture.notify.letter_view import Measure, letter_view
from posture.notify.links import Links
from posture.notify.samples import sample_letter
from posture.notify.wording import Wording
from tests.notify.forms import texts_of, urls_of, words_of

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


@pytest.mark.parametrize("event", [Event.CREDENTIAL_ENDING, Event.EXEMPTION_ENDING])
def test_what_ends_today_ends_today(event: Event) -> None:
    assert "ends today" in WORDING.mail(with_facts(event, days_left=0)).subject


def test_an_undo_is_called_one() -> None:
    letter = with_facts(Event.PLAN_WAITING, undoes="plan-20260301-1111", targets=12_000)

    mail = WORDING.mail(letter)

    assert (
        mail.subject
        == "[sample] [please review] contoso: Plan waits for approval: undo of revoke-sessions for 12,000 users"
    )
    assert "Undoes plan: plan-20260301-1111" in mail.text
    assert "… and 11,997 more" in mail.text


@pytest.mark.parametrize(
    ("failed", "rest"), [(5, ""), (6, "… and 1 more finding"), (12_005, "… and 12,000 more findings")]
)
def test_first_results_count_what_is_not_among_the_worst(failed: int, rest: str) -> None:
    worst: Value = [{"check": "mfa-gaps", "title": "No second factor", "severity": "high", "failed": 5}]
    letter = with_facts(Event.FIRST_RESULTS, failed=failed, worst=worst)

    mail, card = WORDING.mail(letter), WORDING.card(letter, longest=20_000)

    for text in (mail.text, words_of(mail.html), "\n".join(texts_of(card))):
        assert ("more finding" in text) == bool(rest)
        assert rest in text


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


def test_a_trend_of_one_day_names_the_day_once() -> None:
    points = [TrendPoint(at=MARCH + timedelta(hours=hour), failed={Severity.HIGH: 3}) for hour in range(2)]
    letter = replace(sample_letter(Event.FINDING_OPENED), trends={"contoso": points})

    assert "Failing in the latest 2 scans, 1 March 2026: 3 → 3" in words_of(WORDING.mail(letter).html)


def test_one_run_makes_no_trend() -> None:
    points = [TrendPoint(at=MARCH, failed={Severity.HIGH: 3})]
    letter = replace(sample_letter(Event.FINDING_OPENED), trends={"contoso": points})

    assert "over time" not in WORDING.mail(letter).text


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
